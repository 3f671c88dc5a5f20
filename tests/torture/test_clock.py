# SPDX-License-Identifier: Apache-2.0
"""suitd's clock is stepped back and forth under load: nothing acknowledged is lost, and nothing waits for a
time that has been before."""

import datetime
import os
import pathlib
import uuid

import paths  # noqa: F401
import pytest
import suit_oracle as suit
from commanding import Update, document
from device import CoapDevice
from reference_device import LiveDevice
from sandbox import SANITIZED, eventually
from world import World

FAKETIME = next(iter(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
pytestmark = pytest.mark.skipif(FAKETIME is None or SANITIZED, reason="libfaketime cannot be used")
MAX_AGE = 14
ENDED = (
    "SELECT 1 FROM deployment d JOIN release r ON r.id = d.release_id"
    " WHERE r.digest = %s AND d.state = 'confirmed'"
)
LONGER_THAN_A_DAY = {"limits__upload_lifetime": "P30D"}


class SteppedClock:
    """What suitd takes for the wall clock: off by so much. Its monotonic clock is left alone."""

    def __init__(self, folder):
        self.file = folder / "clock"
        self.step("+0")

    def step(self, offset):
        whole = self.file.with_suffix(".new")
        whole.write_text(offset + "\n")
        whole.rename(self.file)

    def environment(self):
        return {
            **os.environ, "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip


@pytest.fixture
def stepped(tmp_path):
    """A world, its clock, and a device that is given commands."""
    with World(seed=5, commands=False, **LONGER_THAN_A_DAY) as world:
        world.clock = SteppedClock(world.folder)
        world.victims[0].environment = world.clock.environment()
        world.kill_suitd()
        world.rest.put("/api/v1/policy", 200, json=document(normal={"max_retries": 0}))
        world.begin()
        klass = uuid.uuid5(suit.VENDOR, "told")
        habits = ("--reachability", "always", "--answers", "--answer", "now", "--poll-least", 1)
        world.told = LiveDevice(world.sandbox, "told", tmp_path, *habits, klass=klass, poll=2)
        world.told.trust(world.key).go()
        yield world
        world.told.stop()
        print(world.told.said)


def check_alive(world, sequence_number):
    """Everybody goes on, a command comes at once, and what is told about time makes sense."""
    world.await_progress(2)
    update = Update(world.sandbox, world.key, world.told.klass, sequence_number)
    eventually(lambda: world.sandbox.sql(ENDED, update.release["digest"]), 120)
    assert world.told.component()["digest"] == update.image.digest
    poller = CoapDevice(world.sandbox, "poller")
    assert poller.register(lifetime=90 * 86400).status == "2.01"
    max_age = int.from_bytes(poller.poll().option(MAX_AGE), "big")
    assert 0 < max_age <= 61, "the policy says that a minute is the longest"
    poller.peer.close()


def test_steps_under_load(stepped):
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=6)
    body = {"name": "short", "role": "viewer", "expires_at": soon.strftime("%Y-%m-%dT%H:%M:%SZ")}
    token = stepped.rest.post("/api/v1/tokens", 201, json=body).json()["token"]
    allowed = {"Authorization": f"Bearer {token}"}
    for number, (offset, status) in enumerate([("-1h", 200), ("+1d", 401), ("+0", 200)], 1):
        with stepped.gate.closed():  # a day of silence ends what is under way
            stepped.clock.step(offset)
        check_alive(stepped, number)
        stepped.rest.get("/api/v1/fleet/summary", status, headers=allowed)
    stepped.kill_suitd()
    stepped.await_progress(1)
    stepped.end()
