# SPDX-License-Identifier: Apache-2.0
"""Callers that go on through a fault: each keeps a list of what suitd acknowledged, and repeats what it did not."""

import contextlib
import hashlib
import itertools
import threading

import requests
import suit_oracle as suit
from device import CoapDevice, HttpDevice
from sandbox import Rest, eventually


class Steady(threading.Thread):
    """send(number) does one thing; True when it was acknowledged."""

    def __init__(self):
        super().__init__(daemon=True)
        self.done = 0
        self.fault = None
        self.stopping = threading.Event()

    def send(self, number):
        raise NotImplementedError

    def run(self):
        try:
            for number in itertools.count():
                if self.stopping.is_set():
                    return
                if self.send(number):
                    self.done += 1
                else:
                    self.stopping.wait(0.02)
        except Exception as fault:  # for the thread of the test
            self.fault = fault

    def check_alive(self):
        if self.fault:
            raise self.fault


@contextlib.contextmanager
def all_running(callers):
    for caller in callers:
        caller.start()
    try:
        yield
    finally:
        for caller in callers:
            caller.stopping.set()
        for caller in callers:
            caller.join()
    for caller in callers:
        caller.check_alive()


def wait_for_more(callers, n, timeout=60):
    """Until each has had n things more acknowledged."""
    wanted = [(caller, caller.done + n) for caller in callers]

    def all_there():
        for caller, _ in wanted:
            caller.check_alive()
        return all(caller.done >= number for caller, number in wanted)

    eventually(all_there, timeout)


class Poller(Steady):
    """A device that suitd remembers: each poll must be answered with the offer, whatever is broken."""

    def __init__(self, sandbox, endpoint):
        super().__init__()
        self.device = HttpDevice(sandbox, endpoint)
        assert self.device.register().status_code == 201
        assert self.device.poll().status_code == 200

    def send(self, number):
        reply = self.device.poll()
        assert reply.status_code == 200, reply.text
        return True


class CoapPoller(Steady):
    def __init__(self, sandbox, endpoint):
        super().__init__()
        self.device = CoapDevice(sandbox, endpoint)
        assert self.device.register().status == "2.01"
        assert self.device.poll().status == "2.05"

    def send(self, number):
        reply = self.device.poll()
        assert reply.status == "2.05", (reply.status, reply.payload)
        return True


class Downloader(Steady):
    """Fetches an image over and over."""

    def __init__(self, sandbox, image):
        super().__init__()
        self.rest = Rest(sandbox.http)
        self.image = image
        self.path = "/blob/" + hashlib.sha256(image.content).hexdigest()

    def send(self, number):
        assert self.rest.get(self.path).content == self.image.content
        return True


class Reporter(Steady):
    """A device that reports over and over; each report has a nonce of its own."""

    def __init__(self, sandbox, endpoint):
        super().__init__()
        self.device = HttpDevice(sandbox, endpoint)
        assert self.device.register().status_code == 201
        self.envelope = self.device.poll().content
        for state in ("accepted", "downloading", "downloaded", "installing"):
            assert self.device.status(state=state).status_code in (200, 204)
        self.acknowledged, self.refused = [], []

    def send(self, number):
        nonce = self.device.endpoint.encode() + number.to_bytes(4, "big")
        body = suit.report(self.envelope, nonce=nonce)
        reply = self.device.report(body)
        if reply.status_code in (200, 204):
            self.acknowledged.append(body)
            return True
        assert reply.status_code == 503 and int(reply.headers["Retry-After"]) > 0, reply.text
        self.refused.append(body)
        return False


class Registrar(Steady):
    """Devices that appear, one after the other; each tries until it is taken."""

    def __init__(self, sandbox, stem):
        super().__init__()
        self.sandbox, self.stem = sandbox, stem
        self.acknowledged = []

    def send(self, number):
        endpoint = f"{self.stem}-{len(self.acknowledged)}"
        reply = HttpDevice(self.sandbox, endpoint).register()
        if reply.status_code == 201:
            self.acknowledged.append(endpoint)
            return True
        assert reply.status_code == 503, reply.text
        return False


class Uploader(Steady):
    """Images, one after the other."""

    def __init__(self, sandbox, stem):
        super().__init__()
        self.rest = sandbox.as_role("author")
        self.stem = stem
        self.acknowledged = []

    def send(self, number):
        image = suit.Image(f"{self.stem} {number} ".encode() * 1000)
        reply = self.rest.put_image(image, None)
        if reply.status_code in (200, 201):
            self.acknowledged.append(image)
            return True
        assert reply.status_code == 503, reply.text
        return False


def check_acknowledged(sandbox, callers):
    """Nothing that was acknowledged is missing, and nothing is there twice."""
    reports = [bytes(row[0]) for row in sandbox.sql("SELECT payload FROM report")]
    assert len(reports) == len(set(reports)), "a report was stored twice"
    names = {row[0] for row in sandbox.sql("SELECT endpoint FROM device")}
    images = {row[0] for row in sandbox.sql("SELECT digest FROM image")}
    for caller in callers:
        if isinstance(caller, Reporter):
            assert set(caller.acknowledged) <= set(reports)
            assert len(caller.acknowledged) == len(set(caller.acknowledged))
        elif isinstance(caller, Registrar):
            assert set(caller.acknowledged) <= names
        elif isinstance(caller, Uploader):
            for image in caller.acknowledged:
                assert image.digest in images
                blob = sandbox.anonymous().get("/blob/" + image.digest.split(":")[1])
                assert blob.content == image.content
    counted = dict(sandbox.sql("SELECT name, value FROM counter WHERE name LIKE 'reports.%%'"))
    assert sum(counted.values()) == len(reports), "the counters agree with the rows"
