# SPDX-License-Identifier: Apache-2.0
"""Every shape of update that suitctl can describe, installed by suit-device through the real server."""

import json
import os

import pytest
import suit_oracle as suit
from reference_device import ReferenceDevice
from sandbox import eventually


@pytest.fixture
def device(sandbox, trusted, product, unique, tmp_path):
    return ReferenceDevice(sandbox, unique("shape"), tmp_path, klass=product).trust(trusted)


@pytest.fixture
def release(sandbox, trusted, product, tmp_path):
    """release(number, description, *images): described, signed, published and approved by suitctl."""
    key = tmp_path / "author.pem"
    key.write_text(trusted.private_pem())

    def make(number, members, *images, name="update"):
        description = {
            "sequence_number": number, "vendor_id": str(suit.VENDOR), "class_id": str(product),
            **members,
        }  # fmt: skip
        source, envelope = tmp_path / f"{name}.json", tmp_path / f"{name}.suit"
        source.write_text(json.dumps(description))
        sandbox.suitctl("manifest", "create", source, "--key", key, "--out", envelope)
        options = [word for image in images for word in ("--image", tmp_path / image)]
        done = sandbox.suitctl("publish", envelope, *options, "--json")
        published = json.loads(done.stdout)
        sandbox.suitctl("release", "approve", published["digest"])
        return published

    return make


