# SPDX-License-Identifier: Apache-2.0
"""A device that suitd gives commands to, as bad as a test wants it: one UDP socket, from which it
registers and on which it is spoken to."""

import os
import queue
import socket
import threading
import time
import urllib.parse

import cbor2
import suit_oracle as suit
from device import (
    ACK,
    BLOCK1,
    BLOCK2,
    CBOR,
    CON,
    CONTENT_FORMAT,
    GET,
    LOCATION_PATH,
    POST,
    RST,
    SIZE1,
    URI_PATH,
    URI_QUERY,
    CoapPeer,
    Message,
    block_option,
    encode_uint,
    parse_block,
)
from sandbox import eventually

ALWAYS, WHILE_WORKING, QUEUE = range(3)
NOW, AT, NO = range(3)


def code_of(status):
    """"4.13" as the byte of a message."""
    return int(status[0]) << 5 | int(status[2:])


class Arrival:
    """A request of suitd: repeated when its message identifier was there before."""

    def __init__(self, message, repeated):
        self.message, self.repeated = message, repeated
        self.at = time.monotonic()
        path = [part.decode() for part in message.option_list(URI_PATH)]
        self.path = "/" + "/".join(path)
        self.kind = "ask" if message.code == GET else path[1] if len(path) > 1 else ""
        self.query = [part.decode() for part in message.option_list(URI_QUERY)]

    def is_like(self, message):
        return self.message.message_id == message.message_id and self.message.token == message.token

    @property
    def command(self):
        return cbor2.loads(self.message.payload)


# How a request is answered: behaviours are functions of (device, message) to messages.


def answer(status="2.04", payload=b"", options=()):
    def behave(device, request):
        told = list(options)
        if payload and status < "4":
            told.append((CONTENT_FORMAT, encode_uint(CBOR)))
        return [Message(code_of(status), told, payload, ACK, request.token, request.message_id)]

    return behave


def answer_cbor(value, status="2.04"):
    return answer(status, cbor2.dumps(value))


def acknowledge(device, request):
    """An empty acknowledgement, and nothing after it."""
    return [Message(0, kind=ACK, message_id=request.message_id)]


def silent(device, request):
    return []


def reset(device, request):
    return [Message(0, kind=RST, message_id=request.message_id)]


def separately(behave):
    """An empty acknowledgement, then the answer as a message of its own."""

    def behave_late(device, request):
        late = behave(device, request)[0]
        late.kind, late.message_id = CON, device.next_id()
        return [*acknowledge(device, request), late]

    return behave_late


def twice(behave):
    return lambda device, request: behave(device, request) * 2


def wrong_token(behave):
    """An answer to a question that nobody asked."""

    def behave_wrong(device, request):
        replies = behave(device, request)
        replies[0].token = bytes(byte ^ 0xFF for byte in request.token)
        return replies

    return behave_wrong


def first(*behaviours):
    """One after the other; the last one stays."""
    left = list(behaviours)
    return lambda device, request: (left.pop(0) if len(left) > 1 else left[0])(device, request)


def tell(device, request):
    """What runs: the answer to "ask"."""
    return answer("2.05", cbor2.dumps({3: device.characteristics()}))(device, request)


def take_block(max_szx=6, hint=True):
    """Blocks of a push in their order; 4.13 for larger ones, with the size that would do or without."""

    def behave(device, request):
        path = "/".join(part.decode() for part in request.option_list(URI_PATH))
        number, more, szx = parse_block(request.option(BLOCK1))
        told = [(BLOCK1, block_option(number, more, szx))]
        if szx > max_szx:
            told = [(BLOCK1, block_option(0, True, max_szx))] if hint else []
            return answer("4.13", options=told)(device, request)
        body = device.bodies.setdefault(path, bytearray())
        if number == 0:
            body.clear()
            device.sizes.setdefault(path, []).append(request.option(SIZE1))
        if len(body) != number << szx + 4:
            return answer("4.08", options=told)(device, request)
        body += request.payload
        return answer("2.31" if more else "2.04", options=told)(device, request)

    return behave


