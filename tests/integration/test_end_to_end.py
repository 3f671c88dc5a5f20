# SPDX-License-Identifier: Apache-2.0
"""A firmware goes from its author to a running device: every role, every transport, the real tools."""

import datetime
import json

import pytest
import suit_oracle as suit
from device import CoapDevice, HttpDevice
from sandbox import eventually

DEVICES = {"coap": CoapDevice, "http": HttpDevice}


def done(reply):
    """2.xx on either transport."""
    return getattr(reply, "ok", None) or str(getattr(reply, "status", ""))[:1] == "2"


def time_of(entry):
    return datetime.datetime.fromisoformat(entry["at"])


@pytest.fixture
def product_images(unique):
    """Three firmwares of one product, each at a path of its own."""
    stem = unique("firmware")
    return [
        suit.Image(f"{stem} {n}".encode() * 500, f"/fw/{stem}/{n}.bin") for n in range(3)
    ]


@pytest.mark.parametrize("transport", DEVICES)
def test_update_from_author_to_running_device(
    sandbox, trusted, product, product_images, unique, transport
):
    author, operator = sandbox.as_role("author"), sandbox.as_role("operator")
    endpoint = unique("lamp")
    old, new, _ = product_images
    device = DEVICES[transport](sandbox, endpoint)
    assert done(device.register([suit.installed(old, 1)], klass=product))
    assert not done(device.poll())

    author.put_image(new)
    envelope = suit.update(trusted, 2, [new], klass=product)
    release = author.post_manifest(envelope, 201).json()
    assert release["state"] == "verified"
    assert not done(device.poll())  # published is not approved

    author.approve(release["digest"], 403)
    assert operator.approve(release["digest"]).json()["state"] == "approved"
    offered = device.run_update(new, 2)
    assert suit.manifest_digest(offered) == release["digest"]

    (deployment,) = sandbox.rest.deployments(endpoint)
    assert deployment["state"] == "confirmed"
    assert deployment["release"] == release["digest"]
    seen = sandbox.rest.device(endpoint)
    assert seen["deployment"] is None
    assert seen["components"][0]["digest"] == new.digest
    decision = sandbox.rest.get(f"/api/v1/devices/{endpoint}/decision").json()
    assert decision["up_to_date"]


@pytest.mark.parametrize("transport", DEVICES)
def test_history_tells_every_step(sandbox, trusted, product, product_images, unique, transport):
    endpoint = unique("lamp")
    image = product_images[0]
    sandbox.rest.publish(suit.update(trusted, 1, [image], klass=product), [image])
    device = DEVICES[transport](sandbox, endpoint)
    device.register(klass=product)
    device.run_update(image, 1)
    history = sandbox.rest.get(f"/api/v1/devices/{endpoint}/history").json()["items"]
    steps = [entry["to"] for entry in reversed(history)]
    assert steps[-1] == "confirmed"
    for earlier, later in zip(history[1:], history):
        assert earlier["to"] == later["from"]
        assert time_of(earlier) <= time_of(later)
    wanted = ["offered", "accepted", "downloading", "downloaded", "installing", "rebooting"]
    assert [step for step in steps if step in wanted] == wanted


def test_newest_of_several_is_offered(sandbox, trusted, product, product_images, unique):
    endpoint = unique("lamp")
    envelopes = [
        suit.update(trusted, number, [image], klass=product)
        for number, image in enumerate(product_images, 1)
    ]
    for envelope, image in zip(envelopes, product_images):
        sandbox.rest.publish(envelope, [image])
    device = HttpDevice(sandbox, endpoint)
    device.register([suit.installed(product_images[0], 1)], klass=product)
    assert device.poll().content == envelopes[2]
    decision = sandbox.rest.get(f"/api/v1/devices/{endpoint}/decision").json()
    chosen = [entry for entry in decision["candidates"] if entry["chosen"]]
    assert [entry["sequence_number"] for entry in chosen] == [3]
    others = [entry for entry in decision["candidates"] if not entry["chosen"]]
    assert others and all(entry["reason"] for entry in others)


def test_nothing_older_is_ever_offered(sandbox, trusted, product, product_images, unique):
    endpoint = unique("lamp")
    first, second, _ = product_images
    sandbox.rest.publish(suit.update(trusted, 5, [first], klass=product), [first])
    device = HttpDevice(sandbox, endpoint)
    device.register([suit.installed(second, 7)], klass=product)
    assert device.poll().status_code == 404
    release = sandbox.rest.get("/api/v1/devices/" + endpoint + "/decision").json()
    assert release["choice"] is None
    named = release["candidates"][0]["release"]
    refused = sandbox.rest.post(
        f"/api/v1/devices/{endpoint}/deployments", None, json={"release": named}
    )
    assert refused.status_code == 409


