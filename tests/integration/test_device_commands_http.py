# SPDX-License-Identifier: Apache-2.0
"""suit-device asks for its commands over HTTP: long polls, answers as status messages."""

import http.server
import os
import queue
import threading
import uuid

import cbor2
import pytest
import suit_oracle as suit
from device_server import STATES, Listener
from sandbox import TOP, eventually

DEPLOYMENT = uuid.UUID("01940000-0000-7000-8000-000000000001")
OFFER, TRIGGER, INSTALL, ASK = 0, 1, 3, 5


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, code, body=b"", **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        plane = self.server.plane
        path = self.path.split("?")[0].removeprefix("/device/v1")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if path == "/rd":
            plane.registrations.append(cbor2.loads(body))
            self.reply(201, Location="/device/v1/rd/1")
            return
        if path == "/suit/status":
            plane.statuses.append(cbor2.loads(body))
        self.reply(204)

    def do_GET(self):
        plane = self.server.plane
        path = self.path.split("?")[0].removeprefix("/device/v1")
        if path == "/suit/command":
            plane.waits.append(self.path)
            if not plane.has_commands:
                self.reply(404, b"{}")
                return
            try:
                self.reply(200, cbor2.dumps(plane.commands.get(timeout=0.5)))
            except queue.Empty:
                self.reply(204)
        elif path == "/suit/manifest" and plane.envelope is not None:
            self.reply(200, plane.envelope, ETag='"abc"')
        elif path == "/fw/lamp.bin":
            self.reply(200, plane.image.content, ETag='"def"')
        else:
            self.reply(404, b"{}")


class Plane:
    def __init__(self, folder):
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.plane = self
        self.uri = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.registrations, self.statuses, self.waits = [], [], []
        self.commands, self.has_commands = queue.Queue(), True
        self.key = suit.Key()
        self.image = suit.Image(os.urandom(3000), "/fw/lamp.bin")
        self.new = suit.update(self.key, 1, [self.image])
        self.envelope = None
        self.folder = folder
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()
        self.device = None

    def start(self, *options):
        program = TOP / "build" / "suit-device"
        self.device = Listener(
            program, self, self.folder / "lamp", self.key, suit.CLASS, "--poll", 600, *options
        )
        eventually(lambda: self.waits)
        return self.device

    def command(self, kind, **more):
        self.commands.put({0: kind, 1: DEPLOYMENT.bytes, 2: suit.reference(self.new), **more})

    @property
    def states(self):
        return [STATES[status[6]] for status in self.statuses if 6 in status]

    def close(self):
        if self.device is not None:
            print(self.device.stop())
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def plane(tmp_path):
    plane = Plane(tmp_path)
    yield plane
    plane.close()


def test_offer_trigger_install(plane):
    plane.start("--answer", "now")
    assert plane.waits[0] == "/device/v1/suit/command?ep=lamp&wait=60"
    plane.command(OFFER)
    eventually(lambda: plane.statuses)
    assert plane.statuses[0] == {4: DEPLOYMENT.bytes, 10: {1: 0}}
    plane.envelope = plane.new
    plane.command(TRIGGER)
    eventually(lambda: plane.states[-1:] == ["downloaded"])
    waits = len(plane.waits)
    eventually(lambda: len(plane.waits) > waits + 1)  # it listens, and does not install
    assert plane.states[-1] == "downloaded"
    plane.command(ASK)
    eventually(lambda: any(3 in status for status in plane.statuses))
    plane.command(INSTALL)
    eventually(lambda: len(plane.registrations) > 1)
    digest = [-16, bytes.fromhex(plane.image.digest.split(":")[1])]
    assert plane.registrations[-1][3][11][0][2] == digest


def test_a_server_without_commands(plane):
    plane.has_commands = False
    device = plane.start("--answer", "now")
    eventually(lambda: "gets no commands" in device.said)
    assert len(plane.waits) == 1


def test_nonsense_is_survived(plane):
    device = plane.start("--answer", "silent")
    plane.commands.put({0: 77})
    eventually(lambda: "does not understand a command" in device.said)
    plane.command(OFFER)
    eventually(lambda: "answers: nothing" in device.said)
    assert plane.statuses == []
