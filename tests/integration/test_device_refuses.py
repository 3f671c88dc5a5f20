# SPDX-License-Identifier: Apache-2.0
"""What suit-device does not install, whoever offers it, and how the server learns of it."""

import json

import pytest
import suit_oracle as suit
from reference_device import ReferenceDevice


@pytest.fixture
def firmware(unique):
    """firmware(content): an image at a path of its own."""

    def make(content=b"firmware " * 300, component=(b"\x00",)):
        stem = unique("fw")
        return suit.Image(content + stem.encode(), f"/fw/{stem}.bin", component)

    return make


@pytest.fixture
def device(sandbox, trusted, product, unique, tmp_path):
    return ReferenceDevice(sandbox, unique("refuse"), tmp_path, klass=product).trust(trusted)


def assert_refused(device, state, reason, installed=()):
    said = device.run(status=1)
    assert reason in said
    deployment = device.deployment()
    assert (deployment["state"], reason in deployment["reason"]) == (state, True), deployment
    assert device.images() == [image.content for image in installed]
    assert device.files("staging") == []
    assert "refuses" not in device.run() and "failed" not in device.run()  # and not again


@pytest.mark.parametrize("scheme", ["coap", "http"])
def test_a_key_that_it_does_not_know(sandbox, trusted, product, firmware, device, scheme):
    image = firmware()
    sandbox.rest.publish(suit.update(trusted, 1, [image], klass=product), [image])
    device.scheme = scheme
    device.trust(suit.Key())
    assert_refused(device, "rejected", "the signature is of no trust anchor")


def test_a_key_of_another_type(sandbox, trusted, product, firmware, device):
    image = firmware()
    sandbox.rest.publish(suit.update(trusted, 1, [image], klass=product), [image])
    device.trust(suit.Key("ed25519"))
    assert_refused(device, "rejected", "trust anchor")


def test_a_lower_sequence_number(sandbox, trusted, product, firmware, device):
    """The device remembers what the server was never told: its state is ahead."""
    old, new = firmware(), firmware()
    sandbox.rest.publish(suit.update(trusted, 5, [new], klass=product), [new])
    state = device.folder / "state.json"
    device.run()
    state.write_text(json.dumps({**device.state, "sequence_number": 9}))
    sandbox.rest.publish(suit.update(trusted, 6, [old], klass=product), [old])
    reason = "the sequence number 6 is lower than the installed one, 9"
    assert_refused(device, "rejected", reason, [new])


def damaged(sandbox, image, content):
    """The server's copy of the image is no longer what it was."""
    name = image.digest.split(":")[1]
    (path,) = [path for path in sandbox.storage.rglob("*") if path.name.endswith(name[2:])]
    path.chmod(0o644)
    path.write_bytes(content)


@pytest.mark.parametrize("scheme", ["coap", "http"])
@pytest.mark.parametrize(
    "damage, reason",
    [
        (lambda content: content[:-1] + b"!", "the payload has another digest"),
        (lambda content: content[:-1], "the payload is shorter than the manifest says"),
        (lambda content: content + b"!", "the payload is longer than the manifest says"),
    ],
)
def test_an_image_that_is_not_what_was_signed(
    sandbox, trusted, product, firmware, device, scheme, damage, reason
):
    image = firmware()
    sandbox.rest.publish(suit.update(trusted, 1, [image], klass=product), [image])
    damaged(sandbox, image, damage(image.content))
    device.scheme = scheme
    assert_refused(device, "failed", reason)


def test_another_attempt_after_the_server_was_mended(sandbox, trusted, product, firmware, device):
    image = firmware()
    release = sandbox.rest.publish(suit.update(trusted, 1, [image], klass=product), [image])
    damaged(sandbox, image, image.content[:-1] + b"!")
    assert_refused(device, "failed", "the payload has another digest")
    damaged(sandbox, image, image.content)
    sandbox.rest.post(
        f"/api/v1/devices/{device.endpoint}/deployments", 201, json={"release": release["digest"]}
    )
    device.run()
    assert device.images() == [image.content]
    assert device.deployment()["state"] == "confirmed"


def expired(key, image, klass):
    told = {suit.USE_BEFORE: 1_600_000_000}
    conditions = [suit.CONDITION_USE_BEFORE]
    return suit.update(key, 1, [image], klass=klass, parameters=told, conditions=conditions)


@pytest.mark.parametrize(
    "make, reason",
    [
        (expired, "the manifest has expired"),
        (lambda key, image, klass: suit.update(key, 1, [image]), "for another class of device"),
        (lambda key, image, klass: b"\xd8\x6b nonsense", ""),
        (lambda key, image, klass: suit.envelope(suit.update_manifest(1, [image])), "sign"),
    ],
    ids=["expired", "class", "nonsense", "unsigned"],
)
def test_what_the_server_would_not_offer(trusted, product, firmware, device, make, reason):
    """As if it were under way when the power went: what is found then is judged as well."""
    device.run()
    (device.folder / "manifest.suit").write_bytes(make(trusted, firmware(), product))
    said = device.run(status=1)
    assert "refuses the manifest" in said and reason in said
    assert not (device.folder / "manifest.suit").exists()
    assert device.images() == []
    assert "refuses" not in device.run()


def test_reports_that_the_device_signs(
    sandbox, trusted, product, firmware, device, tmp_path, unique
):
    key, other = suit.Key(), suit.Key()
    image = firmware()
    sandbox.rest.publish(suit.update(trusted, 1, [image], klass=product), [image])
    sandbox.rest.trust(key, unique("report-key"), purpose="device", endpoint=device.endpoint)
    path = tmp_path / "report.pem"
    path.write_text(other.private_pem())
    said = device.run("--report-key", path)
    assert "the report was refused" in said
    again = firmware()
    sandbox.rest.publish(suit.update(trusted, 2, [again], klass=product), [again])
    path.write_text(key.private_pem())
    assert "reported that the new image runs" in device.run("--report-key", path)
    rows = sandbox.sql(
        "SELECT r.authentication FROM report r JOIN device d ON d.id = r.device_id"
        " WHERE d.endpoint = %s",
        device.endpoint,
    )
    assert [row[0] for row in rows] == ["signed"]


@pytest.mark.parametrize(
    "options, complaint",
    [
        (("--server", "ftp://127.0.0.1"), "is neither a CoAP nor an HTTP address"),
        (("--server", "coaps://127.0.0.1"), "--psk is required for coaps"),
        (("--psk", "xyz"), "psk: "),
        (("--vendor", "example.com"), "vendor: "),
        (("--block", "17"), "block: must be a power of two"),
        (("--poll", "0"), "poll: must be a number from 1"),
        (("--trust", "/nonexistent.pem"), "/nonexistent.pem: cannot be opened"),
        (("--dir", "/proc/none"), "/proc/none: cannot be made"),
    ],
)
def test_a_command_line_that_is_wrong(device, options, complaint):
    said = device.run(*options, status=1)
    assert complaint in said
    assert not (device.folder / "state.json").exists()
