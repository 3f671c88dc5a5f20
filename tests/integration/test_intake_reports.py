# SPDX-License-Identifier: Apache-2.0
"""SUIT_Reports: who may say what about whose update, and what it does to the deployment."""

import pytest
import suit_oracle as suit
from device import CoapDevice, HttpDevice
from sandbox import eventually


class Updating:
    """A device that was offered a release."""

    def __init__(self, sandbox, kind, endpoint, envelope, klass):
        self.sandbox = sandbox
        self.envelope = envelope
        self.device = kind(sandbox, endpoint)
        self.device.register(klass=klass)
        eventually(lambda: self.status_of(self.device.poll()) in (200, 205))

    @staticmethod
    def status_of(reply):
        """2.04 and 204 are both 204."""
        code = getattr(reply, "status", None)
        return int(code.replace(".", "")) if code else reply.status_code

    def report(self, body):
        return self.status_of(self.device.report(body))

    def state(self):
        (deployment,) = self.sandbox.rest.deployments(self.device.endpoint)
        return deployment["state"], deployment["reason"]

    def trust(self, key):
        body = {"name": "its key", "purpose": "device", "pem": key.public_pem()}
        body["endpoint"] = self.device.endpoint
        return self.sandbox.rest.post("/api/v1/trust-anchors", 201, json=body).json()


@pytest.fixture
def image(product):
    return suit.Image(b"reported " + product.bytes, f"/fw/{product}")


@pytest.fixture(params=[CoapDevice, HttpDevice])
def updating(sandbox, trusted, product, unique, image, request):
    envelope = suit.update(trusted, 1, [image], klass=product)
    sandbox.rest.publish(envelope, [image])
    return Updating(sandbox, request.param, unique("reporter"), envelope, product)


@pytest.fixture
def signing(updating):
    """With a key of its own; its private half."""
    key = suit.Key()
    updating.trust(key)
    return updating, key


def test_unsigned_is_taken_from_a_device_without_a_key(updating):
    assert updating.report(suit.report(updating.envelope)) == 204
    assert updating.state() == ("rebooting", None)


def test_signed(signing):
    updating, key = signing
    assert updating.report(suit.report(updating.envelope, key=key, nonce=b"12345678")) == 204
    assert updating.state()[0] == "rebooting"


def test_refused_when_not_signed_by_the_device(signing, trusted):
    """An author's key signs manifests, not reports."""
    updating, key = signing
    good = suit.report(updating.envelope, key=key)
    for body in (
        suit.report(updating.envelope),
        suit.report(updating.envelope, key=trusted),
        suit.report(updating.envelope, key=suit.Key()),
        good[:-1] + bytes([good[-1] ^ 1]),
        suit.cose_sign1(key, suit.report(updating.envelope)),  # nothing attached
    ):
        assert updating.report(body) in (422, 403, 400)
        assert updating.state() == ("offered", None)


def test_refused_after_the_key_was_revoked(updating):
    key = suit.Key("ed25519")
    anchor = updating.trust(key)
    updating.sandbox.rest.post(f"/api/v1/trust-anchors/{anchor['id']}/revoke", 200, json={})
    assert updating.report(suit.report(updating.envelope, key=key)) == 403
    assert updating.state() == ("offered", None)


def test_claims_of_a_signed_report_prove_the_installation(signing, image):
    updating, key = signing
    claim = {0: image.component, suit.IMAGE_DIGEST: suit.bstr(suit.suit_digest(image.content))}
    body = {99: ["", suit.reference(updating.envelope)], 3: [claim], 4: True}
    assert updating.report(suit.cose_sign1(key, suit.encode(body), detached=False)) == 204
    assert updating.state()[0] == "confirmed"


def test_claims_of_an_unsigned_report_prove_nothing(updating, image):
    claim = {0: image.component, suit.IMAGE_DIGEST: suit.bstr(suit.suit_digest(image.content))}
    body = {99: ["", suit.reference(updating.envelope)], 3: [claim], 4: True}
    assert updating.report(suit.encode(body)) == 204
    assert updating.state()[0] == "rebooting"


def test_failure_is_told_in_words(updating):
    assert updating.report(suit.report(updating.envelope, success=False, reason=10)) == 204
    state, reason = updating.state()
    assert state == "failed"
    assert "condition" in reason and "install" in reason


def test_what_the_manifest_cannot_have_done(updating):
    """Another URI, a section that is not there, an offset behind the end: not of this manifest."""
    reference = suit.reference(updating.envelope)
    for uri, result in (
        ("coap://elsewhere.example/m.suit", True),
        ("", {5: 0, 6: [[], suit.PAYLOAD_FETCH, 0, 0, {}], 7: 10}),
        ("", {5: 0, 6: [[], suit.INSTALL, 9999, 0, {}], 7: 10}),
        ("", {7: 10}),
        ("", False),
    ):
        assert updating.report(suit.encode({99: [uri, reference], 3: [], 4: result})) == 400
    assert updating.state() == ("offered", None)


def test_about_a_manifest_of_somebody_else(updating, sandbox, trusted, unique, product):
    """The release is known here, but was never shown to this device."""
    other = suit.Image(b"of another product", f"/fw/{unique('other')}")
    envelope = suit.update(trusted, 1, [other], klass=suit.uuid.uuid5(product, "other"))
    sandbox.rest.publish(envelope, [other])
    assert updating.report(suit.report(envelope)) in (404, 403)
    assert updating.state() == ("offered", None)
