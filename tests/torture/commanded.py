# SPDX-License-Identifier: Apache-2.0
"""Devices of the load that are driven by suitd: asked and told, by push and by trigger, over CoAP and over HTTP;
and those that observe. They write down what was acknowledged, and look that what they said about time holds."""

import collections
import math
import time

import cbor2
import paths  # noqa: F401
import psycopg2
import suit_oracle as suit
from command_device import ALWAYS, CommandedDevice
from lamps import MOVED_ON, OK, Lamp
from lines import AT, NO, NOW
from worker import Worker

ASKED = {1: ALWAYS, 4: True}
TOLD = {1: ALWAYS, 2: True}
PUSHED = {**TOLD, 5: True}
# By name: the way to the device, and how it works.
KINDS = {
    "coap-asked": ("coap-told", ASKED),
    "coap-told": ("coap-told", TOLD),
    "coap-pushed": ("coap-told", PUSHED),
    "http-asked": ("http-told", ASKED),
    "http-told": ("http-told", TOLD),
}
EMPTY = "2.05"
DELIVERIES = ("trigger", "push")
WORDS = {NOW: "now", AT: "at", NO: "no"}
SILENCE_S, PATIENCE_S = 0.7, 2.0
# What was lost is told again after five minutes, who said no is asked again after thirty.
LAPSE_S = 2400


class Addressee(Lamp):
    """A device that waits for commands."""

    let_time_pass = CommandedDevice.let_time_pass

    def __init__(self, worker, name, kind, klass):
        plane, profile = KINDS[kind]
        address = worker.random.choice(worker.world.addresses)
        super().__init__(worker, name, klass, plane, [address], profile=profile)
        self.sandbox = worker.world.sandbox
        self.planes[0].consent = self.consent_at_once
        self.planes[0].told = lambda: suit.characteristics(self.components(), **self.told)
        self.answers = collections.defaultdict(list)  # of each deployment
        self.lapsed_at = self.promised_s = 0
        self.held = None  # the release that was downloaded last
        self.told_when = {}

    # What it says to offers

    def consent(self, deployment):
        """The answer that it has given, if it was asked again; who has said no is free to say something else."""
        given = self.answers[deployment]
        if not given or WORDS[given[-1][1]] == "no":
            words = (NOW, AT) if given else (NOW, AT, NO)
            given.append(self.make_answer(self.worker.random.choice(words)))
            self.told_when.pop((deployment, "offer"), None)
        self.look_for_repetition(deployment, "offer")
        self.promised_s = max(self.promised_s, given[-1].get(2, 0))
        return given[-1]

    def make_answer(self, word):
        if word == AT:
            return {1: AT, 2: int(time.time()) + self.worker.random.randrange(2, 4)}
        self.reports += 1  # no reason comes twice
        return {1: NO, 3: f"{self.endpoint} no {self.reports}"} if word == NO else {1: NOW}

    def consent_at_once(self, deployment):
        return self.consent(deployment) if self.worker.random.random() < 0.5 else None

    def say_consent(self, command):
        """In a status message, and so acknowledged."""
        told = self.consent(command.deployment)
        body = cbor2.dumps({4: bytes.fromhex(command.deployment.replace("-", "")), 10: told})
        status, payload = self.insist("tell", body)
        assert status in OK or status in MOVED_ON, f"{self.endpoint} answers: {status} {payload}"
        # A time that has come by the second try means "now".
        if status in OK and time.time() < told.get(2, math.inf):
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(told.get(2, 0)))
            detail = {NOW: "now", AT: f"at {moment}", NO: told.get(3)}[told[1]]
            self.promise("answer", command.deployment, detail)

    # What it does

    def obey(self, command):
        if command.kind == "ask":
            self.go_on()
            return
        if command.kind != "offer":
            self.look_for_repetition(command.deployment, command.kind)
        release = self.worker.world.releases.get(command.release)
        assert release, f"{self.endpoint} is told of a release that nobody published"
        self.promise("command", command.release, command.deployment, command.kind)
        self.worker.commands[command.kind] += 1
        if command.kind == "offer":
            if not command.answered:
                self.say_consent(command)
        elif command.kind in DELIVERIES:
            self.check_promise(command)
            self.take(release, command.kind)
        elif command.kind == "install":
            self.install(release)

    def look_for_repetition(self, *about):
        """Told twice is only what may have been lost; who has answered is asked something else."""
        world = self.worker.world
        assert world.is_disturbed or self.told_when.get(about) != world.disturbances, (
            f"{self.endpoint} was told twice, and nothing had failed: {about}"
        )
        self.told_when[about] = world.disturbances

    def check_promise(self, command):
        """Nothing begins before the time that it has named."""
        for told in self.answers[command.deployment][-1:]:
            at_s = told.get(2, 0)
            early = at_s - time.time()
            assert self.lapsed_at > at_s or early <= 0, f"{self.endpoint}: {command} {early:.1f} s too early"

    def take(self, release, kind):
        # The second trigger of the same release does nothing.
        if kind == "trigger" and self.held is not release:
            if self.poll() is not release or not self.say(release, "downloading"):
                return
            self.download(release)
        if self.say(release, "downloaded"):
            self.held = release

    def go_on(self):
        """It was asked how far it is."""
        release = self.poll()
        if release:
            self.take(release, "trigger")

    def install(self, release):
        if not self.say(release, "installing"):
            return
        if self.worker.random.random() < 0.1:
            self.say(release, "failed", reason="no power")
            return
        if self.worker.random.random() < 0.5 and not self.report(release):
            return
        if self.say(release, "rebooting"):
            self.run(release)
            self.worker.updates += 1

    # What it does when nothing comes

    def renew(self):
        """It is heard, so that who was killed meanwhile knows where it is."""
        status, payload = self.insist("renew")
        assert status in OK, f"{self.endpoint}: its registration was acknowledged: {status} {payload}"

    def lapse(self):
        """Some time goes by, for its deployment alone."""
        if time.time() > self.promised_s + PATIENCE_S:
            self.worker.insist(self.try_to_lapse)
            self.lapsed_at = time.time()

    def try_to_lapse(self):
        try:
            self.let_time_pass(LAPSE_S)
        except psycopg2.Error:
            return None
        return True