def write(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    return suit.digest_text(content)


def assert_confirmed(device, *digests):
    assert device.deployment()["state"] == "confirmed"
    assert sorted(entry["digest"] for entry in device.state["components"]) == sorted(digests)


def test_slots_alternate(release, device, tmp_path):
    def slots(number):
        return [
            write(tmp_path, f"{slot}.bin", f"image {number} for slot {slot}".encode() * 100)
            for slot in "ab"
        ]

    members = {
        "components": [
            {
                "id": "['app']",
                "slots": [{"slot": 0, "image": "a.bin"}, {"slot": 1, "image": "b.bin"}],
            }
        ]
    }
    for number, slot in ((1, 0), (2, 1), (3, 0)):
        digests = slots(number)
        release(number, {**members, "version": f"1.{number}"}, "a.bin", "b.bin")
        device.run()
        component = device.component("['app']")
        assert component["active_slot"] == slot
        assert component["digest"] == digests[slot]
        assert component["version"].startswith(f"1.{number}")
        assert_confirmed(device, digests[slot])
    (seen,) = device.sandbox.rest.device(device.endpoint)["components"]
    assert seen["active_slot"] == 0 and seen["sequence_number"] == 3


def test_several_components_and_an_integrated_one(release, device, tmp_path):
    digests = [write(tmp_path, f"{n}.bin", bytes([n]) * 3000 * n) for n in (1, 2, 3)]
    members = {
        "fetch_early": True,
        "components": [
            {"id": "['app']", "image": "1.bin"},
            {"id": "['radio', h'01']", "image": "2.bin"},
            {"id": "['tiny']", "image": "3.bin", "integrated": True},
        ],
    }
    release(1, members, "1.bin", "2.bin")
    said = device.run()
    assert said.count("downloads /blob/") == 2
    assert_confirmed(device, *digests)


@pytest.mark.parametrize("scheme", ["coap", "http"])
def test_the_small_form(release, device, tmp_path, scheme):
    digest = write(tmp_path, "app.bin", b"app" * 1000)
    members = {
        "components": [{"id": "['app']", "image": "app.bin"}],
        "text": {"en": {"description": "long " * 1000}},
        "sever": ["text"],
    }
    release(1, members, "app.bin")
    device.scheme = scheme
    device.run("--severed", "--block", 64)
    assert_confirmed(device, digest)
    assert device.sandbox.rest.device(device.endpoint)["envelope_form"] == "severed"


def radio(release, tmp_path, number=4):
    """The release of a part, on which others depend."""
    digest = write(tmp_path, "radio.bin", b"radio" * number * 100)
    members = {"components": [{"id": "['radio']", "image": "radio.bin"}], "version": "4.0"}
    return digest, release(number, members, "radio.bin", name="radio")


@pytest.mark.parametrize("integrated", [True, False])
@pytest.mark.parametrize("scheme", ["coap", "http"])
def test_a_dependency(sandbox, release, device, tmp_path, integrated, scheme):
    radio_digest, part = radio(release, tmp_path)
    app_digest = write(tmp_path, "app.bin", b"app" * 700)
    uri = "#radio" if integrated else f"/blob/{part['envelope']['digest'].split(':')[1]}"
    members = {
        "components": [{"id": "['app']", "image": "app.bin"}],
        "dependencies": [{"manifest": "radio.suit", "uri": uri, "integrated": integrated}],
    }
    release(7, members, "app.bin")
    device.scheme = scheme
    device.run()
    assert_confirmed(device, app_digest, radio_digest)
    assert device.component("['radio']")["sequence_number"] == 4
    assert device.component("['app']")["sequence_number"] == 7


def test_a_dependency_of_a_dependency_whose_payloads_come_early(release, device, tmp_path):
    digests = [write(tmp_path, f"{name}.bin", name.encode() * 900) for name in ("a", "b", "c")]
    below = None
    for number, name in enumerate(("a", "b", "c"), 1):
        members = {"fetch_early": True, "components": [{"id": f"['{name}']", "image": f"{name}.bin"}]}
        if below:
            members["dependencies"] = [
                {"manifest": f"{below}.suit", "uri": f"#{below}", "integrated": True}
            ]
        release(number, members, f"{name}.bin", name=name)
        below = name
    device.run()
    assert_confirmed(device, *digests)


def test_a_dependency_signed_by_a_stranger(sandbox, release, device, product, tmp_path, unique):
    """The server trusts its author, the device does not."""
    stranger = suit.Key()
    sandbox.rest.trust(stranger, unique("stranger"))
    image = suit.Image(b"radio", "#payload", (b"radio",))
    manifest = suit.update_manifest(1, [image], klass=product)
    envelope = suit.envelope(manifest, [stranger], {"#payload": image.content})
    (tmp_path / "radio.suit").write_bytes(envelope)
    write(tmp_path, "app.bin", b"app")
    members = {
        "components": [{"id": "['app']", "image": "app.bin"}],
        "dependencies": [{"manifest": "radio.suit", "uri": "#radio", "integrated": True}],
    }
    release(7, members, "app.bin")
    said = device.run(status=1)
    assert "the dependency #radio: the signature is of no trust anchor" in said
    deployment = device.deployment()
    assert deployment["state"] == "failed"
    assert "#radio" in deployment["reason"]
    assert device.images() == []


def test_an_older_dependency(release, trusted, device, product, tmp_path):
    """What a part runs is not taken back by a manifest above it."""
    digest, _ = radio(release, tmp_path, 9)
    device.run()
    assert_confirmed(device, digest)
    image = suit.Image(b"radio", "#payload", (b"radio",))
    manifest = suit.update_manifest(4, [image], klass=product)
    envelope = suit.envelope(manifest, [trusted], {"#payload": image.content})
    (tmp_path / "radio.suit").write_bytes(envelope)
    write(tmp_path, "app.bin", b"app")
    members = {
        "components": [{"id": "['app']", "image": "app.bin"}],
        "dependencies": [{"manifest": "radio.suit", "uri": "#radio", "integrated": True}],
    }
    release(10, members, "app.bin")
    assert "accepts" not in device.run()  # the server knows that as well
    (device.folder / "manifest.suit").write_bytes((tmp_path / "update.suit").read_bytes())
    assert "the dependency's sequence number 4 is lower" in device.run(status=1)
    assert device.component("['radio']")["digest"] == digest


def test_a_version_that_must_be_there_first(release, device, tmp_path):
    digest = write(tmp_path, "app.bin", b"app 1")
    part = {"id": "['app']", "image": "app.bin"}
    release(1, {"version": "1.0", "components": [part]}, "app.bin")
    device.run()
    write(tmp_path, "app.bin", b"app 3")
    release(2, {"version": "3.0", "components": [{**part, "requires_version": ">= 2.0"}]}, "app.bin")
    device.run()
    assert_confirmed(device, digest)


@pytest.mark.parametrize("scheme", ["coap", "http"])
def test_what_is_installed_is_not_sent_again(release, device, tmp_path, scheme):
    """With the ETag that came with it the envelope is not even transferred."""
    write(tmp_path, "app.bin", b"app")
    device.scheme = scheme
    published = release(1, {"components": [{"id": "['app']", "image": "app.bin"}]}, "app.bin")
    device.run()
    name = published["envelope"]["digest"].split(":")[1]
    expected = bytes.fromhex(name)[:8].hex() if scheme == "coap" else name.encode().hex()
    assert device.state.get("etag") in (None, expected)
    before = device.state
    said = device.run()
    assert "accepts" not in said and "downloads" not in said
    assert device.state["components"] == before["components"]


def test_a_name_that_needs_escapes(sandbox, trusted, product, tmp_path, release):
    write(tmp_path, "app.bin", b"app")
    release(1, {"components": [{"id": "['app']", "image": "app.bin"}]}, "app.bin")
    for scheme in ("coap", "http"):
        name = f"lämp 1&2=3 {scheme}"
        device = ReferenceDevice(sandbox, name, tmp_path, scheme=scheme, klass=product)
        device.trust(trusted).run()
        shown = json.loads(sandbox.suitctl("device", "show", name, "--json").stdout)
        assert shown["endpoint"] == name
        assert shown["components"][0]["component"] == "['app']"


@pytest.mark.parametrize("scheme", ["coap", "http"])
def test_a_path_that_needs_escapes(sandbox, trusted, device, product, unique, scheme):
    image = suit.Image(b"firmware" * 99, f"/fw/{unique('with')}%20space/app.bin")
    sandbox.rest.publish(suit.update(trusted, 1, [image], klass=product), [image])
    device.scheme = scheme
    device.run()
    assert_confirmed(device, image.digest)


# DTLS


def test_coaps_with_the_right_and_the_wrong_key(sandbox, release, device, tmp_path):
    digest = write(tmp_path, "app.bin", b"app" * 5000)
    release(1, {"components": [{"id": "['app']", "image": "app.bin"}]}, "app.bin")
    psk = os.urandom(16).hex()
    credentials = f"/api/v1/devices/{device.endpoint}/credentials"
    device.sandbox.rest.put(credentials, 200, json={"psk": psk})
    device.scheme = "coaps"
    process = device.start("--psk", "00" * 16)
    line = process.stdout.readline().decode()
    process.kill()
    process.communicate()
    assert "waits: the DTLS handshake failed" in line and "pre-shared key" in line
    device.run("--psk", psk, "--block", 256)
    assert_confirmed(device, digest)


def test_coaps_outlives_a_restart_of_the_server(fresh, author_key, product, unique, tmp_path):
    """The session is gone with the server: a new one is made, and the download goes on."""
    fresh.rest.trust(author_key)
    image = suit.Image(os.urandom(500_000), "/fw/big.bin")
    fresh.rest.publish(suit.update(author_key, 1, [image], klass=product), [image])
    device = ReferenceDevice(fresh, unique("dtls"), tmp_path, scheme="coaps", klass=product)
    device.trust(author_key)
    psk = os.urandom(16).hex()
    fresh.rest.put(f"/api/v1/devices/{device.endpoint}/credentials", 200, json={"psk": psk})
    process = device.start("--psk", psk, "--block", 32)
    eventually(lambda: device.bytes_on_the_way() > 20_000)
    fresh.kill()
    fresh.start()
    said = process.communicate(timeout=180)[0].decode()
    assert process.returncode == 0, said
    assert device.images() == [image.content]
    assert device.deployment()["state"] == "confirmed"


# Fleets


@pytest.mark.parametrize("scheme, size", [("coap", 200), ("http", 50)])
def test_a_fleet(sandbox, trusted, release, product, unique, tmp_path, scheme, size):
    write(tmp_path, "app.bin", b"app" * 2000)
    name = unique("fleet")
    published = release(1, {"components": [{"id": "['app']", "image": "app.bin"}]}, "app.bin")
    device = ReferenceDevice(sandbox, name, tmp_path, scheme=scheme, klass=product).trust(trusted)
    before = sandbox.rest.get("/api/v1/fleet/summary").json()["deployments"]
    said = device.run("--fleet", size, "--fail-percent", 10, "--seed", 7, "--quiet", status=1)
    failed = int(said.split(" of ")[0].split()[-1])
    assert f"{failed} of {size} devices did not end well" in said
    assert 0 < failed < size / 2
    after = sandbox.rest.get("/api/v1/fleet/summary").json()["deployments"]
    grown = {state: n - before.get(state, 0) for state, n in after.items()}
    assert {state: n for state, n in grown.items() if n} == {
        "confirmed": size - failed, "failed": failed
    }  # fmt: skip
    rows = sandbox.sql(
        "SELECT DISTINCT d.state, d.reason FROM deployment d JOIN release r ON r.id = d.release_id"
        " WHERE r.digest = %s AND d.state = 'failed'",
        published["digest"],
    )
    assert rows == [("failed", "the flash memory could not be written")]
    stored = [path.read_bytes() for path in device.folder.glob("*/image/*")]
    assert stored == [b"app" * 2000] * (size - failed)
