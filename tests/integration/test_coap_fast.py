# SPDX-License-Identifier: Apache-2.0
"""What is answered without a libcoap session has the very bytes that libcoap's path gives."""

import hashlib
import itertools
import random
import re
import uuid

import pytest
import suit_oracle as suit
from coap_raw import is_alive, open_socket
from device import (
    ACCEPT,
    ACK,
    BLOCK1,
    BLOCK2,
    CON,
    ETAG,
    GET,
    NON,
    OBSERVE,
    SIZE2,
    CoapDevice,
    CoapPeer,
    Message,
    block_option,
    encode_uint,
)
from sandbox import eventually

URI_HOST, URI_PORT, NO_RESPONSE = 3, 7, 258
# An option that nobody knows, and that says by its number that this does not matter.
LEAVE_TO_LIBCOAP = (65000, b"")

message_ids = itertools.count(random.randrange(65536))


class Wire:
    """One socket; whole messages as bytes."""

    def __init__(self, uri):
        self.socket = open_socket(uri, timeout=5)

    def ask(self, options, kind=CON, token=b"tok", payload=b""):
        """A CON is answered in its acknowledgement, or by a message of its own after an empty one."""
        message_id = next(message_ids) & 0xFFFF
        self.socket.send(Message(GET, options, payload, kind, token, message_id).encode())
        reply = Message.decode(self.socket.recv(2048))
        while reply.code == 0:
            reply = Message.decode(self.socket.recv(2048))
        if reply.kind == CON:
            self.socket.send(Message(0, kind=ACK, message_id=reply.message_id).encode())
        return reply


def content_of(reply):
    """Everything but what must differ between two messages."""
    return (reply.code, reply.token, reply.options, reply.payload)


@pytest.fixture
def fleet(sandbox, trusted, unique, product):
    """A device with an offer, one with nothing, the image, and the ETag of the offer."""
    image = suit.Image(random.Random(str(product)).randbytes(5000), f"/fw/{product}.bin")
    device, idle = (CoapDevice(sandbox, unique(name)) for name in ("offered", "idle"))
    assert device.register(klass=product).status == "2.01"
    assert idle.register(klass=uuid.uuid4()).status == "2.01"
    envelope = suit.update(trusted, 1, [image], klass=product)
    sandbox.rest.publish(envelope, [image])
    assert device.poll().payload == envelope
    assert idle.poll().status == "4.04"
    return device, idle, image, hashlib.sha256(envelope).digest()[:8]


def polls(fleet):
    device, idle, _, etag = fleet
    offered = CoapPeer.target("/suit/manifest", device.query)
    nothing = CoapPeer.target("/suit/manifest", idle.query)
    yield from (offered, nothing)
    for etags in ([etag], [b"other"], [b"a", b"b", etag], [b"a", b"b", b"c", b"d", etag]):
        yield offered + [(ETAG, value) for value in etags]
        yield nothing + [(ETAG, value) for value in etags]
    for form in ("full", "severed", "tiny", ""):
        yield offered + CoapPeer.target("", (f"form={form}",))[1:]
    for accept in (b"", b"\x2a", b"\x3c", b"\x32", b"\x00\x3c"):
        yield offered + [(ACCEPT, accept)]
    for number, szx in itertools.product((0, 1, 2, 5, 100), range(8)):
        yield offered + [(BLOCK2, block_option(number, False, szx))]
    yield offered + [(BLOCK2, block_option(0, True, 2)), (SIZE2, b"")]
    yield offered + [(ETAG, etag), (BLOCK2, block_option(0, False, 2))]
    yield offered + [(URI_HOST, b"fw.example.com"), (URI_PORT, b"\x16\x33")]
    for query in ((), ("ep",), ("ep=",), ("ep=" + "x" * 200,), ("ep=nobody-knows-it",)):
        yield CoapPeer.target("/suit/manifest", query)
    yield CoapPeer.target("/suit/manifest", ("other=1", *device.query))
    yield CoapPeer.target("/suit/manifest/", device.query) + [(11, b"")]