def test_a_revert_is_a_failure(sandbox, trusted, product, product_images, unique):
    endpoint = unique("lamp")
    old, new, _ = product_images
    sandbox.rest.publish(suit.update(trusted, 2, [new], klass=product), [new])
    device = HttpDevice(sandbox, endpoint)
    device.register([suit.installed(old, 1)], klass=product)
    assert device.poll().status_code == 200
    for state in ("accepted", "downloading", "downloaded", "installing", "rebooting"):
        assert device.status(state=state).ok
    device.register([suit.installed(old, 1)], klass=product)  # it is back, with the old image
    (deployment,) = sandbox.rest.deployments(endpoint)
    assert deployment["state"] == "failed"
    assert deployment["reason"]
    assert device.poll().status_code == 404  # what failed here is not offered here again


def test_untargeted_manifest_goes_where_an_operator_sends_it(
    sandbox, trusted, product_images, unique
):
    endpoint = unique("lamp")
    image = product_images[0]
    envelope = suit.update(
        trusted, 1, [suit.Image(image.content, image.uri, (unique("part").encode(),))],
        check_target=False,
    )
    release = sandbox.rest.publish(envelope, [image])
    assert release["targeted"] is False
    device = HttpDevice(sandbox, endpoint)
    device.register()
    assert device.poll().status_code == 404
    made = sandbox.as_role("operator").post(
        f"/api/v1/devices/{endpoint}/deployments", 201, json={"release": release["digest"]}
    )
    assert made.json()["named_by_operator"] is True
    assert device.poll().content == envelope


@pytest.mark.parametrize("scheme", ["coap", "coaps", "http"])
def test_reference_device_updates_itself(
    sandbox, trusted, product, product_images, unique, scheme, tmp_path
):
    endpoint = unique("lamp")
    image = product_images[0]
    sandbox.rest.publish(suit.update(trusted, 1, [image], klass=product), [image])
    trust = tmp_path / "author.pub.pem"
    trust.write_text(trusted.public_pem())
    extra = []
    if scheme == "coaps":
        psk = "00112233445566778899aabbccddeeff"
        sandbox.rest.put(f"/api/v1/devices/{endpoint}/credentials", 200, json={"psk": psk})
        extra = ["--psk", psk]
    sandbox.suit_device(
        "--server", getattr(sandbox, scheme), "--endpoint", endpoint, "--dir", tmp_path / "device",
        "--trust", trust, "--vendor", suit.VENDOR, "--class", product, "--once", *extra,
    )  # fmt: skip
    (deployment,) = sandbox.rest.deployments(endpoint)
    assert deployment["state"] == "confirmed"
    assert sandbox.rest.device(endpoint)["transport"] == scheme
    stored = [path.read_bytes() for path in (tmp_path / "device").rglob("*") if path.is_file()]
    assert image.content in stored


def test_reference_device_refuses_a_foreign_signature(
    sandbox, trusted, product, product_images, unique, tmp_path
):
    """The device trusts its own anchor, not the server."""
    endpoint = unique("lamp")
    image = product_images[0]
    sandbox.rest.publish(suit.update(trusted, 1, [image], klass=product), [image])
    trust = tmp_path / "other.pub.pem"
    trust.write_text(suit.Key().public_pem())
    sandbox.suit_device(
        "--server", sandbox.coap, "--endpoint", endpoint, "--dir", tmp_path / "device",
        "--trust", trust, "--vendor", suit.VENDOR, "--class", product, "--once", check=False,
    )  # fmt: skip
    (deployment,) = sandbox.rest.deployments(endpoint)
    assert deployment["state"] in ("rejected", "failed")


def test_tools_agree_with_the_independent_encoder(sandbox, trusted, product_images, tmp_path):
    image = product_images[0]
    envelope = suit.update(trusted, 9, [image])
    path, key = tmp_path / "x.suit", tmp_path / "key.pem"
    path.write_bytes(envelope)
    key.write_text(trusted.public_pem())
    shown = json.loads(sandbox.suitctl("manifest", "show", "--json", path).stdout)
    assert shown["digest"] == suit.manifest_digest(envelope)
    assert shown["sequence_number"] == 9
    assert shown["vendor_ids"] == [str(suit.VENDOR)]
    assert shown["images"][0]["digest"] == image.digest
    assert shown["images"][0]["size"] == len(image.content)
    sandbox.suitctl("manifest", "verify", "--key", key, path)
    path.write_bytes(envelope[:-1] + bytes([envelope[-1] ^ 1]))
    assert sandbox.suitctl("manifest", "verify", "--key", key, path, check=False).returncode != 0


def test_several_components_in_one_update(sandbox, trusted, product, unique):
    """Done only when every component runs the new image."""
    endpoint = unique("lamp")
    app = suit.Image(b"app " * 100, f"/fw/{unique('app')}", (b"app",))
    radio = suit.Image(b"radio " * 100, f"/fw/{unique('radio')}", (b"radio", b"\x01"))
    release = sandbox.rest.publish(
        suit.update(trusted, 1, [app, radio], klass=product), [app, radio]
    )
    assert len(release["images"]) == 2
    device = HttpDevice(sandbox, endpoint)
    device.register(klass=product)
    assert device.poll().status_code == 200
    for state in ("accepted", "downloading", "downloaded", "installing", "rebooting"):
        assert device.status(state=state).ok

    def tell(*components):
        told = suit.characteristics(components, klass=product)
        assert device.post("/suit/status", suit.encode({3: told})).ok
        return sandbox.rest.deployments(endpoint)[0]["state"]

    assert tell(suit.installed(app, 1)) != "confirmed"
    assert tell(suit.installed(app, 1), suit.installed(radio, 1)) == "confirmed"


