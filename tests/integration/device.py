# SPDX-License-Identifier: Apache-2.0
"""Devices as small as they can be: the device plane over HTTP and over CoAP, for tests."""

import hashlib
import os
import socket
import struct
import urllib.parse

import suit_oracle as suit

GET, POST, PUT, DELETE = 1, 2, 3, 4
OBSERVE, URI_PATH, CONTENT_FORMAT, URI_QUERY, ACCEPT = 6, 11, 12, 15, 17
ETAG, LOCATION_PATH, BLOCK2, BLOCK1, SIZE2, SIZE1 = 4, 8, 23, 27, 28, 60
CBOR = 60
TYPES = CON, NON, ACK, RST = range(4)


def code_text(code):
    return f"{code >> 5}.{code & 31:02d}"


def encode_uint(value):
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def block_option(number, more, szx):
    return encode_uint(number << 4 | (8 if more else 0) | szx)


def parse_block(value):
    number = int.from_bytes(value, "big")
    return number >> 4, bool(number & 8), number & 7


class Message:
    def __init__(self, code, options=(), payload=b"", kind=CON, token=b"", message_id=0):
        self.kind, self.code, self.message_id, self.token = kind, code, message_id, token
        self.options = sorted(options, key=lambda option: option[0])
        self.payload = payload

    def option(self, number):
        """The first value, or None."""
        return next((value for at, value in self.options if at == number), None)

    def option_list(self, number):
        return [value for at, value in self.options if at == number]

    @property
    def status(self):
        """"2.05" and so on."""
        return code_text(self.code)

    def encode(self):
        out = struct.pack(
            "!BBH", 1 << 6 | self.kind << 4 | len(self.token), self.code, self.message_id
        )
        out += self.token
        last = 0
        for number, value in self.options:
            delta, last = number - last, number
            first, extension = 0, b""
            for shift, part in ((4, delta), (0, len(value))):
                if part < 13:
                    first |= part << shift
                elif part < 269:
                    first |= 13 << shift
                    extension += bytes([part - 13])
                else:
                    first |= 14 << shift
                    extension += struct.pack("!H", part - 269)
            out += bytes([first]) + extension + value
        return out + (b"\xff" + self.payload if self.payload else b"")

    @classmethod
    def decode(cls, data):
        first, code, message_id = struct.unpack_from("!BBH", data)
        at = 4 + (first & 15)
        token, options, number = data[4:at], [], 0
        while at < len(data) and data[at] != 0xFF:
            parts = []
            head = data[at]
            at += 1
            for part in (head >> 4, head & 15):
                if part == 13:
                    part, at = data[at] + 13, at + 1
                elif part == 14:
                    part, at = struct.unpack_from("!H", data, at)[0] + 269, at + 2
                parts.append(part)
            number += parts[0]
            options.append((number, data[at : at + parts[1]]))
            at += parts[1]
        return cls(code, options, data[at + 1 :], first >> 4 & 3, token, message_id)


