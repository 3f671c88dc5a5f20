# SPDX-License-Identifier: Apache-2.0
"""How devices of the load are spoken to: requests of suitd over the socket from which they registered, an
observation, and long polls over HTTP. Each hears one command after the other."""

import collections
import os
import socket
import time

import cbor2
import paths  # noqa: F401
import requests
import suit_oracle as suit
from command_device import Arrival, answer, answer_cbor, take_block
from device import ACK, BLOCK1, CON, GET, OBSERVE, CoapDevice, HttpDevice, Message, parse_block
from lamps import COME_AGAIN, PLANES, CoapPlane, HttpPlane, StubbornPeer
from polling_device import COMMAND

NOW, AT, NO = range(3)
NO_ANSWER = (TimeoutError, ConnectionResetError, socket.timeout)
REMEMBERED = 1000  # exchanges, so that what suitd repeats gets the answer of the first time

# answered: what it asks was answered in the reply.
Command = collections.namedtuple("Command", "kind deployment release answered", defaults=[None] * 3)


class TalkingCoapDevice(CoapDevice):
    def tell(self, body):
        return self.peer.post("/suit/status", body, self.query)


class TalkingHttpDevice(HttpDevice):
    def tell(self, body):
        return self.post("/suit/status", body)


def text_of(deployment):
    digits = deployment.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


class SpokenToPeer(StubbornPeer):
    """Serves suitd's requests while it waits for something else; serve(arrival) gives the answers."""

    def __init__(self, uri, serve):
        super().__init__(uri)
        self.serve, self.answered = serve, collections.OrderedDict()

    def receive(self):
        """The next message that is no request."""
        while True:
            message = self.receive_any()
            if message.code == 0 or message.code >= 0x20:
                if message.kind == CON:
                    self.send(Message(0, kind=ACK, message_id=message.message_id))
                return message

    def receive_any(self):
        try:
            message = Message.decode(self.socket.recv(65536))
        except ConnectionRefusedError:
            time.sleep(self.socket.gettimeout())
            raise socket.timeout from None
        if 0 < message.code < 0x20:
            self.reply(message)
        return message

    def reply(self, message):
        # With the token, since a server that was killed may begin with identifiers that it has used before.
        exchange = (message.message_id, message.token)
        if exchange not in self.answered:
            self.answered[exchange] = self.serve(Arrival(message, repeated=False))
            while len(self.answered) > REMEMBERED:
                self.answered.popitem(last=False)
        for reply in self.answered[exchange]:
            self.send(reply)


class SpokenToCoap(CoapPlane):
    """consent(deployment): what to say to an offer at once, or None for later."""

    def __init__(self, address, endpoint):
        self.device = TalkingCoapDevice.__new__(TalkingCoapDevice)
        self.device.peer = SpokenToPeer(address.coap, self.serve)
        self.device.endpoint, self.device.location = endpoint, None
        self.bodies, self.sizes, self.take = {}, {}, take_block()
        self.inbox, self.consent, self.told = collections.deque(), None, None

    def serve(self, arrival):
        message, kind = arrival.message, arrival.kind
        if kind in ("manifest", "image"):
            return self.take_push(arrival)
        if kind == "ask":
            self.inbox.append(Command("ask"))
            return answer("2.05", cbor2.dumps({3: self.told()}))(self, message)
        told = cbor2.loads(message.payload)
        deployment = text_of(told[1])
        word = self.consent(deployment) if kind == "offer" else None
        self.inbox.append(Command(kind, deployment, "sha256:" + told[2][1].hex(), word is not None))
        return (answer_cbor(word) if word else answer())(self, message)

    def take_push(self, arrival):
        """Heard when the image is whole; one for each release."""
        replies = self.take(self, arrival.message)
        more = parse_block(arrival.message.option(BLOCK1))[1]
        if arrival.kind == "image" and not more and replies[0].status == "2.04":
            manifest, image = self.bodies["suit/manifest"], self.bodies.pop(arrival.path[1:])
            assert arrival.path.endswith(suit.digest_text(bytes(image))[7:]), "an image that was pushed"
            deployment = arrival.query[0].removeprefix("d=")
            self.inbox.append(Command("push", deployment, suit.manifest_digest(bytes(manifest))))
        return replies

    def hear(self, longest_s):
        """The next command, or None."""
        until = time.monotonic() + longest_s
        while not self.inbox and time.monotonic() < until:
            try:
                self.device.peer.receive_any()
            except NO_ANSWER:
                continue
        return self.inbox.popleft() if self.inbox else None


class SpokenToHttp(HttpPlane):
    def __init__(self, address, endpoint):
        self.device = TalkingHttpDevice(address, endpoint)

    def hear(self, longest_s):
        query = {"ep": self.device.endpoint, "wait": max(1, round(longest_s))}
        try:
            reply = self.device.rest.get(COMMAND, None, params=query, timeout=30)
        except requests.RequestException:
            return None
        if reply.status_code == 204 or str(reply.status_code) in COME_AGAIN:
            return None
        assert reply.status_code == 200, f"{COMMAND}: {reply.status_code} {reply.text}"
        told = reply.json()
        return Command(told["command"], told.get("deployment"), told.get("release"))


class ObservingCoap(CoapPlane):
    """A poll is an observation that lasts, or a notification of it."""

    RENEW_S = 1.5  # after so much silence: the suitd that knew of it may have been killed

    def __init__(self, address, endpoint):
        super().__init__(address, endpoint)
        self.token, self.renew_at, self.notified = b"", 0, 0

    def watch(self):
        """What is to be installed, (status, payload); None: no news."""
        peer = self.device.peer
        try:
            if time.monotonic() < self.renew_at:
                reply = peer.notification(self.token)
                self.notified += bool(reply.payload)
            else:
                self.token, peer.pending[:] = os.urandom(4), []
                asked = peer.target("/suit/manifest", self.device.query)
                reply = peer.exchange(GET, asked + [(OBSERVE, b"")], token=self.token)
                self.renew_at = time.monotonic() + self.RENEW_S
        except NO_ANSWER:
            return None
        return None if reply.status in COME_AGAIN else (reply.status, reply.payload)


PLANES.update({"coap-told": SpokenToCoap, "http-told": SpokenToHttp, "coap-observes": ObservingCoap})
