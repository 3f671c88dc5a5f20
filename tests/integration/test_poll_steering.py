# SPDX-License-Identifier: Apache-2.0
"""The server says how often devices poll, and suit-device does it, within bounds of its own."""

import http.server
import json
import re
import threading
import types

import pytest
import suit_oracle as suit
from device import ETAG, CoapDevice, HttpDevice, encode_uint
from device_server import DeviceServer, Listener
from sandbox import TOP, eventually

MAX_AGE = 14
POLICY = json.loads((TOP / "config" / "policy.json").read_text())
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


# suitd itself, with the policy that it begins with.


def seconds(duration):
    hours = re.fullmatch(r"PT(\d+)H", duration)
    minutes = re.fullmatch(r"PT(\d+)M", duration)
    return int(hours[1]) * 3600 if hours else int(minutes[1]) * 60


def is_part_of(urgency, waited):
    """Three quarters of the interval, to all of it and a second."""
    most = seconds(POLICY["levels"][urgency]["poll_interval"])
    return most * 3 / 4 <= waited <= most + 1


def coap_age(reply):
    return int.from_bytes(reply.option(MAX_AGE), "big")


def http_age(reply):
    found = re.fullmatch(r"private, max-age=(\d+)", reply.headers["Cache-Control"])
    return int(found[1])


def publish_urgent(sandbox, trusted, product):
    image = suit.Image(b"urgent" * 50, f"/fw/{product}.bin")
    labels = {"kind": "security", "labels": '{"cvss": 9.8}'}
    sandbox.rest.put_image(image)
    made = sandbox.rest.post_manifest(suit.update(trusted, 1, [image], klass=product), **labels).json()
    sandbox.rest.approve(made["digest"])
    return image


def status_of(reply):
    return reply.status if hasattr(reply, "status") else reply.status_code


def shows(reply):
    return status_of(reply) in ("2.05", 200)


def polled_until(device, condition):
    reply = device.poll()
    return reply if condition(reply) else None


@pytest.mark.parametrize("kind, age", [(CoapDevice, coap_age), (HttpDevice, http_age)])
def test_a_poll_says_when_to_come_again(sandbox, trusted, unique, product, kind, age):
    device = kind(sandbox, unique("steered"))
    device.register(klass=product)
    idle = device.poll()
    assert is_part_of("normal", age(idle))
    publish_urgent(sandbox, trusted, product)
    soon = device.poll()
    assert age(soon) <= seconds(POLICY["levels"]["critical"]["poll_interval"]) + 1
    urgent = eventually(lambda: polled_until(device, shows))
    assert is_part_of("critical", age(urgent)) and age(urgent) < age(idle)
    etag = urgent.option(ETAG) if kind is CoapDevice else urgent.headers["ETag"]
    again = device.poll(etag)
    assert status_of(again) in ("2.03", 304)
    assert is_part_of("critical", age(again))


@pytest.mark.parametrize("kind", [CoapDevice, HttpDevice])
def test_who_only_polls_gets_what_is_urgent(sandbox, trusted, unique, product, kind):
    """Its class has devices asked at once; one that takes no commands finds it when it polls."""
    device = kind(sandbox, unique("urgent"))
    device.register(klass=product)
    image = publish_urgent(sandbox, trusted, product)
    eventually(lambda: polled_until(device, shows))
    device.run_update(image, 1)
    assert sandbox.rest.deployments(device.endpoint)[0]["state"] == "confirmed"


def test_devices_are_spread(sandbox, unique):
    """Each has its own interval, and keeps it."""
    ages = []
    for _ in range(12):
        device = HttpDevice(sandbox, unique("spread"))
        device.register()
        ages.append(http_age(device.poll()))
        assert http_age(device.poll()) == ages[-1]
    assert len(set(ages)) > 8 and max(ages) - min(ages) > 600


@pytest.mark.parametrize("scheme", ["coap", "http"])
def test_suit_device_does_what_suitd_says(sandbox, trusted, unique, tmp_path, scheme):
    server = types.SimpleNamespace(uri=getattr(sandbox, scheme))
    folder = tmp_path / "lamp"
    name = unique("obedient")
    device = Listener(PROGRAM, server, folder, trusted, suit.CLASS, "--endpoint", name, poll=None)
    try:
        eventually(lambda: "asked to poll every" in device.said)
    finally:
        said = device.stop()
    asked, done = map(int, re.search(r"asked to poll every (\d+) s: every (\d+) s", said).groups())
    assert asked == done and is_part_of("normal", asked)
