# SPDX-License-Identifier: Apache-2.0
"""A suitd with a release, and devices that are registered, have polled and so are known."""

import suit_oracle as suit

IMAGE_BYTES = 100000


class Fleet:
    """Devices bench-000000 and more, each with the same release to install.

    rest, sql and all else: .suitd.sandbox. Files for load programs: .path("registration"), "image",
    "envelope". A group makes one with bench.once(Fleet), so that its measures share it.
    """

    def __init__(self, bench, **options):
        self.bench = bench
        self.suitd = bench.suitd(**options)
        self.folder = bench.folder()
        self.n_known = 0
        self.image = suit.Image(bytes(i * i // 7 % 251 for i in range(IMAGE_BYTES)))
        self.etag = self._publish()
        old = suit.installed(suit.Image(b"old"), 1)
        self.path("registration").write_bytes(suit.registration([old]))

    def path(self, name):
        return self.folder / name

    def _publish(self):
        key = suit.Key()
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
        """Registers those of the first n that are not known yet, and lets each poll once."""
        more = n_devices - self.n_known
        if more <= 0:
            return
        whom = ("--first", self.n_known, "--once", "--outstanding", 1000, "--ack-timeout", 10)
        self.ask("post", more, "--path", "/rd", "--payload", self.path("registration"),
                 "--expect", "2.01", *whom)
        self.ask("poll", more, "--content", self.path("envelope"), *whom)
        self.n_known = n_devices

    def polling(self, answer="2.03"):
        """Options of a poll: with the offer's ETag for 2.03; without any for 2.05 and the envelope."""
        told = ("--etag", self.etag) if answer == "2.03" else ("--content", self.path("envelope"))
        return "--expect", answer, *told

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