class CommandedDevice:
    """on: kind of request -> behaviour; lose: so many datagrams of suitd get lost first."""

    def __init__(self, sandbox, endpoint, klass=suit.CLASS, profile=None, windows=None):
        parsed = urllib.parse.urlsplit(sandbox.coap)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(0.1)
        self.socket.connect((parsed.hostname, parsed.port))
        self.sandbox, self.endpoint, self.klass = sandbox, endpoint, klass
        self.profile = {1: ALWAYS, 4: True} if profile is None else profile
        self.windows, self.components, self.model = windows, [], None
        self.arrivals, self.replies, self.acknowledged = [], queue.Queue(), set()
        self.answered, self.bodies, self.sizes = {}, {}, {}
        self.lose, self.message_id = 0, int.from_bytes(os.urandom(2), "big")
        self.on = {
            "offer": answer_cbor({1: NOW}), "trigger": answer(), "install": answer(),
            "notice": answer(), "ask": tell, "manifest": take_block(), "image": take_block(),
        }  # fmt: skip
        self.running, self.location = True, None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def close(self):
        self.running = False
        self.thread.join()
        self.socket.close()

    def next_id(self):
        self.message_id = (self.message_id + 1) & 0xFFFF
        return self.message_id

    def run(self):
        while self.running:
            try:
                message = Message.decode(self.socket.recv(65536))
            except (socket.timeout, ConnectionRefusedError):
                continue
            if 0 < message.code < 0x20:
                self.serve(message)
                continue
            if message.kind == CON:
                self.socket.send(Message(0, kind=ACK, message_id=message.message_id).encode())
            if message.code:
                self.replies.put(message)
            else:
                self.acknowledged.add(message.message_id)

    def serve(self, message):
        arrival = Arrival(message, any(one.is_like(message) for one in self.arrivals))
        self.arrivals.append(arrival)
        if self.lose > 0:
            self.lose -= 1
            return
        # With the token, since a server that was killed may begin with identifiers that it has used before.
        exchange = (message.message_id, message.token)
        if exchange not in self.answered:
            behave = self.on.get(arrival.kind, answer("4.04"))
            self.answered[exchange] = behave(self, message)
        for reply in self.answered[exchange]:
            self.socket.send(reply.encode())

    # What it was asked.

    def asked(self, kind, repetitions=False):
        found = [arrival for arrival in list(self.arrivals) if arrival.kind == kind]
        return [one for one in found if repetitions or not one.repeated]

    def wait_for(self, kind, n=1, timeout=30):
        """The nth request of this kind."""
        return eventually(lambda: self.asked(kind)[n - 1 : n], timeout)[0]

    # What it tells.

    def call(self, code, path, body=b"", query=(), options=()):
        token = os.urandom(4)
        told = CoapPeer.target(path, [f"ep={self.endpoint}", *query]) + list(options)
        if body:
            told.append((CONTENT_FORMAT, encode_uint(CBOR)))
        message = Message(code, told, body, CON, token, self.next_id())
        for _ in range(5):
            self.socket.send(message.encode())
            until = time.monotonic() + 2
            while time.monotonic() < until:
                try:
                    reply = self.replies.get(timeout=0.2)
                except queue.Empty:
                    continue
                if reply.token == token:
                    return reply
        raise TimeoutError(f"no response to {path}")

    def characteristics(self):
        named = {"model": self.model} if self.model else {}
        told = suit.characteristics(self.components, klass=self.klass, **named)
        return {**told, 12: self.profile} if self.profile else told

    def register(self, *components):
        """What runs: components stay until others are told."""
        self.components = list(components) or self.components
        told = {3: self.characteristics()}
        if self.windows is not None:
            told[4] = {2: self.windows}
        reply = self.call(POST, "/rd", cbor2.dumps(told))
        assert reply.status == "2.01", (reply.status, reply.payload)
        self.location = "/" + "/".join(part.decode() for part in reply.option_list(LOCATION_PATH))
        return self

    def renew(self):
        assert self.call(POST, self.location).status == "2.04"

    def say(self, *states, **more):
        for state in states:
            reply = self.call(POST, "/suit/status", suit.status(state, **more))
            assert reply.status == "2.04", (state, reply.status, reply.payload)

    def poll(self):
        """The envelope, or the status."""
        options, body = [], b""
        while True:
            number = len(body) // 1024
            reply = self.call(GET, "/suit/manifest", options=[(BLOCK2, block_option(number, False, 6))])
            if reply.status != "2.05":
                return reply.status
            body += reply.payload
            block = reply.option(BLOCK2)
            if block is None or not parse_block(block)[1]:
                return body

    # What the server makes of it.

    @property
    def deployment(self):
        """The newest one; None before."""
        return next(iter(self.sandbox.rest.deployments(self.endpoint)), None)

    @property
    def plan(self):
        return (self.deployment or {"plan": {}})["plan"]

    def history(self):
        """Rows of its deployments, the oldest first."""
        found = self.sandbox.rest.get(f"/api/v1/devices/{self.endpoint}/history").json()["items"]
        return found[::-1]

    def events(self):
        return [(row["event"], row["to"]) for row in self.history()]

    def wait_state(self, *states, timeout=30):
        def probe():
            found = self.deployment
            return found if found and found["state"] in states else None

        try:
            return eventually(probe, timeout)
        except AssertionError as error:
            raise AssertionError(f"not {states}: {self.deployment} {self.events()}") from error

    def let_time_pass(self, seconds):
        """For its deployment, as if it had been decided about that much earlier."""
        times = ["vulnerable_since", "due_at", "look_at", "download_at", "install_at", "promised_at",
                 "last_failure_at", "last_offer_at", "noticed_at", "changed_at", "deadline_at",
                 "look_from", "deadline_from"]  # fmt: skip
        moved = ", ".join(f"{name} = {name} - %s * interval '1 second'" for name in times)
        self.sandbox.sql(
            f"UPDATE deployment SET {moved}, row_version = row_version + 1 WHERE active AND device_id ="
            " (SELECT id FROM device WHERE endpoint = %s);"
            " SELECT pg_notify('suitd', 'device - ' || %s)",
            *[seconds] * len(times), self.endpoint, self.endpoint,
        )  # fmt: skip
