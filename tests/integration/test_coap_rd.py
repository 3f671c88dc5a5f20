# SPDX-License-Identifier: Apache-2.0
"""/rd over CoAP: registration, update, expiry, removal, and names that collide."""

import uuid

import pytest
import suit_oracle as suit
from device import CON, DELETE, LOCATION_PATH, POST, CoapDevice, CoapPeer, Message
from sandbox import eventually


@pytest.fixture
def device(sandbox, unique):
    return CoapDevice(sandbox, unique("rd"))


def test_register_and_read_back(sandbox, device):
    body = {"serial": "S1", "model": "lamp", "site": "hall", "battery_mwh": 900}
    image = suit.Image(b"old")
    reply = device.register([suit.installed(image, 3, version=(1, 2, 3))], lifetime=600, **body)
    assert reply.status == "2.01"
    location = [part.decode() for part in reply.option_list(LOCATION_PATH)]
    assert location[0] == "rd" and uuid.UUID(location[1])
    shown = sandbox.rest.device(device.endpoint)
    assert shown["live"] and shown["lifetime"] == 600 and shown["transport"] == "coap"
    for name, value in body.items():
        assert shown[name] == value
    component = shown["components"][0]
    assert component["digest"] == image.digest
    assert (component["sequence_number"], component["version"]) == (3, "1.2.3")


def test_update_renews_and_keeps(sandbox, device):
    device.register(lifetime=600, serial="S1")
    before = sandbox.rest.device(device.endpoint)
    assert device.peer.post(device.location).status == "2.04"
    renewed = sandbox.rest.device(device.endpoint)
    assert renewed["expires_at"] > before["expires_at"] and renewed["serial"] == "S1"
    assert device.peer.post(device.location, suit.encode({1: 900})).status == "2.04"
    changed = sandbox.rest.device(device.endpoint)
    assert (changed["lifetime"], changed["serial"]) == (900, "S1")
    assert device.peer.post(device.location, b"", ("lt=1200",)).status == "2.04"
    assert sandbox.rest.device(device.endpoint)["lifetime"] == 1200


def test_update_from_another_address(sandbox, device):
    """Behind a NAT a device comes back from a new port."""
    device.register()
    first = sandbox.rest.device(device.endpoint)["address"]
    other = CoapPeer(sandbox.coap)
    assert other.post(device.location).status == "2.04"
    assert sandbox.rest.device(device.endpoint)["address"] != first


def test_removal(sandbox, device):
    device.register()
    assert device.peer.delete(device.location).status == "2.02"
    assert not sandbox.rest.device(device.endpoint)["live"]
    assert device.poll().status == "4.04"
    assert device.peer.post(device.location).status == "4.04"
    assert device.register().status == "2.01"


def test_expiry(fresh):
    device = CoapDevice(fresh, "rd-expired")
    device.register(lifetime=60)
    fresh.stop()
    fresh.sql("UPDATE device SET expires_at = now() - interval '1 second'")
    fresh.start()
    device.peer = CoapPeer(fresh.coap)
    assert eventually(lambda: device.peer.post(device.location).status != "5.03")
    assert device.peer.post(device.location).status == "4.04"
    assert not fresh.rest.device(device.endpoint)["live"]
    assert device.register().status == "2.01"


def test_two_devices_with_one_name(sandbox, device):
    assert device.register(serial="S1").status == "2.01"
    other = CoapDevice(sandbox, device.endpoint)
    reply = other.register(serial="S2")
    assert reply.status == "4.09" and b"serial" in reply.payload
    assert sandbox.rest.device(device.endpoint)["serial"] == "S1"
    assert device.peer.post(device.location).status == "2.04"
    assert other.register(serial="S1").status == "2.01", "the same device after a restart"
    assert device.peer.post(device.location).status == "4.04", "replaced"


@pytest.mark.parametrize(
    "body, expected",
    [
        (suit.encode({9: 1}), b"unknown key 9"),
        (suit.encode({1: 59}), b"lifetime"),
        (suit.encode({3: {4: "x" * 65}}), b"characteristics.serial"),
        (suit.encode({3: {11: [{2: [-16, bytes(32)]}]}}), b"components[0].component"),
        (suit.encode({3: {11: [{1: [b"a"]}, {1: [b"a"]}]}}), b"twice"),
        (b"\xbf\x01\x18\x3c\xff", b"indefinite"),
        (b"\xa2\x01\x18\x3c\x01\x18\x3c", b"twice"),
        (b"\xa1\x01", b""),
        (suit.encode({1: 600}) + b"\x00", b"follow"),
        (b"\x81" * 200, b""),
    ],
)
def test_bad_bodies(sandbox, device, body, expected):
    reply = device.peer.post("/rd", body, device.query)
    assert reply.status == "4.00" and expected in reply.payload
    assert sandbox.rest.request("GET", f"/api/v1/devices/{device.endpoint}").status_code == 404


@pytest.mark.parametrize("query", [(), ("ep=",), ("ep=" + "x" * 129,), ("ep=a\x07",)])
def test_bad_names(device, query):
    assert device.peer.post("/rd", b"", query).status == "4.00"


def test_queries_and_formats_of_others(sandbox, device):
    """LwM2M and plain RFC 9176 clients send link format and parameters of their own."""
    query = ("lwm2m=1.1", f"ep={device.endpoint}", "b=U", "lt=300", "Q")
    assert device.peer.post("/rd", b"</1/0>,</3/0>", query, content_format=40).status == "2.01"
    assert sandbox.rest.device(device.endpoint)["lifetime"] == 300
    assert device.peer.post("/rd", b"x", device.query, content_format=0).status == "4.15"
    assert device.peer.post("/rd", b"", (*device.query, "lt=5")).status == "4.00"
    assert device.peer.post("/rd", b"", (*device.query, "lt=soon")).status == "4.00"


def test_a_repeated_registration_is_one(sandbox, device):
    """The acknowledgement was lost: message ID and token are the same, and so is the answer."""
    target = device.peer.target("/rd", device.query)
    message = Message(POST, target, b"", CON, b"tok", 0x4242)
    locations = set()
    for _ in range(3):
        device.peer.send(message)
        reply = device.peer.notification(b"tok")
        assert reply.status == "2.01"
        locations.add(tuple(reply.option_list(LOCATION_PATH)))
    assert len(locations) == 1
    path = "/" + "/".join(part.decode() for part in locations.pop())
    assert device.peer.post(path).status == "2.04"


def test_non_confirmable_requests(sandbox, device):
    message = Message(POST, device.peer.target("/rd", device.query), b"", 1, b"non", 0x1001)
    device.peer.send(message)
    assert device.peer.notification(b"non").status == "2.01"


def test_unknown_registrations_and_methods(device):
    peer = device.peer
    assert peer.post(f"/rd/{uuid.uuid4()}").status == "4.04"
    assert peer.post("/rd/not-a-uuid").status == "4.04"
    assert peer.exchange(3, peer.target("/rd", device.query)).status == "4.05"
    assert peer.exchange(DELETE, peer.target("/nowhere")).status == "4.04"
    assert peer.exchange(5, peer.target("/suit/status", device.query)).status == "4.05"
