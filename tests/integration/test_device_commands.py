# SPDX-License-Identifier: Apache-2.0
"""suit-device under command: offers, triggers, pushes and what it must not do before it is told."""

import os
import time
import uuid

import cbor2
import pytest
import suit_oracle as suit
from device import GET, POST, PUT
from device_server import DeviceServer, Listener
from sandbox import TOP, eventually

DEPLOYMENT = uuid.UUID("01940000-0000-7000-8000-000000000001")


class Setting:
    def __init__(self, folder, lose=0.0):
        self.folder = folder
        self.server = DeviceServer(lose)
        self.devices = []
        self.key = suit.Key()
        self.image = suit.Image(os.urandom(3000), "/fw/lamp.bin")
        self.envelope = suit.update(self.key, 1, [self.image])
        self.hex = self.image.digest.split(":")[1]
        self.query = [f"d={DEPLOYMENT}"]

    def start(self, *options, folder="lamp"):
        device = Listener(
            TOP / "build" / "suit-device", self.server, self.folder / folder, self.key, suit.CLASS, *options
        )
        self.devices.append(device)
        eventually(lambda: self.server.registrations and (GET, "/suit/manifest") in self.server.asked)
        return device

    def command(self, **more):
        digest = suit.reference(self.envelope)
        return {1: DEPLOYMENT.bytes, 2: digest, 3: 0, 4: len(self.envelope),
                5: len(self.image.content), **more}  # fmt: skip

    def has_image(self):
        return [path.read_bytes() for path in (self.folder / "lamp/image").iterdir()]

    def runs_new(self):
        last = self.server.registrations[-1][3].get(11, [])
        return any(entry.get(2) == [-16, bytes.fromhex(self.hex)] for entry in last)

    def close(self):
        for device in self.devices:
            print(device.stop())
        self.server.close()


@pytest.fixture
def setting(tmp_path):
    setting = Setting(tmp_path)
    yield setting
    setting.close()


def test_registration_tells_habits(setting):
    setting.start(
        "--reachability", "queue", "--behind-nat", "--answers", "--push", "--awake", 60, "--wake-every",
        900, "--link-rate", 2000, "--install-time", 30, "--time-zone", "Europe/Berlin", "--idle",
        "mon,sun 02:30 PT2H", "--busy", "daily 12:00 PT30M", "--idle-until", "2100-01-01T00:00:00Z",
    )  # fmt: skip
    told = setting.server.registrations[0]
    assert told[3][12] == {1: 2, 3: True, 4: True, 5: True, 6: 60, 7: 900, 8: 2000, 9: 30}
    assert told[4] == {1: "Europe/Berlin", 2: [
        {2: 0x41, 3: 150, 4: 120}, {1: 1, 2: 0x7F, 3: 720, 4: 30}, {6: 4102444800},
    ]}  # fmt: skip


def test_registration_of_a_device_without_habits(setting):
    setting.start()
    told = setting.server.registrations[0]
    assert 4 not in told and 12 not in told[3]
    assert setting.server.command("offer", setting.command()).status == "4.04"


@pytest.mark.parametrize("script,answer", [("now", {1: 0}), ("no", {1: 2}), ("no:busy", {1: 2, 3: "busy"})])
def test_answers(setting, script, answer):
    device = setting.start("--answer", script)
    reply = setting.server.command("offer", setting.command(**{}) | {6: 20, 7: 4102444800})
    assert reply.status == "2.04" and cbor2.loads(reply.payload) == answer
    eventually(lambda: "offered: 3000 bytes, critical, 20 s without service, until 2100-01-01T00:00:00Z; "
               f"answers: {script.split(':')[0]}" in device.said)  # fmt: skip


def test_answer_at(setting):
    setting.start("--answer", "at:3600")
    before = int(time.time())
    first = cbor2.loads(setting.server.command("offer", setting.command()).payload)
    again = cbor2.loads(setting.server.command("offer", setting.command()).payload)
    assert first[1] == 1 and before + 3600 <= first[2] <= time.time() + 3600
    assert again == first


def test_put_off_release_is_not_taken_from_a_poll(setting):
    setting.start("--answer", "at:3600")
    setting.server.command("offer", setting.command())
    setting.server.envelope = setting.envelope
    polls = len(setting.server.asked)
    eventually(lambda: setting.server.asked[polls:].count((GET, "/suit/manifest")) > 1)
    assert setting.server.states == []


