# SPDX-License-Identifier: Apache-2.0
"""The simulator decides as suitd does: the same small fleet in both, suitd with a clock that the test turns."""

import collections
import contextlib
import datetime
import http.client
import json
import os
import pathlib
import shutil
import tempfile
import threading
import time
import urllib.parse
import uuid

import cbor2
import pytest
import suit_oracle as suit
from device import HttpDevice
from sandbox import SANITIZED, TOP, Sandbox, eventually

FAKETIME = next(
    iter(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None
)
pytestmark = pytest.mark.skipif(FAKETIME is None or SANITIZED, reason="libfaketime cannot be used")

# The night after the next one the clocks of Berlin go forward.
START = datetime.datetime(2026, 3, 27, 10, tzinfo=datetime.timezone.utc)
DAYS = 15
# suitd plans in steps of seconds, the simulator gathers those who ask for one.
TOLERANCE_S = 20
COMMANDS = {0: "offer", 1: "download", 3: "install", 4: "notice", 5: "ask"}
REACHABILITY = ("always", "while_working", "queue")
FAST = 1_000_000_000
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def nightly(zone, start, hours=4):
    return {
        "time_zone": zone,
        "windows": [{"days": list(DAY_NAMES), "start": start, "duration": f"PT{hours}H"}],
    }


def device(name, calendar=None, **profile):
    ways = {"reachability": "always", "link_bytes_per_s": FAST, "install_s": 60, **profile}
    line = {"endpoint": name, "profile": ways, "well_behaved": True}
    return {**line, "calendar": calendar} if calendar else line


FLEET = [
    *(device(f"meter-{n}", always_on=True, answers=False) for n in range(3)),
    device("camera-berlin", nightly("Europe/Berlin", "01:30"), answers=True),
    device("camera-tokyo", nightly("Asia/Tokyo", "22:00"), answers=True),
    device("camera-now", nightly("Asia/Kolkata", "14:00"), answers=True),
    device("camera-west", nightly("America/Los_Angeles", "23:30", 2), answers=True),
    device("mute-berlin", nightly("Europe/Berlin", "02:15", 1), answers=False),
    device("mute-york", nightly("America/New_York", "00:00"), answers=False),
    device("gateway-1", nightly("UTC", "03:00", 3), answers=True),
    device("gateway-weekly", {"time_zone": "Europe/Berlin", "windows": [
        {"days": ["sun"], "start": "04:00", "duration": "PT1H"}]}, answers=True),
    device("gateway-busy", {"windows": [
        {"days": list(DAY_NAMES), "start": "12:00", "duration": "PT2H"},
        {"meaning": "busy", "from": "2026-03-27T11:00:00Z", "until": "2026-03-29T13:00:00Z"}]},
        answers=True),
    device("plain-answers", answers=True),
    # Its first window does not come true: it says so when it is told to install.
    {**device("camera-false", nightly("Europe/Berlin", "01:00"), answers=True),
     "well_behaved": False},
    device("vehicle", reachability="while_working", answers=True),
    device("sensor", reachability="queue", wake_every_s=7200, answers=False),
]  # fmt: skip


def moment_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def window_words(window):
    """api/device.cddl: window"""
    if "until" in window:
        from_s, until_s = (int(moment_of(window[name]).timestamp()) for name in ("from", "until"))
        return {1: 1, 5: from_s, 6: until_s}
    hour, minute = map(int, window["start"].split(":"))
    days = sum(1 << DAY_NAMES.index(day) for day in window["days"])
    return {1: 0, 2: days, 3: 60 * hour + minute, 4: 60 * int(window["duration"][2:-1])}


def calendar_words(calendar):
    words = {2: [window_words(window) for window in calendar["windows"]]}
    return {1: calendar["time_zone"], **words} if "time_zone" in calendar else words


def profile_words(profile):
    keys = {"always_on": 2, "behind_nat": 3, "answers": 4, "takes_push": 5, "awake_s": 6,
            "wake_every_s": 7, "link_bytes_per_s": 8, "install_s": 9}  # fmt: skip
    words = {keys[name]: value for name, value in profile.items() if name in keys}
    return {1: REACHABILITY.index(profile["reachability"]), **words}


class Clock:
    """What suitd takes for the time; it stands still unless it is turned."""

    def __init__(self, folder):
        self.file = folder / "clock"
        self.set(START)

    def set(self, at):
        self.at = at
        whole = self.file.with_suffix(".new")
        whole.write_text(at.strftime("%Y-%m-%d %H:%M:%S\n"))
        whole.rename(self.file)

    def wrap(self, program, folder):
        """The program, living by this clock."""
        wrapper = folder / "suitd"
        wrapper.write_text(
            "#!/bin/sh\n"
            f"export LD_PRELOAD={FAKETIME} FAKETIME_TIMESTAMP_FILE={self.file} TZ=UTC\n"
            "export FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1\n"
            f'exec {program} "$@"\n'
        )
        wrapper.chmod(0o755)
        return wrapper


class LiveDevice(threading.Thread):
    """Waits for commands over HTTP and does as it is told, within no time; or polls, when it is asked to."""

    def __init__(self, sandbox, clock, line, klass, image):
        super().__init__(daemon=True)
        self.sandbox, self.clock, self.line, self.klass, self.image = (
            sandbox, clock, line, klass, image)  # fmt: skip
        self.endpoint = line["endpoint"]
        self.plane = HttpDevice(sandbox, self.endpoint)
        self.acts, self.faults, self.stopped = [], [], False
        self.busy_at = ()
        self.connection = None
        self.there = threading.Event()

    def register(self, sequence_number=1):
        body = {1: 60 * 86400, 3: suit.characteristics([suit.installed(
            self.image if sequence_number > 1 else None, sequence_number,
            component=self.image.component)], klass=self.klass)}  # fmt: skip
        body[3][12] = profile_words(self.line["profile"])
        if "calendar" in self.line and sequence_number == 1:
            body[4] = calendar_words(self.line["calendar"])
        reply = self.plane.post("/rd", suit.encode(body))
        assert reply.status_code in (201, 204), reply.text
        return reply

    def tell(self, **message):
        reply = self.plane.status(**message)
        assert reply.status_code in (200, 204), reply.text

    def note(self, act):
        self.acts.append((self.clock.at, act))

    def fetch(self):
        assert self.plane.poll().status_code == 200
        for state in ("downloading", "downloaded"):
            self.tell(state=state)

    def install(self):
        for state in ("installing", "rebooting"):
            self.tell(state=state)
        self.register(sequence_number=2)

    def answer(self, deployment, words):
        reply = self.plane.post("/suit/status", suit.encode({4: deployment, 10: words}))
        assert reply.status_code in (200, 204), reply.text

    def is_busy(self):
        return any(is_near(at, self.clock.at) for at in self.busy_at)

    def obey(self, command):
        kind = COMMANDS[command[0]]
        if kind != "ask":
            self.note(kind)
        if kind == "offer":
            self.answer(command[1], {1: 0})
        elif kind == "download":
            self.fetch()
        elif kind == "install" and self.is_busy():
            self.note("busy")
            self.answer(command[1], {1: 2, 3: "busy"})
        elif kind == "install":
            self.install()

    def wait(self):
        parsed = urllib.parse.urlsplit(self.sandbox.http)
        self.connection = http.client.HTTPConnection(parsed.hostname, parsed.port, timeout=400)
        query = urllib.parse.urlencode({"ep": self.endpoint, "wait": 300})
        self.connection.request(
            "GET", f"/device/v1/suit/command?{query}", headers={"Accept": "application/cbor"}
        )
        reply = self.connection.getresponse()
        body = reply.read()
        self.connection.close()
        return reply, body

    def wake_up(self, polls):
        """When the simulator says so: it polls, or a vehicle drives off and can be spoken to."""
        if polls:
            self.note("let_poll")
            self.fetch()
            for state in ("installing", "rebooting"):
                self.tell(state=state)
            self.register(sequence_number=2)
        self.there.set()

    def run(self):
        while not self.stopped:
            try:
                self.there.wait()
                reply, body = self.wait()
                if reply.status == 200:
                    self.obey(cbor2.loads(body))
            except (OSError, http.client.HTTPException):
                if not self.stopped:
                    time.sleep(0.1)
            except Exception as fault:  # shown by the test
                self.faults.append(repr(fault))
                return

    def stop(self):
        self.stopped = True
        self.there.set()
        with contextlib.suppress(OSError, AttributeError):
            self.connection.sock.shutdown(2)


@pytest.fixture
def world(monkeypatch, author_key):
    """A sandbox that lives by a clock."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="suitd-test."))
    folder.chmod(0o755)
    clock = Clock(folder)
    build = pathlib.Path(os.environ.get("SUITD_BUILD", TOP / "build"))
    monkeypatch.setenv("SUITD_BIN", str(clock.wrap(build / "suitd", folder)))
    sandbox = Sandbox(folder / "sandbox")
    sandbox.rest.trust(author_key, "author")
    yield sandbox, clock
    sandbox.close()
    shutil.rmtree(folder)


def simulate(sandbox, folder, urgency, seed):
    sandbox.suitctl(
        "policy", "simulate", "--fleet", str(folder / "fleet"), "--policy", str(folder / "policy"),
        "--start", START.strftime("%Y-%m-%dT%H:%M:%SZ"), "--days", str(DAYS), "--seed", str(seed),
        "--urgency", urgency, "--trace", str(folder / "trace"), "--json")  # fmt: skip
    lines = [json.loads(line) for line in (folder / "trace").read_text().splitlines()]
    for line in lines:
        line["time"] = moment_of(line["time"])
    return lines


def simulated(sandbox, folder, urgency):
    """What the simulator decides: its lines of trace, with a seed that lets one window fail."""
    (folder / "fleet").write_text("".join(json.dumps(line) + "\n" for line in FLEET))
    (folder / "policy").write_bytes(sandbox.suitctl("policy", "show").stdout)
    for seed in range(1, 200):
        lines = simulate(sandbox, folder, urgency, seed)
        acts = [line["decision"] for line in lines if line["device"] == "camera-false"]
        if acts[:5] == ["plan", "offer", "download", "install", "busy"] and "failed" not in acts:
            return lines
    raise AssertionError("no seed lets a window fail")


def is_near(a, b):
    return a is not None and b is not None and abs((a - b).total_seconds()) <= TOLERANCE_S


def publish(sandbox, author_key, image, klass, labels):
    envelope = suit.update(author_key, 2, [image], klass=klass)
    sandbox.rest.put_image(image)
    release = sandbox.rest.post_manifest(envelope, labels=json.dumps(labels)).json()
    return sandbox.rest.approve(release["digest"]).json()


def compare_plans(sandbox, trace, urgency):
    """Right after the publication: class, mode, step and times of each device."""
    wanted = {line["device"]: line for line in trace if line["decision"] == "plan"}
    for line in FLEET:
        endpoint = line["endpoint"]
        plan = eventually(lambda: next(iter(sandbox.rest.deployments(endpoint)), None), 60)
        said, times = wanted[endpoint], plan["plan"]
        assert plan["urgency"] == said["urgency"] == urgency
        assert plan["mode"] == said["mode"], endpoint
        if times["reasons"]:
            assert times["reasons"]["time"]["step"] == said["step"], endpoint
            assert times["reasons"]["time"]["escalated"] == said["escalated"], endpoint
        assert is_near(moment_of(times["download_at"]), moment_of(said["from"])), (endpoint, plan)
        if "install_at" in said and not said["interrupts"]:
            assert is_near(moment_of(times["install_at"]), moment_of(said["install_at"])), (
                endpoint, said, plan)  # fmt: skip


def pass_time(clock, devices, until):
    """No device is silent for days: suitd would give it up."""
    while until - clock.at > datetime.timedelta(days=1):
        clock.set(clock.at + datetime.timedelta(days=1))
        for live in devices.values():
            if live.there.is_set():
                live.plane.poll()
    clock.set(max(until, clock.at))


SHOWN = {"let_poll", "offer", "download", "notice", "install", "busy"}


@pytest.mark.parametrize("urgency, labels", [
    ("critical", {"cvss": 9.8}),
    ("normal", {}),
])  # fmt: skip
def test_same_decisions(world, author_key, tmp_path, urgency, labels):
    sandbox, clock = world
    klass = uuid.uuid4()
    image = suit.Image(os.urandom(500), "/fw/live.bin")
    devices = {
        line["endpoint"]: LiveDevice(sandbox, clock, line, klass, image) for line in FLEET
    }
    for live in devices.values():
        live.register()
    trace = simulated(sandbox, tmp_path, urgency)
    wanted = collections.defaultdict(list)
    for line in trace:
        if line["decision"] in SHOWN:
            wanted[line["device"]].append((line["time"], line["decision"]))
    publish(sandbox, author_key, image, klass, labels)
    compare_plans(sandbox, trace, urgency)
    for live in devices.values():
        live.busy_at = [at for at, act in wanted[live.endpoint] if act == "busy"]
        if live.line["profile"]["reachability"] == "always" and (
            wanted[live.endpoint][0][1] != "let_poll"
        ):
            live.there.set()
        live.start()

    def is_there(until):
        """Each device has been through what it shall have been through by then."""
        return all(
            live.faults or len(live.acts) >= sum(at <= until for at, _ in wanted[live.endpoint])
            for live in devices.values()
        )

    try:
        for at in sorted({at.replace(microsecond=0) for acts in wanted.values() for at, _ in acts}):
            at += datetime.timedelta(seconds=1)
            pass_time(clock, devices, at)
            for live in devices.values():
                first_at, first = wanted[live.endpoint][0]
                if not live.there.is_set() and first_at <= at:
                    live.wake_up(polls=first == "let_poll")
            with contextlib.suppress(AssertionError):
                eventually(lambda: is_there(at), 30)
            compare_acts(devices, wanted, at)
        for live in devices.values():
            eventually(lambda: sandbox.rest.deployments(live.endpoint)[0]["state"] == "confirmed")
    finally:
        for live in devices.values():
            live.stop()


def compare_acts(devices, wanted, until):
    for live in devices.values():
        assert not live.faults, (live.endpoint, live.faults)
        mine = [act for act in wanted[live.endpoint] if act[0] <= until]
        told = f"{live.endpoint}: {live.acts} but simulated {mine}"
        assert [act for _, act in live.acts[: len(mine)]] == [act for _, act in mine], told
        for (lived, _), (foreseen, _) in zip(live.acts, mine):
            assert is_near(lived, foreseen), told
