# SPDX-License-Identifier: Apache-2.0
"""A suitd with a release, and devices that are registered, have polled and so are known."""

import random

import suit_oracle as suit

IMAGE_BYTES = 1 << 20
NAME = "bench-"
COLUMNS = """SELECT column_name::text FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = %s AND is_identity = 'NO'
    AND is_generated = 'NEVER'"""
DEPLOYMENT_OF_FIRST = """deployment_id = (SELECT id FROM deployment WHERE device_id =
    (SELECT id FROM device WHERE endpoint = %s))"""


def device_id(endpoint):
    return f"(SELECT d.id FROM device d WHERE d.endpoint = {endpoint})"


def deployment_id(number):
    """A UUID of version 7 that says which device's it is."""
    return f"('01900000-0000-7000-8000-' || lpad({number}::text, 12, '0'))::uuid"


class Fleet:
    """Devices bench-000000 and more, each with the same release to install.

    rest, sql and all else: .suitd.sandbox. Files for load programs: .path("registration"), "image",
    "envelope". A group makes one with bench.once(Fleet), so that its measures share it.
    """

    def __init__(self, bench, **options):
        self.bench = bench
        self.suitd = bench.suitd(**options)
        self.folder = bench.folder()
        self.n_known = self.n_registered = 0
        self.idle_rss = self.suitd.rss
        self.image = suit.Image(random.Random(1).randbytes(IMAGE_BYTES))
        self.etag = self._publish()
        old = suit.installed(suit.Image(b"old"), 1)
        self.path("registration").write_bytes(suit.registration([old]))

    def path(self, name):
        return self.folder / name

    def _let_all_download(self):
        """Else most of them would be told to come later, which is 4.04."""
        rest = self.suitd.sandbox.rest
        policy = rest.get("/api/v1/policy").json()["policy"]
        policy["capacity"] = {"downloads": 1000000, "downloads_per_site": 0}
        rest.put("/api/v1/policy", json=policy)

    def _publish(self):
        self._let_all_download()
        self.key = key = suit.Key()
        envelope = suit.update(key, 2, [self.image])
        rest = self.suitd.sandbox.rest
        rest.trust(key, "bench")
        rest.publish(envelope, [self.image])
        self.path("image").write_bytes(self.image.content)
        self.path("envelope").write_bytes(envelope)
        return suit.digest_text(envelope).removeprefix("sha256:")[:16]

    def ask(self, mode, n_devices, *args, **options):
        """One run of coap_load against suitd by the devices from 0 on; args: its options."""
        return self.bench.load(
            self.suitd, "coap_load", mode, "--server", self.suitd.coap,
            "--peers", n_devices, *args, **options)

    def know(self, n_devices):
        """Lets the first n be registered and know the offer: they have polled before, and poll again.

        The first registers and polls as devices do; the others get copies of its rows, which say the same as if
        each had done so. Then each polls: suitd loads it, and judges the releases for it.
        """
        more = n_devices - self.n_known
        if more <= 0:
            return
        if self.n_registered == 0:
            self.ask("post", 1, "--path", "/rd", "--payload", self.path("registration"),
                     "--expect", "2.01", "--once")
            self.ask("poll", 1, *self.polling("2.05"), "--once")
            self.n_registered = 1
        copy_device(self.suitd.sandbox, NAME, self.n_registered, n_devices)
        self.n_registered = max(self.n_registered, n_devices)
        self.ask("poll", more, *self.polling(), "--first", self.n_known, "--once",
                 "--outstanding", 256, "--ack-timeout", 10, timeout=400)
        self.n_known = n_devices

    def polling(self, answer="2.03"):
        """Options of a poll: with the offer's ETag for 2.03; without any for 2.05 and the envelope."""
        told = ("--etag", self.etag) if answer == "2.03" else ("--content", self.path("envelope"))
        return "--expect", answer, *told

    def downloading(self):
        """Options of mode blocks: the whole image, each device for itself."""
        digest = self.image.digest.removeprefix("sha256:")
        return ("--path", f"/blob/{digest}", "--etag", digest[:16], "--content", self.path("image"))

    def beside_echo(self, mode, n_devices, *args):
        """Pairs: the same requests to suitd, and to an echo whose answers are of the same size."""
        run = ("--seconds", self.bench.seconds, *args)
        once = self.ask(mode, 1, "--once", *args)
        size = round(once.detail["answer_bytes"])
        echo = self.bench.program("udp_echo", size)
        return self.bench.pairs(
            lambda: self.ask(mode, n_devices, *run),
            lambda: self.bench.load(echo, "coap_load", mode, "--server", echo.coap,
                                    "--peers", n_devices, "--echo", size, *run),
        )


def copy_device(sandbox, prefix, first, end):
    """Copies what the database has of device PREFIX000000 to those from first to before end."""
    if first >= end:
        return
    endpoint = f"'{prefix}' || lpad(i::text, 6, '0')"
    copies = (
        ("device", "endpoint = %s", {"endpoint": endpoint, "registration": "gen_random_uuid()"}),
        ("device_component", f"device_id = {device_id('%s')}", {"device_id": device_id(endpoint)}),
        ("deployment", f"device_id = {device_id('%s')}",
         {"id": deployment_id("i"), "device_id": device_id(endpoint)}),
        ("deployment_component", DEPLOYMENT_OF_FIRST, {"deployment_id": deployment_id("i")}),
        ("deployment_history", DEPLOYMENT_OF_FIRST, {"deployment_id": deployment_id("i")}),
    )
    for table, which, new in copies:
        names = [name for (name,) in sandbox.sql(COLUMNS, table)]
        values = [new.get(name, name) for name in names]
        sandbox.sql(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)}"
            f" FROM {table}, generate_series({first}, {end - 1}) AS i WHERE {which}",
            f"{prefix}000000")
    sandbox.sql("ANALYZE")
