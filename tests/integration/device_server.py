# SPDX-License-Identifier: Apache-2.0
"""The server's side of the device plane, as small as it can be: gives commands to one reference device."""

import os
import queue
import random
import socket
import subprocess
import threading
import time

import cbor2
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
    PUT,
    URI_PATH,
    CoapPeer,
    Message,
    block_option,
    encode_uint,
    parse_block,
)

CREATED, CHANGED, CONTENT, CONTINUE, NOT_FOUND = 0x41, 0x44, 0x45, 0x5F, 0x84
STATES = ["planned", "offered", "deferred", "accepted", "downloading", "downloaded", "installing",
          "rebooting", "confirmed", "failed", "rejected"]  # fmt: skip


class DeviceServer:
    """Answers what a device asks, keeps what it tells. lose: the share of datagrams that are lost."""

    def __init__(self, lose=0.0):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.uri = f"coap://127.0.0.1:{self.socket.getsockname()[1]}"
        self.lose, self.random = lose, random.Random(7)
        self.device = None  # its address
        self.envelope = None  # what /suit/manifest offers
        self.files = {}  # path: bytes
        self.registrations, self.statuses, self.reports, self.asked = [], [], [], []
        self.bodies, self.replies = {}, queue.Queue()
        self.message_id, self.running = 1, True
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def close(self):
        self.running = False
        self.thread.join()
        self.socket.close()

    @property
    def states(self):
        return [STATES[status[6]] for status in self.statuses if 6 in status]

    def send(self, message, to):
        if self.random.random() >= self.lose:
            self.socket.sendto(message.encode(), to)

    def run(self):
        while self.running:
            try:
                data, address = self.socket.recvfrom(65536)
            except socket.timeout:
                continue
            if self.random.random() < self.lose:
                continue
            message = Message.decode(data)
            if message.code == 0 or message.code >= 0x40:
                self.replies.put(message)
            else:
                self.device = address
                self.send(self.answer(message), address)

    def answer(self, request):
        path = "/" + "/".join(part.decode() for part in request.option_list(URI_PATH))
        self.asked.append((request.code, path))
        code, options, payload = self.respond(request, path)
        block = request.option(BLOCK1)
        if block is not None and code < 0x80:
            options = options + [(BLOCK1, block)]
        return Message(code, options, payload, ACK, request.token, request.message_id)

    def respond(self, request, path):
        if request.code == GET:
            body = self.envelope if path == "/suit/manifest" else self.files.get(path)
            return self.block_of(request, body) if body is not None else (NOT_FOUND, [], b"")
        number, more, szx = parse_block(request.option(BLOCK1) or b"")
        body = self.bodies.setdefault(path, bytearray())
        if number == 0:
            body.clear()
        if len(body) == number << szx + 4:
            body += request.payload
        if more:
            return CONTINUE, [], b""
        return self.take(path, bytes(body))

    @staticmethod
    def block_of(request, body):
        number, _, szx = parse_block(request.option(BLOCK2) or b"\x06")
        at, size = number << szx + 4, 16 << szx
        block = block_option(number, at + size < len(body), szx)
        return CONTENT, [(4, b"etag"), (BLOCK2, block)], body[at : at + size]

    def take(self, path, body):
        if path == "/rd":
            self.registrations.append(cbor2.loads(body))
            return CREATED, [(LOCATION_PATH, b"rd"), (LOCATION_PATH, b"1")], b""
        if path == "/suit/status":
            self.statuses.append(cbor2.loads(body))
        elif path == "/suit/report":
            self.reports.append(body)
        return CHANGED, [], b""

    def tell(self, code, path, payload=b"", query=(), options=(), tries=20, wait=0.3):
        """A command and its answer; None when the device is deaf."""
        self.message_id += 1
        token = os.urandom(4)
        asked = CoapPeer.target(path, query) + list(options)
        if payload:
            asked.append((CONTENT_FORMAT, encode_uint(CBOR)))
        message = Message(code, asked, payload, CON, token, self.message_id)
        for _ in range(tries):
            self.send(message, self.device)
            until = time.monotonic() + wait
            while time.monotonic() < until:
                try:
                    reply = self.replies.get(timeout=wait)
                except queue.Empty:
                    break
                if reply.token == token and reply.code:
                    return reply
        return None

    def command(self, name, command=None, **options):
        payload = cbor2.dumps(command) if command is not None else b""
        return self.tell(POST, f"/suit/{name}", payload, **options)

    def push(self, path, body, query=(), szx=6):
        """Block by block, with smaller ones from the start when the device asks for them."""
        at = 0
        while True:
            size = 16 << szx
            block = (BLOCK1, block_option(at // size, at + size < len(body), szx))
            reply = self.tell(PUT, path, body[at : at + size], query, [block])
            if reply.status == "4.13" and szx > 0:
                at, szx = 0, szx - 1
            elif reply.status == "2.31":
                at += size
            else:
                return reply, szx


class Listener:
    """suit-device, with what it says."""

    def __init__(self, program, server, folder, trust, klass, *options, poll=1):
        import suit_oracle as suit

        self.folder = folder
        self.server = server
        folder.mkdir(exist_ok=True)
        pem = folder.with_suffix(".pem")
        pem.write_text(trust.public_pem())
        words = [program, "--server", server.uri, "--endpoint", "lamp", "--dir", folder, "--trust", pem,
                 "--vendor", suit.VENDOR, "--class", klass, "--restart-ms", 10,
                 *(["--poll", poll] if poll else []), *options]  # fmt: skip
        self.process = subprocess.Popen(
            [str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.lines = []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.decode().rstrip())

    @property
    def said(self):
        return "\n".join(self.lines)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        return self.said