def blobs(fleet):
    image = fleet[2]
    digest = hashlib.sha256(image.content).digest()
    for path in (f"/blob/{digest.hex()}", f"/blob/{digest.hex().upper()}", image.uri):
        target = CoapPeer.target(path)
        for szx in range(7):
            last = (len(image.content) - 1) >> (szx + 4)
            for number in {0, 1, last, last + 1}:
                yield target + [(BLOCK2, block_option(number, False, szx))]
        yield target
        yield target + [(ETAG, digest[:8])]
        yield target + [(ACCEPT, b"\x2a")]
        yield target + [(ACCEPT, b"\x3c")]
    for path in ("/blob/" + "0" * 64, "/blob/xyz", "/blob", "/suit", "/nowhere", "/rd"):
        yield CoapPeer.target(path)
    yield []


@pytest.fixture
def at_once(sandbox):
    """at_once(ask, ...): how many of the requests that ask makes were answered without a session.

    A change that is on its way from the database sends some of them the long way: wait for what is due.
    """

    def count():
        text = sandbox.anonymous().get("/metrics").text
        return int(re.search(r"^suitd_coap_answered_at_once_total (\d+)$", text, re.M)[1])

    def measure(ask, *args):
        before = count()
        ask(*args)
        return count() - before

    return measure


@pytest.mark.parametrize("family", [polls, blobs])
def test_same_answer(sandbox, fleet, at_once, family):
    wire = Wire(sandbox.coap)

    def compare_all():
        for options in family(fleet):
            for kind in (CON, NON):
                fast = wire.ask(options, kind)
                slow = wire.ask(options + [LEAVE_TO_LIBCOAP], kind)
                assert content_of(fast) == content_of(slow), options

    assert at_once(compare_all) > 50


def test_tokens(sandbox, fleet, at_once):
    wire = Wire(sandbox.coap)
    options = CoapPeer.target("/suit/manifest", fleet[0].query)

    def ask_all():
        for length in range(9):
            token = bytes(range(length))
            for kind, answer in ((CON, ACK), (NON, NON)):
                reply = wire.ask(options, kind, token)
                assert (reply.kind, reply.token) in ((answer, token), (CON, token))

    eventually(lambda: at_once(ask_all) == 18)


def test_what_is_left_to_libcoap(sandbox, fleet, at_once):
    wire = Wire(sandbox.coap)
    poll = CoapPeer.target("/suit/manifest", fleet[0].query)
    eventually(lambda: at_once(wire.ask, poll) == 1)
    twice = [(ACCEPT, b"\x3c"), (ACCEPT, b"\x3c")]
    for more in ([LEAVE_TO_LIBCOAP], [(OBSERVE, b"\x01")], [(NO_RESPONSE, b"\x01")], [(BLOCK1, b"")]):
        assert at_once(wire.ask, poll + more) == 0, more
    assert at_once(wire.ask, poll + twice) == 0
    assert at_once(wire.ask, poll, CON, b"tok", b"payload") == 0
    assert at_once(wire.ask, CoapPeer.target("/suit/manifest", ("ep=nobody-at-all",))) == 0


def test_a_device_that_is_told_gets_a_session_first(sandbox, unique, at_once):
    device = CoapDevice(sandbox, unique("told"))
    assert device.register(profile={4: True}).status == "2.01"
    assert sandbox.rest.device(device.endpoint)["mode"] == "negotiated"
    poll = CoapPeer.target("/suit/manifest", device.query)
    here, there = Wire(sandbox.coap), Wire(sandbox.coap)
    eventually(lambda: at_once(here.ask, poll) == 1)
    assert at_once(there.ask, poll) == 0, "commands go where it was heard last"
    eventually(lambda: at_once(there.ask, poll) == 1)
    assert at_once(here.ask, poll) == 0


def test_broken_bytes(sandbox, fleet, at_once):
    """Whatever comes, the next device is served."""
    dice = random.Random(4)
    sock = open_socket(sandbox.coap)
    good = [
        Message(GET, options, kind=kind, token=b"12345678", message_id=7).encode()
        for options in itertools.islice(polls(fleet), 12)
        for kind in (CON, NON)
    ]
    for _ in range(3000):
        broken = bytearray(dice.choice(good))
        for _ in range(dice.randrange(1, 4)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        if dice.random() < 0.3:
            del broken[dice.randrange(len(broken)) :]
        sock.send(bytes(broken))
    assert is_alive(sandbox)
    poll = CoapPeer.target("/suit/manifest", fleet[0].query)
    eventually(lambda: at_once(Wire(sandbox.coap).ask, poll) == 1)