def test_answer_by_status(setting):
    setting.start("--answer", "no:later", "--answer-by-status")
    assert setting.server.command("offer", setting.command()).payload == b""
    eventually(lambda: setting.server.statuses)
    assert setting.server.statuses == [{4: DEPLOYMENT.bytes, 10: {1: 2, 3: "later"}}]


def test_silent_and_nonsense(setting):
    setting.start("--answer", "silent")
    reply = setting.server.command("offer", setting.command())
    assert (reply.status, reply.payload) == ("2.04", b"")
    setting.devices.pop().stop()
    setting.server.registrations.clear()
    setting.start("--answer", "nonsense", folder="other")
    assert cbor2.loads(setting.server.command("offer", setting.command()).payload) == {1: 99}


def test_triggered_update_waits_for_the_word(setting):
    device = setting.start("--answer", "now")
    setting.server.envelope = setting.envelope
    setting.server.files["/fw/lamp.bin"] = setting.image.content
    reply = setting.server.command("install", setting.command())
    assert reply.status == "4.09"
    setting.server.envelope = None
    assert setting.server.command("notice", setting.command() | {6: 30, 8: 4102444800, 9: "repair"}).status == "2.04"
    eventually(lambda: "told: service goes away at 2100-01-01T00:00:00Z for 30 s: repair" in device.said)
    setting.server.envelope = setting.envelope
    assert setting.server.command("trigger", setting.command()).status == "2.04"
    eventually(lambda: setting.server.states[-1:] == ["downloaded"])
    told = cbor2.loads(setting.server.tell(GET, "/suit/status").payload)
    assert told[6] == 5 and told[5] == suit.reference(setting.envelope)
    assert setting.server.command("trigger", setting.command()).status == "2.04"  # once more
    assert setting.server.states[-1] == "downloaded"
    assert setting.server.command("install", setting.command()).status == "2.04"
    eventually(setting.runs_new)
    assert setting.server.states == ["accepted", "downloading", "downloaded", "installing", "rebooting"]
    assert setting.server.command("install", setting.command()).status == "2.04"  # once more


def test_waits_for_the_word_over_a_restart(setting):
    setting.start("--answer", "now")
    setting.server.envelope = setting.envelope
    setting.server.files["/fw/lamp.bin"] = setting.image.content
    setting.server.command("trigger", setting.command())
    eventually(lambda: setting.server.states[-1:] == ["downloaded"])
    setting.devices.pop().stop()
    device = setting.start("--answer", "now")
    eventually(lambda: "waits until it may install" in device.said)
    setting.server.command("install", setting.command())
    eventually(setting.runs_new)


def test_installs_by_itself_after_its_limit(setting):
    setting.start("--answer", "now", "--install-limit", 1)
    setting.server.envelope = setting.envelope
    setting.server.files["/fw/lamp.bin"] = setting.image.content
    setting.server.command("trigger", setting.command())
    eventually(setting.runs_new)


@pytest.mark.parametrize("lose,max_block", [(0.0, 1024), (0.0, 16), (0.2, 256)])
def test_push(tmp_path, lose, max_block):
    setting = Setting(tmp_path, lose)
    try:
        setting.start("--push", "--max-block", max_block)
        reply, szx = setting.server.push("/suit/manifest", setting.envelope, setting.query)
        assert reply.status == "2.04" and 16 << szx == max_block
        reply, _ = setting.server.push(f"/suit/image/{setting.hex}", setting.image.content, setting.query, szx)
        assert reply.status == "2.04"
        eventually(lambda: setting.server.states[-1:] == ["downloaded"])
        assert (GET, "/fw/lamp.bin") not in setting.server.asked
        assert setting.server.command("install", setting.command()).status == "2.04"
        eventually(setting.runs_new)
        assert setting.has_image() == [setting.image.content]
    finally:
        setting.close()


