# SPDX-License-Identifier: Apache-2.0
"""/suit/manifest, /suit/status and /suit/report over CoAP."""

import hashlib
import uuid

import pytest
import suit_oracle as suit
from device import BLOCK2, ETAG, GET, OBSERVE, CoapDevice, CoapPeer, HttpDevice, parse_block
from sandbox import eventually


@pytest.fixture
def offer(sandbox, trusted, unique, product):
    """Publishes a release for a class of its own, and registers a device of this class."""

    def make(sequence_number=1, publish=True):
        image = suit.Image(f"firmware {product}".encode() * 40, f"/fw/{product}.bin")
        envelope = suit.update(trusted, sequence_number, [image], klass=product)
        device = CoapDevice(sandbox, unique("poll"))
        assert device.register(klass=product).status == "2.01"
        if publish:
            sandbox.rest.publish(envelope, [image])
        return device, image, envelope

    return make


def test_poll_and_etag(offer):
    device, _, envelope = offer()
    first = device.poll()
    assert (first.status, first.payload) == ("2.05", envelope)
    etag = first.option(ETAG)
    assert etag == hashlib.sha256(envelope).digest()[:8]
    second = device.poll(etag)
    assert (second.status, second.payload, second.option(ETAG)) == ("2.03", b"", etag)
    assert device.poll(b"\x01\x02").status == "2.05"


def test_nothing_to_install(offer):
    device, _, _ = offer(publish=False)
    assert device.poll().status == "4.04"


def test_not_registered(sandbox, unique):
    peer = CoapPeer(sandbox.coap)
    assert peer.get("/suit/manifest", (f"ep={unique('nobody')}",)).status == "4.04"
    assert peer.get("/suit/manifest").status == "4.00"


def test_whole_update(sandbox, offer):
    device, image, _ = offer()
    manifest = device.run_update
    assert manifest(image, 1)
    states = [entry["state"] for entry in sandbox.rest.deployments(device.endpoint)]
    assert states == ["confirmed"]
    assert device.poll().status == "4.04"


def test_forms(offer):
    device, _, _ = offer()
    full, severed = device.poll(), device.peer.get(
        "/suit/manifest", (*device.query, "form=severed")
    )
    assert full.status == severed.status == "2.05"
    assert device.peer.get("/suit/manifest", (*device.query, "form=tiny")).status == "4.00"


def test_observe(sandbox, offer):
    device, image, envelope = offer(publish=False)
    peer = device.peer
    target = peer.target("/suit/manifest", device.query)
    first = peer.exchange(GET, target + [(OBSERVE, b"")], token=b"watch")
    assert first.status == "2.05" and first.option(OBSERVE) is not None
    assert first.payload == b"" and first.option(ETAG) is None
    sandbox.rest.publish(envelope, [image])
    told = peer.notification(b"watch")
    assert told.status == "2.05" and told.payload == envelope[: len(told.payload)]
    assert int.from_bytes(told.option(OBSERVE), "big") > int.from_bytes(
        first.option(OBSERVE), "big"
    )
    assert told.option(ETAG) == hashlib.sha256(envelope).digest()[:8]


def test_observe_in_small_blocks(sandbox, offer):
    device, image, envelope = offer(publish=False)
    peer = device.peer
    options = peer.target("/suit/manifest", device.query) + [(OBSERVE, b""), (BLOCK2, b"\x02")]
    assert peer.exchange(GET, options, token=b"small").status == "2.05"
    sandbox.rest.publish(envelope, [image])
    told = peer.notification(b"small")
    assert parse_block(told.option(BLOCK2)) == (0, True, 2) and len(told.payload) == 64
    assert device.poll().payload == envelope


def test_observe_ends(sandbox, offer):
    device, image, envelope = offer(publish=False)
    peer = device.peer
    peer.socket.settimeout(1.5)
    target = peer.target("/suit/manifest", device.query)
    peer.exchange(GET, target + [(OBSERVE, b"")], token=b"gone")
    last = peer.exchange(GET, target + [(OBSERVE, b"\x01")], token=b"gone")
    assert last.option(OBSERVE) is None
    sandbox.rest.publish(envelope, [image])
    with pytest.raises(TimeoutError):
        peer.notification(b"gone")


def test_states_in_order(sandbox, offer):
    device, _, _ = offer()
    device.poll()
    for state in ("accepted", "downloading", "downloaded", "installing"):
        assert device.status(state=state).status == "2.04"
        assert device.status(state=state).status == "2.04", "twice is fine"
    reply = device.status(state="accepted")
    assert reply.status in ("2.04", "4.09")
    shown = sandbox.rest.device(device.endpoint)["deployment"]
    assert shown["state"] == "installing"
    assert device.status(state="failed", reason="flash is worn").status == "2.04"
    ended = sandbox.rest.deployments(device.endpoint)[0]
    assert (ended["state"], ended["reason"]) == ("failed", "flash is worn")


def test_progress(sandbox, offer):
    device, _, _ = offer()
    device.poll()
    assert device.status(state="downloading", progress=0).status == "2.04"
    assert device.status(progress=4096).status == "2.04"
    assert sandbox.rest.device(device.endpoint)["deployment"]["progress"] == 4096


def test_somebody_elses_deployment(sandbox, offer):
    device, _, _ = offer()
    other, _, _ = offer()
    device.poll()
    deployment = sandbox.rest.device(device.endpoint)["deployment"]["id"]
    reply = other.status(state="failed", deployment=deployment)
    assert reply.status == "4.03"
    assert sandbox.rest.device(device.endpoint)["deployment"]["state"] == "offered"
    unknown = other.status(state="failed", deployment=str(uuid.uuid4()))
    assert unknown.status in ("4.03", "4.04")


def test_bad_status(offer):
    device, _, _ = offer()
    for body in (suit.encode({6: 8}), suit.encode({6: "failed"}), b"", b"\x80", suit.encode({1: 60})):
        assert device.peer.post("/suit/status", body, device.query).status == "4.00"
    assert device.peer.post("/suit/status", b"{}", device.query, 50).status == "4.15"


def test_reports(offer):
    device, _, envelope = offer()
    device.poll()
    assert device.report(b"").status == "4.00"
    assert device.report(b"\xff\x00garbage").status == "4.00"
    foreign = suit.update(suit.Key(), 7, [suit.Image(b"never seen")])
    assert device.report(suit.report(foreign)).status == "4.04"
    assert device.report(suit.report(envelope)).status == "2.04"


def test_one_device_over_both(sandbox, offer):
    device, _, envelope = offer()
    http = HttpDevice(sandbox, device.endpoint)
    assert http.poll().content == device.poll().payload == envelope
    assert sandbox.rest.device(device.endpoint)["deployment"]["state"] == "offered"
    assert eventually(lambda: http.status(state="accepted").status_code == 204)
    assert device.status(state="downloading").status == "2.04"
