# SPDX-License-Identifier: Apache-2.0
"""Releases of several images: in which order they come, what is followed, and what fails in part."""

import json

import pytest
import suit_oracle as suit
from device_server import Listener
from reference_device import ReferenceDevice
from sandbox import eventually


class Author:
    """Describes, signs and publishes with suitctl."""

    def __init__(self, sandbox, key, klass, folder):
        self.sandbox, self.klass, self.folder = sandbox, klass, folder
        self.key = folder / "author.pem"
        self.key.write_text(key.private_pem())

    def image(self, name, number):
        content = f"{name} {number} ".encode() * 150
        (self.folder / f"{name}.bin").write_bytes(content)
        return suit.digest_text(content)

    def publish(self, name, number, members, *options, approve=True):
        description = {
            "sequence_number": number, "vendor_id": str(suit.VENDOR), "class_id": str(self.klass),
            **members,
        }  # fmt: skip
        source, envelope = self.folder / f"{name}.json", self.folder / f"{name}.suit"
        source.write_text(json.dumps(description))
        self.sandbox.suitctl("manifest", "create", source, "--key", self.key, "--out", envelope)
        done = self.sandbox.suitctl("publish", envelope, *options, "--json")
        published = json.loads(done.stdout)
        if approve:
            self.sandbox.suitctl("release", "approve", published["digest"])
        return published

    def vehicle(self, number, *options):
        """An application that needs a radio, which is a release of its own. The digests of both."""
        radio, app = self.image("radio", number), self.image("app", number)
        part = self.publish(
            "radio", number, {"components": [{"id": "['radio']", "image": "radio.bin"}]},
            "--image", self.folder / "radio.bin", approve=False,
        )  # fmt: skip
        uri = f"/blob/{part['envelope']['digest'].split(':')[1]}"
        self.publish(
            "vehicle", number + 100, {
                "components": [{"id": "['app']", "image": "app.bin"}],
                "dependencies": [{"manifest": "radio.suit", "uri": uri, "integrated": False}],
            },
            "--image", self.folder / "app.bin", *options,
        )  # fmt: skip
        return radio, app


def followed(deployment):
    return [(entry["component"], entry["state"]) for entry in deployment["components"]]


def test_a_part_that_stays_old(sandbox, trusted, product, unique, tmp_path):
    author = Author(sandbox, trusted, product, tmp_path)
    device = ReferenceDevice(sandbox, unique("vehicle"), tmp_path, klass=product).trust(trusted)
    digests = author.vehicle(1)
    device.run()
    deployment = device.deployment()
    assert followed(deployment) == [("['radio']", "confirmed"), ("['app']", "confirmed")]
    assert [entry["wanted"] for entry in deployment["components"]] == [[digest] for digest in digests]
    assert [entry["reported"] for entry in deployment["components"]] == list(digests)
    radio, _ = author.vehicle(2)
    device.run("--keep-old", "['app']", status=1)
    deployment = device.deployment()
    assert deployment["state"] == "failed"
    assert deployment["reason"].startswith("partial: ['radio'] runs the release")
    assert followed(deployment) == [("['radio']", "confirmed"), ("['app']", "reverted")]
    assert [entry["reported"] for entry in deployment["components"]] == [radio, digests[1]]
    (one,) = sandbox.rest.get(f"/api/v1/deployments/{deployment['id']}").json()["components"][1:]
    assert one == deployment["components"][1]


@pytest.fixture
def driven(make_sandbox, author_key):
    """Everything is commanded at once, and tried again at once."""
    sandbox = make_sandbox()
    sandbox.rest.trust(author_key, "author")
    policy = sandbox.rest.get("/api/v1/policy").json()["policy"]
    for level in policy["levels"].values():
        level.update(interrupt_after="PT0S", notice="PT0S", max_retries=9, retry_after="PT1S")
    policy["modes"] = [{"name": "all", "mode": "server"}]
    sandbox.rest.put("/api/v1/policy", json=policy)
    return sandbox


class Vehicle:
    """suit-device that takes what is pushed; each run of it is another process in the same folder."""

    def __init__(self, sandbox, key, klass, folder):
        self.sandbox, self.key, self.klass, self.folder = sandbox, key, klass, folder
        self.uri = sandbox.coap

    def run(self, until, publish=lambda: None, *options):
        """Publishes once it has asked for what there is. What it said until then."""
        process = Listener(
            self.sandbox.env["SUIT_DEVICE"], self, self.folder / "lamp", self.key, self.klass,
            "--always-on", "--push", *options, poll=None,
        )  # fmt: skip
        try:
            eventually(lambda: "asked to poll" in process.said or until())
            publish()
            eventually(until)
        finally:
            print(process.stop())
        return process.said

    def deployment(self):
        url = "/api/v1/devices/lamp/deployments"
        items = self.sandbox.rest.get(url, (200, 404)).json().get("items")
        return items[0] if items else None

    def is_confirmed(self):
        found = self.deployment()
        return found is not None and found["state"] == "confirmed"

    def has_failed(self):
        return self.deployment()["plan"]["failures"] > 0


def came(said, digest):
    """Where it says that it was given or fetched this; -1: nowhere."""
    return said.find(digest.split(":")[1][:12])


@pytest.mark.parametrize("options", [[], ["--all-or-nothing"]], ids=["parts", "all-or-nothing"])
def test_another_try(driven, author_key, product, tmp_path, options):
    author = Author(driven, author_key, product, tmp_path)
    device = Vehicle(driven, author_key, product, tmp_path)
    device.run(device.is_confirmed, lambda: author.vehicle(1))
    digests = []
    said = device.run(
        device.has_failed, lambda: digests.extend(author.vehicle(2, *options)), "--keep-old", "['app']"
    )
    radio, app = digests
    assert -1 < came(said, radio) < came(said, app)
    history = driven.rest.get("/api/v1/devices/lamp/history").json()["items"]
    failure = [step for step in history if (step["detail"] or "").startswith("partial:")][0]
    assert ("all or nothing" in failure["detail"]) == bool(options)
    said = device.run(device.is_confirmed)
    assert came(said, app) != -1
    assert options or came(said, radio) == -1, "it runs that already"
    assert followed(device.deployment()) == [("['radio']", "confirmed"), ("['app']", "confirmed")]