def test_urgency_of_a_manifest_is_kept(sandbox, trusted, product, product_images):
    image = product_images[0]
    envelope = suit.update(trusted, 1, [image], klass=product, parameters={27: -3})
    sandbox.rest.put_image(image)
    release = sandbox.rest.post_manifest(envelope, 201, kind="security").json()
    assert release["update_priority"] == -3
    assert release["kind"] == "security"


def test_small_form_of_the_envelope(sandbox, trusted, product, product_images, unique):
    """Severed text is left out for devices that ask for it; the signature still holds."""
    image = product_images[0]
    text = suit.bstr({"en": {1: "a long description " * 20}})
    manifest = suit.update_manifest(
        1, [image], klass=product, extra={suit.TEXT: suit.suit_digest(suit.encode(text))}
    )
    envelope = suit.envelope(manifest, [trusted], {suit.TEXT: text})
    release = sandbox.rest.publish(envelope, [image])
    device = HttpDevice(sandbox, unique("lamp"))
    device.register(klass=product, severed=True)
    small = device.poll().content
    assert len(small) < len(envelope) - 300
    assert suit.manifest_digest(small) == release["digest"]
    device = HttpDevice(sandbox, unique("lamp"))
    device.register(klass=product)
    assert device.poll().content == envelope


def test_expired_manifest_is_not_offered(sandbox, trusted, product, product_images, unique):
    endpoint = unique("lamp")
    image = product_images[0]
    envelope = suit.update(
        trusted,
        1,
        [image],
        klass=product,
        parameters={suit.USE_BEFORE: 1_600_000_000},
        conditions=[suit.CONDITION_USE_BEFORE],
    )
    sandbox.rest.publish(envelope, [image])
    device = HttpDevice(sandbox, endpoint)
    device.register(klass=product)
    assert device.poll().status_code == 404


def test_image_inside_the_envelope(sandbox, trusted, product, unique):
    image = suit.Image(b"small firmware", "#app")
    manifest = suit.update_manifest(1, [image], klass=product)
    envelope = suit.envelope(manifest, [trusted], {"#app": image.content})
    release = sandbox.rest.publish(envelope, [])
    assert release["state"] == "approved"
    assert release["images"][0]["integrated"] is True
    device = HttpDevice(sandbox, unique("lamp"))
    device.register(klass=product)
    assert device.poll().content == envelope


def test_trust_belongs_to_its_authority(sandbox, product_images, unique):
    """A manifest counts by its author's key, and only the trust authority says whose key counts."""
    key, image = suit.Key("ed25519"), product_images[0]
    component = suit.Image(image.content, image.uri, (unique("part").encode(),))
    envelope = suit.update(key, 1, [component])
    author, authority = sandbox.as_role("author"), sandbox.as_role("trust_authority")
    author.put_image(image)
    assert author.post_manifest(envelope, None).status_code in (403, 422)
    for role in ("author", "operator", "viewer"):
        body = {"name": unique("key"), "pem": key.public_pem()}
        sandbox.as_role(role).post("/api/v1/trust-anchors", 403, json=body)
    anchor = authority.trust(key, unique("key"), vendor_ids=[str(suit.VENDOR)])
    author.post_manifest(envelope, 201)
    authority.post(f"/api/v1/trust-anchors/{anchor['id']}/revoke", 200, json={"reason": "lost"})
    later = suit.update(key, 2, [component])
    assert author.post_manifest(later, None).status_code in (403, 422)


def test_components_with_releases_of_their_own(sandbox, trusted, product, unique):
    """Each line of releases counts by itself: the radio's number 2 is no older than the app's 100."""
    endpoint = unique("lamp")
    app = suit.Image(b"app " * 100, f"/fw/{unique('app')}", (b"app",))
    radio = suit.Image(b"radio " * 100, f"/fw/{unique('radio')}", (b"radio",))
    sandbox.rest.publish(suit.update(trusted, 100, [app], klass=product), [app])
    device = HttpDevice(sandbox, endpoint)
    device.register(
        [suit.installed(app, 100), suit.installed(None, 1, (b"radio",))], klass=product
    )
    assert device.poll().status_code == 404
    envelope = suit.update(trusted, 2, [radio], klass=product)
    sandbox.rest.publish(envelope, [radio])
    assert eventually(lambda: device.poll().content == envelope)
    device.run_update(radio, 2)
    assert sandbox.rest.get(f"/api/v1/devices/{endpoint}/decision").json()["up_to_date"]
    assert device.poll().status_code == 404
