# SPDX-License-Identifier: Apache-2.0
"""A device that waits for its commands over HTTP, step by step."""

import cbor2
import suit_oracle as suit
from command_device import CommandedDevice
from device import HttpDevice
from sandbox import eventually

COMMAND = "/device/v1/suit/command"
ANSWERS, ALWAYS_ON = {1: 0, 4: True}, {1: 0, 2: True}


class PollingDevice(HttpDevice):
    """profile: api/device.cddl."""

    deployment = CommandedDevice.deployment
    plan = CommandedDevice.plan
    history = CommandedDevice.history
    events = CommandedDevice.events
    wait_state = CommandedDevice.wait_state
    let_time_pass = CommandedDevice.let_time_pass

    def __init__(self, sandbox, endpoint, klass=suit.CLASS, profile=None):
        super().__init__(sandbox, endpoint)
        self.sandbox, self.klass = sandbox, klass
        self.profile = ANSWERS if profile is None else profile
        self.commands = []

    def tell(self, path, body, expect):
        """Once suitd, which may be starting, has time for it."""

        def probe():
            reply = self.post(path, body)
            return None if reply.status_code == 503 else (reply.status_code, reply.text)

        reply = eventually(probe)
        assert reply[0] == expect, reply

    def register(self, components=()):
        told = {3: {**suit.characteristics(components, klass=self.klass), 12: self.profile}}
        self.tell("/rd", cbor2.dumps(told), 201)
        return self

    def ask(self, wait=5):
        """One request; the command, or None. suitd may be starting."""
        query = {"ep": self.endpoint, "wait": wait}
        reply = self.rest.get(COMMAND, (200, 204, 503), params=query)
        if reply.status_code != 200:
            return None
        self.commands.append(reply.json())
        return self.commands[-1]

    def await_command(self, kind):
        """The next one, which must be of this kind."""
        command = eventually(self.ask)
        assert command["command"] == kind, command
        return command

    def answer(self, offer, word, expect=204, **more):
        body = {"deployment": offer["deployment"], "answer": {"answer": word, **more}}
        query = {"ep": self.endpoint}
        return self.rest.post("/device/v1/suit/status", expect, params=query, json=body)

    def say(self, *states):
        for state in states:
            self.tell("/suit/status", suit.status(state), 204)

    def run(self, image, sequence_number):
        """The new image runs."""
        self.register([suit.installed(image, sequence_number)])
