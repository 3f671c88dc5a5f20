# SPDX-License-Identifier: Apache-2.0
"""A sandbox whose policy leaves no device in peace, and releases for devices that are given commands."""

import contextlib
import os
import shutil
import tempfile

import suit_oracle as suit
from sandbox import Sandbox

NEVER = "never"


def level(**changes):
    """Asks nobody twice by itself, waits for nothing, and takes service away at once."""
    told = {
        "announce_within": "PT1M", "start_within": "PT1M", "deadline": "P1D",
        "negotiate_after": NEVER, "command_after": NEVER, "interrupt_after": "PT0S",
        "notice": "PT0S", "at_deadline": "keep_trying", "max_deferrals": 2, "max_deferral": "PT1H",
        "max_retries": 2, "retry_after": "PT10M", "share": 1.0, "poll_interval": "PT1M",
    }  # fmt: skip
    return {**told, **changes}


def document(**levels):
    """A policy document; the class of a device is what it says as its model, else normal; its
    mode is what it says as its serial number, else what its profile makes of it."""
    names = ["critical", "high", "normal", "low"]
    return {
        "levels": {name: level(**levels.get(name, {})) for name in names},
        "default_urgency": "normal",
        "urgency": [
            {"name": name, "when": f"device.model == '{name}'", "urgency": name} for name in names
        ],
        "modes": [
            {"name": f"always {mode}", "when": f"device.serial == '{mode}'", "mode": mode}
            for mode in ("client", "negotiated", "server")
        ],
        "approvals": [{"name": "operator", "roles": ["operator"]}],
        "capacity": {"downloads": 1000},
    }


@contextlib.contextmanager
def commanding_sandbox(key, **levels):
    """With a key that it trusts, and so little patience with silence as it can have."""
    folder = tempfile.mkdtemp(prefix="suitd-test.")
    sandbox = Sandbox(folder, coap__answer_timeout="PT10S")
    try:
        sandbox.rest.put("/api/v1/policy", 200, json=document(**levels))
        sandbox.rest.trust(key, "author")
        yield sandbox
    finally:
        sandbox.close()
        shutil.rmtree(folder)


class Update:
    """A release for one class of devices."""

    def __init__(self, sandbox, key, klass, sequence_number=1, size=3000, n_images=1):
        self.sequence_number = sequence_number
        self.images = [
            suit.Image(os.urandom(size), f"/fw/{klass}/{sequence_number}/{index}.bin", (bytes([index]),))
            for index in range(n_images)
        ]
        self.envelope = suit.update(key, sequence_number, self.images, klass=klass)
        self.release = sandbox.rest.publish(self.envelope, self.images)

    @property
    def image(self):
        return self.images[0]

    @property
    def installed(self):
        """As a device tells it that runs it."""
        return [suit.installed(image, self.sequence_number) for image in self.images]
