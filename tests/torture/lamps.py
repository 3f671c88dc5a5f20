# SPDX-License-Identifier: Apache-2.0
"""Devices of the load: they register, poll, download, report and install, over CoAP and over HTTP, and write
down what was acknowledged."""

import hashlib
import socket
import time

import paths  # noqa: F401
import requests
import suit_oracle as suit
from device import CoapDevice, CoapPeer, HttpDevice
from worker import Worker

STATES = ("accepted", "downloading", "downloaded", "installing", "rebooting")
DONE, GONE, NOTHING = "done", "gone", "nothing"
COME_AGAIN = ("5.03", "503")
# Not there any more, or not what is in flight: superseded, cancelled or withdrawn meanwhile.
MOVED_ON = ("4.04", "4.09", "404", "409")


class StubbornPeer(CoapPeer):
    """Repeats a message for two seconds, also while nobody has the port."""

    def __init__(self, uri):
        super().__init__(uri, timeout=0.2, tries=10)

    def send(self, message):
        try:
            super().send(message)
        except ConnectionRefusedError:
            pass

    def receive(self):
        try:
            return super().receive()
        except ConnectionRefusedError:
            time.sleep(self.socket.gettimeout())
            raise socket.timeout from None


class CoapPlane:
    """One way to suitd: a status as text, the payload, and the entity tag of each answer."""

    name = "coap"

    def __init__(self, address, endpoint):
        self.device = CoapDevice.__new__(CoapDevice)
        self.device.peer = StubbornPeer(address.coap)
        self.device.endpoint, self.device.location = endpoint, None

    def close(self):
        self.device.peer.close()

    def send(self, what, *args, **options):
        """(status, payload), or None when there was no answer."""
        try:
            reply = getattr(self.device, what)(*args, **options)
        except (TimeoutError, ConnectionResetError, socket.timeout):
            return None
        return None if reply.status in COME_AGAIN else (reply.status, reply.payload)

    def fetch(self, path):
        try:
            reply = self.device.peer.get(path)
        except (TimeoutError, ConnectionResetError, socket.timeout):
            return None
        return None if reply.status in COME_AGAIN else (reply.status, reply.payload)


class HttpPlane:
    name = "http"

    def __init__(self, address, endpoint):
        self.device = HttpDevice(address, endpoint)

    def close(self):
        self.device.rest.session.close()

    def send(self, what, *args, **options):
        try:
            reply = getattr(self.device, what)(*args, **options)
        except requests.RequestException:
            return None
        if str(reply.status_code) in COME_AGAIN:
            return None
        return str(reply.status_code), reply.content

    def fetch(self, path):
        try:
            reply = self.device.rest.request("GET", path, timeout=30)
        except requests.RequestException:
            return None
        return None if reply.status_code == 503 else (str(reply.status_code), reply.content)


PLANES = {"coap": CoapPlane, "http": HttpPlane}
OK = {"2.01", "2.04", "2.05", "200", "201", "204"}


class Lamp:
    """One device, and what it runs."""

    def __init__(self, worker, endpoint, klass, plane, addresses, **more):
        """more: what it tells of itself, as profile=."""
        self.worker, self.endpoint, self.told = worker, endpoint, {"klass": klass, **more}
        self.planes = [PLANES[plane](address, endpoint) for address in addresses]
        self.image, self.sequence_number = None, 0
        self.known, self.reports = False, 0

    @property
    def plane(self):
        """With several suitd it speaks to any of them."""
        return self.worker.random.choice(self.planes)

    def insist(self, what, *args, **options):
        return self.worker.insist(lambda: self.plane.send(what, *args, **options))

    def promise(self, kind, *facts):
        self.worker.ledger.promise(kind, self.endpoint, *facts)

    def components(self):
        return [suit.installed(self.image, self.sequence_number)] if self.image else []

    def register(self):
        status, _ = self.insist("register", self.components(), **self.told)
        assert status in OK, f"{self.endpoint} registers: {status}"
        self.known = True
        self.promise("registered", self.image.digest if self.image else None)

    def look(self):
        return self.insist("poll")

    def poll(self):
        """The release to install, or None."""
        status, payload = self.look()
        assert status in OK or status in MOVED_ON, f"{self.endpoint} polls: {status} {payload}"
        if status not in OK or not payload:
            return None
        release = self.worker.world.releases.get(suit.manifest_digest(payload))
        assert release, f"{self.endpoint} is offered a manifest that nobody published"
        assert payload == release.envelope, "the envelope is not what its author gave"
        self.promise("offered", release.digest)
        return release

    def say(self, release, state, **more):
        def send():
            self.worker.ledger.sent_states.append((self.endpoint, release.digest, state))
            return self.plane.send("status", state=state, release=release.envelope, **more)

        status, payload = self.worker.insist(send)
        assert status in OK or status in MOVED_ON, f"{self.endpoint} is {state}: {status} {payload}"
        if status in OK:
            self.promise("state", release.digest, state)
        return status in OK

    def report(self, release, success=True):
        self.reports += 1
        nonce = f"{self.endpoint} {self.reports}".encode()
        body = suit.report(release.envelope, success=success, nonce=nonce)
        self.worker.ledger.sent_reports.add(body)
        status, payload = self.insist("report", body)
        assert status in OK or status in MOVED_ON, f"{self.endpoint} reports: {status} {payload}"
        if status in OK:
            self.promise("report", body)
        return status in OK

    def download(self, release):
        path = "/blob/" + hashlib.sha256(release.image.content).hexdigest()
        status, content = self.worker.insist(lambda: self.plane.fetch(path))
        assert status in OK and content == release.image.content, f"{self.endpoint}: {path} {status}"

    def run(self, release):
        """The new image runs: said in a status message or in a registration."""
        self.image, self.sequence_number = release.image, release.sequence_number
        if self.worker.random.random() < 0.5:
            self.register()
        else:
            status, payload = self.insist("status", components=self.components(), **self.told)
            assert status in OK, f"{self.endpoint} runs: {status} {payload}"
            self.promise("registered", self.image.digest)
        self.promise("runs", release.digest)

    def update(self, release):
        """All steps, or as many as it takes until something else is to be done."""
        fails = self.worker.random.random()
        for state in STATES:
            more = {"progress": len(release.image.content) // 2} if state == "downloading" else {}
            if not self.say(release, state, **more):
                return
            if state == "downloading":
                self.download(release)
            if fails < 0.1 and state == "installing":
                self.say(release, "failed", reason="no power")
                return
            if fails > 0.5 and state == "installing" and not self.report(release):
                return
        self.run(release)


class LampWorker(Worker):
    """Some devices, one after the other."""

    def __init__(self, world, name, plane, endpoints, klass):
        super().__init__(world, name)
        self.lamps = [Lamp(self, endpoint, klass, plane, world.addresses) for endpoint in endpoints]

    def step(self):
        lamp = self.random.choice(self.lamps)
        if not lamp.known or self.random.random() < 0.05:
            lamp.register()
        release = lamp.poll()
        if release:
            lamp.update(release)
        else:
            time.sleep(0.01)


class ReporterWorker(Worker):
    """One device that is rebooting, and hands in one report after the other."""

    def __init__(self, world, name, plane, release):
        super().__init__(world, name)
        self.lamp = Lamp(self, name, world.probe_class, plane, world.addresses)
        self.release, self.begun = release, False

    def step(self):
        if not self.begun:
            self.lamp.register()
            assert self.lamp.poll() is self.release
            for state in STATES:
                assert self.lamp.say(self.release, state)
            self.begun = True
        assert self.lamp.report(self.release)