class CoapPeer:
    """One UDP socket that speaks CoAP (RFC 7252, 7959): requests, blockwise both ways, Observe."""

    def __init__(self, uri, timeout=2.0, tries=5):
        parsed = urllib.parse.urlsplit(uri)
        family = socket.AF_INET6 if ":" in parsed.hostname else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.settimeout(timeout)
        self.socket.connect((parsed.hostname, parsed.port or 5683))
        self.tries = tries
        self.message_id = int.from_bytes(os.urandom(2), "big")
        self.pending = []  # notifications that came while something else was awaited

    def close(self):
        self.socket.close()

    def send(self, message):
        self.socket.send(message.encode())

    def receive(self):
        """The next message; a confirmable one is acknowledged."""
        message = Message.decode(self.socket.recv(65536))
        if message.kind == CON:
            self.send(Message(0, kind=ACK, message_id=message.message_id))
        return message

    def exchange(self, code, options=(), payload=b"", token=None):
        """One request and its response, separate or not; sent again when nothing comes."""
        self.message_id = (self.message_id + 1) & 0xFFFF
        token = os.urandom(4) if token is None else token
        request = Message(code, options, payload, CON, token, self.message_id)
        for _ in range(self.tries):
            self.send(request)
            try:
                while True:
                    message = self.receive()
                    if message.token == token and message.code:
                        return message
                    if message.kind == RST and message.message_id == self.message_id:
                        raise ConnectionResetError("the server answered with a reset")
                    if message.code:
                        self.pending.append(message)
            except socket.timeout:
                continue
        raise TimeoutError("no response")

    def notification(self, token):
        """The next message for an observation."""
        for message in self.pending:
            if message.token == token:
                self.pending.remove(message)
                return message
        while True:
            message = self.receive()
            if message.token == token and message.code:
                return message

    @staticmethod
    def target(path, query=()):
        path, _, inline = path.partition("?")
        queries = list(query) + [part for part in inline.split("&") if part]
        return [(URI_PATH, part.encode()) for part in path.strip("/").split("/")] + [
            (URI_QUERY, part.encode()) for part in queries
        ]

    def get(self, path, query=(), options=(), szx=6):
        """A whole body, fetched block by block; the first message, with the payload of all."""
        asked = self.target(path, query) + list(options)
        first = self.exchange(GET, asked + [(BLOCK2, block_option(0, False, szx))])
        block = first.option(BLOCK2)
        body, number = first.payload, 0
        while block is not None and parse_block(block)[1]:
            number += 1
            szx = parse_block(block)[2]
            reply = self.exchange(GET, asked + [(BLOCK2, block_option(number, False, szx))])
            if reply.code != first.code or reply.option(ETAG) != first.option(ETAG):
                return reply
            body += reply.payload
            block = reply.option(BLOCK2)
        first.payload = body
        return first

    def post(self, path, body=b"", query=(), content_format=CBOR, szx=6):
        """POST, with Block1 when the body needs it."""
        asked = self.target(path, query)
        if body and content_format is not None:
            asked.append((CONTENT_FORMAT, encode_uint(content_format)))
        size = 16 << szx
        if len(body) <= size:
            return self.exchange(POST, asked, body)
        reply = None
        for at in range(0, len(body), size):
            more = at + size < len(body)
            block = (BLOCK1, block_option(at // size, more, szx))
            reply = self.exchange(POST, asked + [block], body[at : at + size])
            if more and reply.status != "2.31":
                return reply
        return reply

    def delete(self, path, query=()):
        return self.exchange(DELETE, self.target(path, query))


class CoapDevice:
    """A device over plain CoAP, driven step by step."""

    def __init__(self, sandbox, endpoint):
        self.peer = CoapPeer(sandbox.coap)
        self.endpoint = endpoint
        self.location = None

    @property
    def query(self):
        return (f"ep={self.endpoint}",)

    def register(self, components=(), **more):
        reply = self.peer.post("/rd", suit.registration(components, **more), self.query)
        if reply.status == "2.01":
            parts = [part.decode() for part in reply.option_list(LOCATION_PATH)]
            self.location = "/" + "/".join(parts)
        return reply

    def renew(self):
        return self.peer.post(self.location, query=self.query)

    def poll(self, etag=None, options=()):
        options = list(options) + ([(ETAG, etag)] if etag else [])
        return self.peer.get("/suit/manifest", self.query, options)

    def status(self, **message):
        return self.peer.post("/suit/status", suit.status(**message), self.query)

    def report(self, body):
        return self.peer.post("/suit/report", body, self.query)

    def run_update(self, image, sequence_number):
        """Everything a good device does with one offer, down to running the new image."""
        offer = self.poll()
        assert offer.status == "2.05", (offer.status, offer.payload)
        for state in ("accepted", "downloading"):
            assert self.status(state=state).status == "2.04"
        content = self.peer.get("/blob/" + hashlib.sha256(image.content).hexdigest())
        assert content.payload == image.content
        for state in ("downloaded", "installing", "rebooting"):
            assert self.status(state=state).status == "2.04"
        assert self.report(suit.report(offer.payload)).status == "2.04"
        reply = self.status(components=[suit.installed(image, sequence_number)])
        assert reply.status == "2.04"
        return offer.payload


class HttpDevice:
    """The same over HTTP."""

    def __init__(self, sandbox, endpoint, token=None):
        from sandbox import Rest

        self.rest = Rest(sandbox.http, token)
        self.endpoint = endpoint
        self.location = None

    def post(self, path, body):
        return self.rest.request(
            "POST",
            f"/device/v1{path}",
            params={"ep": self.endpoint},
            data=body,
            headers={"Content-Type": "application/cbor"},
        )

    def register(self, components=(), **more):
        reply = self.post("/rd", suit.registration(components, **more))
        if reply.status_code == 201:
            self.location = reply.headers["Location"]
        return reply

    def renew(self):
        return self.rest.request("POST", self.location, params={"ep": self.endpoint})

    def poll(self, etag=None):
        headers = {"If-None-Match": etag} if etag else {}
        return self.rest.request(
            "GET",
            "/device/v1/suit/manifest",
            params={"ep": self.endpoint},
            headers=headers,
        )

    def status(self, **message):
        return self.post("/suit/status", suit.status(**message))

    def report(self, body):
        return self.post("/suit/report", body)

    def run_update(self, image, sequence_number):
        offer = self.poll()
        assert offer.status_code == 200, offer.text
        for state in ("accepted", "downloading"):
            assert self.status(state=state).status_code in (200, 204)
        content = self.rest.get("/blob/" + hashlib.sha256(image.content).hexdigest())
        assert content.content == image.content
        for state in ("downloaded", "installing", "rebooting"):
            assert self.status(state=state).status_code in (200, 204)
        assert self.report(suit.report(offer.content)).status_code in (200, 204)
        reply = self.status(components=[suit.installed(image, sequence_number)])
        assert reply.status_code in (200, 204)
        return offer.content
