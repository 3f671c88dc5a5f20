# SPDX-License-Identifier: Apache-2.0
"""People and pipelines of the load: they upload, publish, approve, withdraw, lay down, order and cancel over
the management interface, and write down what was acknowledged."""

import base64
import json
import threading
import time

import paths  # noqa: F401
import suit_oracle as suit
from commanding import document
from sandbox import SUIT_ENVELOPE, Rest
from worker import Worker

TUS = {"Tus-Resumable": "1.0.0"}
MADE = (200, 201)


class Slow:
    """A body that is sent in pieces, so that a kill comes in between."""

    def __init__(self, content):
        self.content = content

    def __len__(self):
        return len(self.content)

    def __iter__(self):
        piece = max(1, len(self.content) // 8)
        for at in range(0, len(self.content), piece):
            yield self.content[at : at + piece]
            time.sleep(0.002)


class Release:
    def __init__(self, key, sequence_number, image, klass):
        self.sequence_number, self.image, self.klass = sequence_number, image, klass
        self.envelope = suit.update(key, sequence_number, [image], klass=klass)
        self.digest = suit.manifest_digest(self.envelope)


class Caller(Worker):
    """Has a token, and any of the suitd to speak to."""

    def __init__(self, world, name):
        super().__init__(world, name)
        self.rests = [Rest(address.http, world.sandbox.token) for address in world.addresses]

    def try_ask(self, method, path, expect, **options):
        return self.try_call(self.random.choice(self.rests), method, path, expect, **options)

    def ask(self, method, path, expect, **options):
        return self.insist(lambda: self.try_ask(method, path, expect, **options))

    def content(self, least, most):
        return self.random.randbytes(self.random.randrange(least, most))

    def put_image(self, image):
        self.ask("PUT", f"/api/v1/images/{image.digest}", MADE, data=Slow(image.content))
        self.ledger.promise("image", image.digest, len(image.content))

    def upload(self, image):
        """tus: in pieces, going on where it was cut off."""
        digest = base64.b64encode(image.digest.encode()).decode()
        head = {**TUS, "Upload-Length": str(len(image.content)), "Upload-Metadata": f"digest {digest}"}
        made = self.ask("POST", "/api/v1/uploads", (201,), headers=head)
        path = made.headers["Location"].removeprefix(self.rests[0].base)
        promised = 0
        while promised < len(image.content):
            reply = self.ask("HEAD", path, (200,), headers=TUS)
            offset = int(reply.headers["Upload-Offset"])
            assert offset >= promised, f"{path} lost {promised - offset} bytes that were acknowledged"
            self.ledger.promise("offset", path, offset)
            promised = offset
            if offset < len(image.content):
                promised = self.patch(path, image, offset)
        self.ledger.promise("image", image.digest, len(image.content))

    def patch(self, path, image, offset):
        """One piece; the offset that was acknowledged."""
        piece = image.content[offset : offset + self.random.randrange(20_000, 80_000)]
        headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        # 409: an earlier try had been taken, and its answer was lost.
        reply = self.try_ask("PATCH", path, (204, 409), data=Slow(piece), headers=headers)
        if reply is None or reply.status_code == 409:
            return offset
        self.ledger.promise("offset", path, int(reply.headers["Upload-Offset"]))
        return int(reply.headers["Upload-Offset"])


class Publisher(Caller):
    """One release after the other for one class of devices."""

    PAUSE_S = 0.3

    def __init__(self, world, name, klass):
        super().__init__(world, name)
        self.klass, self.sequence_number = klass, 0
        self.component = (b"app",)

    def step(self):
        self.sequence_number += 1
        image = suit.Image(self.content(500, 4000), "/fw/none.bin", self.component)
        image.uri = f"/fw/{image.digest.split(':')[1][:16]}.bin"
        release = Release(self.world.key, self.sequence_number, image, self.klass)
        self.world.releases[release.digest] = release
        acts = [lambda: self.put_image(image), lambda: self.publish(release)]
        if self.random.random() < 0.5:
            acts.reverse()
        for act in acts:
            act()
        self.decide(release, "approve")
        if self.random.random() < 0.1:
            self.decide(release, "withdraw")

    def publish(self, release):
        self.ask("POST", "/api/v1/manifests", MADE, data=release.envelope,
                 headers={"Content-Type": SUIT_ENVELOPE})  # fmt: skip
        self.ledger.promise("release", release.digest, release.envelope)

    def decide(self, release, word):
        self.world.tried.add((word, release.digest))
        reply = self.ask("POST", f"/api/v1/releases/{release.digest}/{word}", (200,))
        wanted = {"approve": "approved", "withdraw": "withdrawn"}[word]
        assert reply.json()["state"] == wanted, f"{word}: {reply.text}"
        self.ledger.promise(wanted, release.digest)


class Uploader(Caller):
    """Images of which no manifest speaks: large ones, by PUT and by tus."""

    PAUSE_S = 0.1

    def step(self):
        image = suit.Image(self.content(100_000, 600_000))
        if self.random.random() < 0.5:
            self.put_image(image)
        else:
            self.upload(image)


class Clerk(Caller):
    """Tokens, provisions, credentials; deployments that are ordered and cancelled."""

    PAUSE_S = 0.05
    serial = 0
    lock = threading.Lock()

    def __init__(self, world, name, endpoints):
        super().__init__(world, name)
        self.endpoints, self.tokens = endpoints, []

    def number(self):
        with Clerk.lock:
            Clerk.serial += 1
            return Clerk.serial

    def step(self):
        self.random.choice([self.make_token, self.revoke_token, self.provision, self.cancel])()

    def make_token(self):
        # The answer with the secret may be lost: then the name is taken, and another one is needed.
        body = {"name": f"{self.name}-{self.number()}", "role": "viewer"}
        reply = self.ask("POST", "/api/v1/tokens", (201, 409), json=body)
        if reply.status_code == 201:
            made = reply.json()
            self.tokens.append(made["id"])
            self.ledger.promise("token", made["id"], made["token"])

    def revoke_token(self):
        if self.tokens:
            token = self.tokens.pop()
            self.ask("DELETE", f"/api/v1/tokens/{token}", (204, 404))
            self.ledger.promise("revoked", token)

    def provision(self):
        endpoint = f"{self.name}-laid-down-{self.random.randrange(20)}"
        path = f"/api/v1/devices/{endpoint}/provision"
        if self.random.random() < 0.2:
            self.ask("DELETE", path, (204, 404))
            self.ledger.promise("provision", endpoint, None)
            return
        site = f"hall {self.number()}"
        self.ask("PUT", path, MADE, json={"site": site})
        self.ledger.promise("provision", endpoint, site)

    def cancel(self):
        endpoint = self.random.choice(self.endpoints)
        reply = self.ask("GET", f"/api/v1/devices/{endpoint}/deployments?limit=1", (200, 404))
        if reply.status_code == 404 or not reply.json()["items"] or self.random.random() < 0.8:
            return
        deployment = reply.json()["items"][0]["id"]
        self.world.tried.add(("cancel", deployment))
        reply = self.ask("POST", f"/api/v1/deployments/{deployment}/cancel", (200, 409))
        if reply.status_code == 200:
            assert reply.json()["state"] == "cancelled", reply.text
            self.ledger.promise("cancelled", deployment)


class Steward(Caller):
    """Saves one policy after the other; no two are alike."""

    PAUSE_S = 0.7

    def __init__(self, world, name):
        super().__init__(world, name)
        self.saved = 0

    def make_document(self):
        """Of what commanded devices rest on, how often they may say "later" stays as it is."""
        changes = {
            "max_retries": 0,
            "poll_interval": f"PT{60 + self.saved}S",
            "deadline": self.random.choice(["P1D", "P2D"]),
            "notice": self.random.choice(["PT0S", "PT1S"]),
        }
        made = document(normal=changes, high=changes)
        made["default_urgency"] = self.random.choice(["normal", "high"])
        roles = self.random.choice([["operator"], ["operator", "network_operator"]])
        made["approvals"] = [{"name": "people", "roles": roles}]
        made["capacity"]["downloads"] = self.random.randrange(500, 1000)
        return made

    def step(self):
        self.saved += 1
        made = self.make_document()
        reply = self.ask("PUT", "/api/v1/policy", (200,), json=made)
        self.ledger.promise("policy", reply.json()["version"], json.dumps(made, sort_keys=True))
