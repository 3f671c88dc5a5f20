# SPDX-License-Identifier: Apache-2.0
"""What is answered before libcoap sees it, over DTLS sessions that stand: the same answers, each once."""

import hashlib
import random
import re
import signal

import pytest
import suit_oracle as suit
from device import ACK, BLOCK2, CON, CONTENT_FORMAT, CBOR, ETAG, GET, NON, OBSERVE, POST
from device import CoapPeer, Message, block_option, encode_uint
from dtls_session import DtlsSession
from sandbox import eventually

KEY = "correct horse battery"
LEAVE_TO_LIBCOAP = (65000, b"")
POLL = CoapPeer.target("/suit/manifest")


class SecureDevice:
    """A session, and messages over it. Messages may be on their way at the same time: by their tokens."""

    def __init__(self, sandbox, endpoint):
        self.endpoint = endpoint
        self.session = DtlsSession(sandbox.coaps, endpoint, KEY)
        self.next_id = random.randrange(1 << 16)

    def message(self, options, kind=CON, token=b"tok", code=GET, payload=b""):
        self.next_id = (self.next_id + 1) & 0xFFFF
        return Message(code, options, payload, kind, token, self.next_id).encode()

    def reply(self):
        """The next one; one that wants it is acknowledged."""
        reply = Message.decode(self.session.recv())
        while reply.code == 0:
            reply = Message.decode(self.session.recv())
        if reply.kind == CON:
            self.session.send(Message(0, kind=ACK, message_id=reply.message_id).encode())
        return reply

    def ask(self, options, *args, **more):
        self.session.send(self.message(options, *args, **more))
        return self.reply()

    def register(self, klass):
        options = CoapPeer.target("/rd") + [(CONTENT_FORMAT, encode_uint(CBOR))]
        return self.ask(options, code=POST, payload=suit.registration(klass=klass))


@pytest.fixture
def secure(sandbox, trusted, unique, product):
    """A device with an offer and its session, the image, and the offer's ETag."""
    endpoint = unique("swift")
    credentials = f"/api/v1/devices/{endpoint}/credentials"
    sandbox.rest.put(credentials, json={"psk": KEY.encode().hex()})
    device = SecureDevice(sandbox, endpoint)
    assert device.register(product).status == "2.01"
    image = suit.Image(random.Random(str(product)).randbytes(5000), f"/fw/{product}.bin")
    envelope = suit.update(trusted, 1, [image], klass=product)
    sandbox.rest.publish(envelope, [image])
    eventually(lambda: device.ask(POLL).payload == envelope)
    yield device, image, hashlib.sha256(envelope).digest()[:8]
    device.session.close()


@pytest.fixture
def at_once(sandbox):
    """at_once(ask, ...): how many of the requests that ask makes were answered without libcoap.

    As in test_coap_fast.py: wait for what is due.
    """

    def count():
        text = sandbox.anonymous().get("/metrics").text
        return int(re.search(r"^suitd_coap_secure_answered_at_once_total (\d+)$", text, re.M)[1])

    def measure(ask, *args):
        before = count()
        ask(*args)
        return count() - before

    return measure


def requests_of(image, etag):
    blob = CoapPeer.target("/blob/" + hashlib.sha256(image.content).hexdigest())
    yield from (POLL, POLL + [(ETAG, etag)], POLL + [(ETAG, b"other")], blob, [])
    for szx in range(7):
        yield POLL + [(BLOCK2, block_option(0, False, szx))]
        for number in {0, 1, (len(image.content) - 1) >> (szx + 4), 1000}:
            yield blob + [(BLOCK2, block_option(number, False, szx))]
    yield CoapPeer.target("/suit/manifest", ("ep=somebody-else",))
    yield CoapPeer.target("/nowhere")


def test_same_answer(secure, at_once):
    device, image, etag = secure

    def compare_all():
        for options in requests_of(image, etag):
            for kind in (CON, NON):
                fast = device.ask(options, kind)
                slow = device.ask(options + [LEAVE_TO_LIBCOAP], kind)
                assert (fast.code, fast.options, fast.payload) == (slow.code, slow.options, slow.payload)

    assert at_once(compare_all) > 50


def test_mixed_in_one_batch(sandbox, secure, at_once):
    """What is left to libcoap is still read, in its order, when more has come meanwhile."""
    device, image, etag = secure
    eventually(lambda: at_once(device.ask, POLL) == 1)
    kinds = {
        b"poll": POLL,
        b"left": POLL + [LEAVE_TO_LIBCOAP],
        b"nowhere": CoapPeer.target("/nowhere"),
        b"block": CoapPeer.target("/blob/" + hashlib.sha256(image.content).hexdigest()),
    }
    dice = random.Random(7)
    for _ in range(20):
        sent = {}
        sandbox.signal(signal.SIGSTOP)
        try:
            for number in range(dice.randrange(2, 10)):
                word = dice.choice(list(kinds))
                token = word[:4] + bytes([number])
                sent[token] = device.message(kinds[word], token=token)
                device.session.send(sent[token])
        finally:
            sandbox.signal(signal.SIGCONT)
        replies = [device.reply() for _ in sent]
        assert {reply.token for reply in replies} == set(sent)
        for reply in replies:
            assert reply.status == ("4.04" if reply.token.startswith(b"nowh") else "2.05")
    eventually(lambda: at_once(device.ask, POLL + [(ETAG, etag)]) == 1)


def test_a_record_counts_once(secure, at_once):
    """A copy of a datagram is dropped, as OpenSSL does it, and a forged one as well."""
    device, _, _ = secure
    for options in (POLL, POLL + [LEAVE_TO_LIBCOAP]):
        datagram = device.session.seal(device.message(options))
        forged = datagram[:-1] + bytes([datagram[-1] ^ 1])

        def send_all(datagram=datagram, forged=forged):
            for one in (forged, datagram, datagram, forged, datagram):
                device.session.socket.send(one)
            assert device.reply().status == "2.05"
            # Comes after whatever the copies would have been answered with.
            assert device.ask(POLL, token=b"last").token == b"last"

        assert at_once(send_all) <= (2 if options is POLL else 1)


def test_what_is_left_to_libcoap(secure, at_once):
    device, _, _ = secure
    eventually(lambda: at_once(device.ask, POLL) == 1)
    for more in ([LEAVE_TO_LIBCOAP], [(OBSERVE, b"\x01")]):
        assert at_once(device.ask, POLL + more) == 0
    eventually(lambda: at_once(device.ask, POLL) == 1)


def test_a_withdrawn_key(sandbox, secure, at_once):
    device, _, _ = secure
    eventually(lambda: at_once(device.ask, POLL) == 1)
    sandbox.rest.delete(f"/api/v1/devices/{device.endpoint}/credentials")
    eventually(lambda: device.ask(POLL).status == "4.01")
    assert at_once(device.ask, POLL) == 0


def test_a_new_session_begins_with_libcoap(sandbox, secure, at_once):
    device, _, _ = secure
    other = SecureDevice(sandbox, device.endpoint)
    assert at_once(other.ask, POLL) == 0
    eventually(lambda: at_once(other.ask, POLL) == 1)
    eventually(lambda: at_once(device.ask, POLL) == 1)
    other.session.close()
