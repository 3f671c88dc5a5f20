# SPDX-License-Identifier: Apache-2.0
"""The server says how often devices poll, and suit-device does it, within bounds of its own."""

import http.server
import threading

import pytest
import suit_oracle as suit
from device import encode_uint
from device_server import DeviceServer, Listener
from sandbox import TOP, eventually

MAX_AGE = 14
PROGRAM = TOP / "build" / "suit-device"


class CoapPlane(DeviceServer):
    """There is nothing to install, and that holds for age seconds."""

    def __init__(self, age):
        self.age = age
        super().__init__()

    def respond(self, request, path):
        code, options, payload = super().respond(request, path)
        if path == "/suit/manifest" and self.age is not None:
            options = options + [(MAX_AGE, encode_uint(self.age))]
        return code, options, payload

    @property
    def polls(self):
        return sum(path == "/suit/manifest" for _, path in self.asked)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, code, **headers):
        self.send_response(code)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(201, Location="/device/v1/rd/1")

    def do_GET(self):
        plane = self.server.plane
        plane.polls += 1
        more = {"Cache_Control": f"private, max-age={plane.age}"} if plane.age is not None else {}
        self.answer(404, **more)


class HttpPlane:
    def __init__(self, age):
        self.age, self.polls = age, 0
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.plane = self
        self.uri = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture(params=[CoapPlane, HttpPlane])
def steered(request, tmp_path):
    """steered(age, options...): the server and the device."""
    made = []

    def make(age, *options):
        server = request.param(age)
        made.append(server)
        device = Listener(PROGRAM, server, tmp_path / "lamp", suit.Key(), suit.CLASS, *options, poll=None)
        made.append(device)
        eventually(lambda: server.polls)
        return server, device

    yield make
    for one in reversed(made):
        one.stop() if hasattr(one, "stop") else one.close()


def test_it_polls_as_often_as_the_server_says(steered):
    server, device = steered(1, "--poll-least", 1)
    eventually(lambda: server.polls >= 3)  # by itself it would take a minute for each
    assert "asked to poll every 1 s: every 1 s" in device.said


@pytest.mark.parametrize(
    "age, options, interval",
    [
        (1, (), 10),
        (3600, (), 3600),
        (1_000_000, (), 86400),
        (3600, ("--poll", 30), 30),
        (20, ("--poll", 30), 20),
        (1, ("--poll", 2), 2),
        (1, ("--poll-least", 5), 5),
    ],
)
def test_its_own_bounds(steered, age, options, interval):
    _, device = steered(age, *options)
    eventually(lambda: f"asked to poll every {age} s: every {interval} s" in device.said)


@pytest.mark.parametrize("age", [None, 0])
def test_a_server_that_says_nothing(steered, age):
    server, device = steered(age, "--poll", 1)
    eventually(lambda: server.polls >= 3)
    assert "asked to poll" not in device.said
