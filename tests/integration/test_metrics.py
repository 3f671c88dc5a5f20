# SPDX-License-Identifier: Apache-2.0
"""What operators of the policy count: commands and what came of them, escalations, deadlines."""

import os
import re

import pytest
import suit_oracle as suit
from command_device import ALWAYS, AT, CommandedDevice, answer_cbor
from device import HttpDevice
from sandbox import eventually


@pytest.fixture
def count(sandbox):
    """count("commands_total", kind="offer", ...): the value in /metrics; 0 when it is not there."""

    def value(name, **labels):
        wanted = ",".join(f'{label}="{word}"' for label, word in labels.items())
        text = sandbox.anonymous().get("/metrics").text
        found = re.search(rf"^suitd_{name}{{{wanted}}} (\d+)$", text, re.M)
        return int(found[1]) if found else 0

    return value


@pytest.fixture
def images(unique):
    stem = unique("firmware")
    return [suit.Image(os.urandom(100), f"/fw/{stem}/{n}.bin") for n in range(2)]


def test_every_command_has_its_counters(sandbox):
    text = sandbox.anonymous().get("/metrics").text
    kinds = set(re.findall(r'^suitd_commands_total{kind="(\w+)",outcome="\w+"} \d+$', text, re.M))
    assert kinds == {"offer", "trigger", "push", "install", "notice", "ask"}
    heads = re.findall(r"^# TYPE (\w+) ", text, re.M)
    assert len(heads) == len(set(heads))


def test_commands_and_escalations(sandbox, rest, trusted, product, images, unique, count):
    device = CommandedDevice(sandbox, unique("counted"), klass=product, profile={1: ALWAYS, 4: True})
    try:
        before = count("commands_total", kind="offer", outcome="at")
        escalated = count("escalations", mode="server")
        device.register(suit.installed(images[0], 1))
        later = int(sandbox.sql("SELECT extract(epoch FROM now())::bigint")[0][0]) + 3600
        device.on["offer"] = answer_cbor({1: AT, 2: later})
        rest.publish(suit.update(trusted, 2, [images[1]], klass=product), [images[1]])
        device.wait_state("accepted")
        assert count("commands_total", kind="offer", outcome="at") == before + 1
        device.let_time_pass(8 * 24 * 3600)
        eventually(lambda: count("escalations", mode="server") == escalated + 1)
        summary = rest.get("/api/v1/fleet/summary").json()
        assert summary["escalations"]["server"] == escalated + 1
    finally:
        device.close()


def test_room_for_images(make_sandbox):
    sandbox = make_sandbox(storage__low_space="1048576GiB")
    text = sandbox.rest.get("/metrics").text
    free = int(re.search(r"^suitd_images_free_bytes (\d+)$", text, re.M)[1])
    disk = os.statvfs(sandbox.storage)
    assert 0 < free <= disk.f_blocks * disk.f_frsize
    assert "little room is left for images" in sandbox.log


def test_deadlines(sandbox, rest, trusted, product, images, unique, count):
    met, missed = (count("deadlines", outcome=word) for word in ("met", "missed"))
    devices = [HttpDevice(sandbox, unique("counted")) for _ in range(2)]
    rest.publish(suit.update(trusted, 2, [images[1]], klass=product), [images[1]])
    for device in devices:
        assert device.register([suit.installed(images[0], 1)], klass=product).ok
        eventually(lambda: device.poll().status_code == 200)
    sandbox.sql(
        "UPDATE deployment SET due_at = now() - interval '1 hour', row_version = row_version + 1"
        " WHERE device_id = (SELECT id FROM device WHERE endpoint = %s)",
        devices[1].endpoint,
    )
    for device in devices:
        assert device.register([suit.installed(images[1], 2)], klass=product).ok
    assert count("deadlines", outcome="met") == met + 1
    assert count("deadlines", outcome="missed") == missed + 1