def test_push_of_the_wrong_things(setting):
    setting.start("--push")
    path = f"/suit/image/{setting.hex}"
    assert setting.server.push(path, b"x", setting.query)[0].status == "4.09"  # no manifest before
    assert setting.server.push("/suit/manifest", setting.envelope, setting.query)[0].status == "2.04"
    assert setting.server.push(path, b"x", ["d=" + str(uuid.uuid4())])[0].status == "4.09"
    assert setting.server.push("/suit/image/xyz", b"x", setting.query)[0].status == "4.00"
    reply, _ = setting.server.push(path, os.urandom(3000), setting.query)
    assert (reply.status, reply.payload) == ("4.00", b"the image has another digest")
    middle = setting.server.tell(PUT, path, b"x" * 16, setting.query, [(27, b"\x18")])
    assert middle.status == "4.08"
    assert setting.server.push(path, setting.image.content, setting.query)[0].status == "2.04"
    eventually(lambda: setting.server.states[-1:] == ["downloaded"])


def test_pushed_manifest_of_a_stranger_is_rejected(setting):
    setting.start("--push")
    strange = suit.update(suit.Key(), 1, [setting.image])
    assert setting.server.push("/suit/manifest", strange, setting.query)[0].status == "2.04"
    eventually(lambda: setting.server.states == ["rejected"])


def test_calls_that_make_no_sense(setting):
    setting.start("--answer", "now")
    server = setting.server
    assert server.command("offer", {1: b"x"}).status == "4.00"
    assert server.command("offer", {1: DEPLOYMENT.bytes}).payload == b"release is missing"
    assert server.tell(POST, "/suit/offer", b"\xff").status == "4.00"
    assert server.tell(GET, "/suit/offer").status == "4.05"
    assert server.tell(POST, "/suit/elsewhere").status == "4.04"
    assert server.tell(POST, "/suit/status").status == "4.05"


def test_sleeping_device_is_deaf(setting):
    device = setting.start("--reachability", "queue", "--awake", 1, "--wake-every", 4, "--answer", "now")
    assert setting.server.command("offer", setting.command()).status == "2.04"
    address = setting.server.device
    polls = len(setting.server.asked)
    eventually(lambda: "sleeps" in device.said)
    assert setting.server.command("offer", setting.command(), tries=1, wait=0.5) is None
    eventually(lambda: (POST, "/rd/1") in setting.server.asked[polls:])
    assert setting.server.device == address
    assert setting.server.command("offer", setting.command()).status == "2.04"
    eventually(lambda: device.said.count("offered") == 2)


@pytest.mark.parametrize("state", ["downloading", "installing", "rebooting"])
def test_goes_silent(setting, state):
    device = setting.start("--answer", "now", "--go-silent-at", state, "--install-limit", 0)
    setting.server.envelope = setting.envelope
    setting.server.files["/fw/lamp.bin"] = setting.image.content
    setting.server.command("trigger", setting.command())
    eventually(lambda: "goes silent" in device.said)
    assert setting.server.states[-1] == state
    assert setting.server.tell(GET, "/suit/status", tries=2) is None


def test_comes_back_old(setting):
    device = setting.start("--come-back-old")
    setting.server.files["/fw/lamp.bin"] = setting.image.content
    setting.server.envelope = setting.envelope
    eventually(lambda: len(setting.server.registrations) > 1)
    assert not setting.runs_new()
    assert "will come back with the old image" in device.said


def test_reports_another_digest(setting):
    setting.start("--report-other-digest")
    setting.server.files["/fw/lamp.bin"] = setting.image.content
    setting.server.envelope = setting.envelope
    eventually(lambda: len(setting.server.registrations) > 1)
    (entry,) = setting.server.registrations[-1][3][11]
    assert entry[2][1] != bytes.fromhex(setting.hex)


def test_installs_when_it_is_idle(setting):
    """What it has found by itself waits for its own window."""
    setting.server.files["/fw/lamp.bin"] = setting.image.content
    setting.server.envelope = setting.envelope
    device = setting.start("--busy-until", "2100-01-01T00:00:00Z")
    eventually(lambda: "waits until it may install" in device.said)
    renewals = len(setting.server.asked)
    eventually(lambda: (POST, "/rd/1") in setting.server.asked[renewals:])
    assert setting.server.states[-1] == "downloaded"
    device.stop()
    setting.start("--idle-until", "2100-01-01T00:00:00Z")
    eventually(setting.runs_new)