class AddresseeWorker(Worker):
    """One of them."""

    def __init__(self, world, kind, klass):
        super().__init__(world, kind)
        self.lamp = Addressee(self, kind, kind, klass)
        self.commands, self.updates = collections.Counter(), 0
        self.heard_at = self.lapsed_at = 0

    def step(self):
        lamp, now = self.lamp, time.monotonic()
        if not lamp.known:
            lamp.register()
            self.heard_at = self.lapsed_at = now
        command = lamp.plane.hear(0.3)
        if command:
            self.heard_at = self.lapsed_at = now
            lamp.obey(command)
        elif now - self.lapsed_at > PATIENCE_S:
            self.lapsed_at = now
            lamp.lapse()
        elif now - self.heard_at > SILENCE_S:
            self.heard_at = now
            lamp.renew()


class Observer(Lamp):
    def look(self):
        """No news is no reason to insist."""
        return self.plane.watch() or (EMPTY, b"")


class ObserverWorker(Worker):
    """A device that is notified, and asks only where the notification may have been lost."""

    def __init__(self, world, name, klass):
        super().__init__(world, name)
        address = self.random.choice(world.addresses)
        self.lamp = Observer(self, name, klass, "coap-observes", [address])
        self.commands, self.updates = collections.Counter(), 0

    def step(self):
        if not self.lamp.known:
            self.lamp.register()
        release = self.lamp.poll()
        self.commands["notified"] = self.lamp.plane.notified
        if release:
            self.lamp.update(release)
            self.updates += 1
