# SPDX-License-Identifier: Apache-2.0
"""Why a device is treated as it is: what GET .../decision and suitctl say, held against what happens."""

import json
import os
import re
import time
import uuid

import pytest
import suit_oracle as suit
from command_device import ALWAYS, AT, QUEUE, WHILE_WORKING, CommandedDevice, answer_cbor
from device import HttpDevice
from sandbox import eventually
from test_rest_openapi import check

HOUR = 3600


@pytest.fixture
def images(unique):
    stem = unique("firmware")
    return [suit.Image(os.urandom(300), f"/fw/{stem}/{n}.bin") for n in range(2)]


@pytest.fixture
def publish(rest, trusted, product, images):
    """publish(sequence_number, **labels): approved."""

    def do(sequence_number=2, approve=True, **query):
        rest.put_image(images[1])
        envelope = suit.update(trusted, sequence_number, [images[1]], klass=product)
        release = rest.post_manifest(envelope, **query).json()
        return rest.approve(release["digest"]).json() if approve else release

    return do


@pytest.fixture
def appear(sandbox, product, images, unique):
    """appear(profile=..., windows=...): a device that runs the first image and takes commands."""
    made = []

    def do(**how):
        device = CommandedDevice(sandbox, unique("decided"), klass=product, **how)
        made.append(device)
        return device.register(suit.installed(images[0], 1))

    yield do
    for device in made:
        device.close()


def decision_of(rest, device):
    return check(rest.get(f"/api/v1/devices/{device.endpoint}/decision").json(), "Decision")


def test_a_device_without_a_release(sandbox, rest, product, unique):
    device = HttpDevice(sandbox, unique("lamp"))
    assert device.register([], vendor=uuid.uuid4(), klass=product).ok
    decision = decision_of(rest, device)
    assert decision["because"] == "no approved release targets its vendor or class"
    assert decision["ahead"] is decision["choice"] is decision["deployment"] is None
    assert decision["history"] == decision["candidates"] == []
    assert decision["mode"] == {
        "mode": "client", "rule": "default", "because": "it knows best when it is idle"
    }  # fmt: skip
    assert decision["windows"]["calendar"] is None and decision["windows"]["idle"] is None
    assert decision["policy_version"] >= 1


def test_nothing_fits(sandbox, rest, publish, product, images, unique):
    """Each release says why not."""
    device = HttpDevice(sandbox, unique("lamp"))
    assert device.register([suit.installed(images[0], 9)], klass=product).ok
    release = publish(2)
    decision = decision_of(rest, device)
    assert decision["because"] == "no approved release for its vendor or class fits it"
    (candidate,) = (each for each in decision["candidates"] if each["release"] == release["digest"])
    assert not any(each["chosen"] for each in decision["candidates"])
    assert "9" in candidate["reason"], candidate
    assert decision["ahead"] is None


def test_what_would_be_planned(sandbox, rest, publish, product, images, unique):
    """Before the device polls: the class, the times and the mode that its deployment then has."""
    device = HttpDevice(sandbox, unique("lamp"))
    assert device.register([suit.installed(images[0], 1)], klass=product).ok
    release = publish(2, kind="feature")
    decision = decision_of(rest, device)
    ahead = decision["ahead"]
    assert decision["because"] == "it is planned when the device polls"
    assert decision["choice"] == ahead["release"] == release["digest"]
    assert not ahead["in_flight"] and decision["deployment"] is None
    assert ahead["urgency"] == {
        "urgency": "low", "rule": "new features", "because": "release.kind = 'feature'"
    }  # fmt: skip
    assert ahead["next"]["step"] == "let_poll" and ahead["next"]["mode"] == "client"
    assert ahead["escalation"]["to"] == "negotiated" and not ahead["escalation"]["escalated"]
    assert ahead["escalation"]["interrupts_from"] is None, "its class never interrupts"
    assert ahead["deferrals"] == {"used": 0, "left": 10, "longest": "P7D", "promised_at": None}
    assert ahead["tries"]["failed"] == ahead["tries"]["unanswered"] == 0
    eventually(lambda: device.poll().status_code == 200)
    later = decision_of(rest, device)
    assert later["ahead"]["in_flight"] and later["deployment"]["state"] == "offered"
    for same in ("urgency", "vulnerable_since", "deadline_at", "latest_start_at", "transfer", "install"):
        assert later["ahead"][same] == ahead[same], same
    assert later["deployment"]["plan"]["due_at"] == ahead["deadline_at"]
    assert later["history"][0]["event"] == "offer"


def test_up_to_date(sandbox, rest, publish, product, images, unique):
    device = HttpDevice(sandbox, unique("lamp"))
    publish(2)
    assert device.register([suit.installed(images[1], 2)], klass=product).ok
    decision = decision_of(rest, device)
    assert decision["up_to_date"] and decision["ahead"] is None
    assert decision["because"] == "the device runs the best release for it already"


@pytest.mark.parametrize(
    "profile, mode, because",
    [
        ({1: ALWAYS, 2: True}, "server", "it is always on and never idle"),
        ({1: WHILE_WORKING}, "server",
         "it can be reached only while it works, and there is nobody to ask"),
        ({1: ALWAYS, 4: True}, "negotiated", "there is somebody to ask"),
        ({1: QUEUE}, "client", "it sleeps, and comes by itself"),
    ],
)  # fmt: skip
def test_modes_by_what_devices_say(rest, appear, profile, mode, because):
    decision = decision_of(rest, appear(profile=profile))
    assert decision["mode"] == {"mode": mode, "rule": "default", "because": because}


def test_windows_that_a_device_tells(rest, appear):
    """Nightly, two hours: the next one is shown, and it is where the installation is expected."""
    device = appear(windows=[{1: 0, 2: 0x7F, 3: 150, 4: 120}, {1: 2, 2: 0x7F, 3: 0, 4: 1439}])
    windows = decision_of(rest, device)["windows"]
    assert windows["rule"] == "device" and windows["because"] == "it told these windows itself"
    assert windows["calendar"]["windows"][0]["start"] == "02:30"
    assert windows["idle"]["until"][10:] == "T04:30:00Z"
    assert windows["busy"] is None and windows["reachable"]["until"]


def test_the_installation_of_a_device_that_polls(rest, publish, appear):
    """It installs by itself: expected in its next window; without one nobody knows when."""
    hour = (time.gmtime().tm_hour + 12) % 24  # not in the midst of the window
    nightly = appear(profile={1: ALWAYS, 2: True}, windows=[{1: 0, 2: 0x7F, 3: hour * 60 + 30, 4: 120}])
    whenever = appear(profile={1: ALWAYS, 2: False})
    publish(2)
    expected = decision_of(rest, nightly)["ahead"]["installation"]
    assert expected["step"] == "watch" and expected["from"][10:] == f"T{hour:02}:30:00Z"
    assert decision_of(rest, whenever)["ahead"]["installation"]["from"] is None


def test_an_offer_that_is_put_off(sandbox, rest, publish, appear):
    """Negotiated: what the device said, what it may still say, and when its class asks no more."""
    device = appear(profile={1: ALWAYS, 4: True})
    later = int(sandbox.sql("SELECT extract(epoch FROM now())::bigint")[0][0]) + HOUR
    device.on["offer"] = answer_cbor({1: AT, 2: later})
    publish(2, kind="security")
    device.wait_state("deferred", "accepted")
    decision = decision_of(rest, device)
    ahead = decision["ahead"]
    assert ahead["in_flight"] and ahead["urgency"]["rule"] == "security"
    assert ahead["urgency"]["urgency"] == "high"
    assert ahead["deferrals"]["used"] == 1 and ahead["deferrals"]["left"] == 2
    assert ahead["deferrals"]["promised_at"] == decision["deployment"]["plan"]["promised_at"]
    assert ahead["next"]["from"] >= ahead["deferrals"]["promised_at"]
    assert ahead["escalation"]["to"] == "server" and ahead["escalation"]["at"] < ahead["deadline_at"]
    assert {"plan", "offer", "accept"} <= {row["event"] for row in decision["history"]}
    device.let_time_pass(3 * 24 * HOUR)
    escalated = eventually(lambda: next(
        (told for told in [decision_of(rest, device)["ahead"]] if told["escalation"]["escalated"]), None
    ))  # fmt: skip
    assert escalated["next"]["mode"] == "server" and escalated["escalation"]["to"] is None


def test_unknown_devices(rest, unique):
    rest.get(f"/api/v1/devices/{unique('nobody')}/decision", 404)


def test_suitctl_device_decision(sandbox, rest, publish, product, images, unique):
    device = HttpDevice(sandbox, unique("lamp"))
    assert device.register([suit.installed(images[0], 1)], klass=product).ok
    release = publish(2, kind="security")

    def ctl(*args):
        return sandbox.suitctl("device", "decision", device.endpoint, *args).stdout.decode()

    shown = ctl()
    assert re.search(r"^mode +client \(default: it knows best when it is idle\)$", shown, re.M), shown
    assert re.search(r"^urgency +high \(security: release.kind = 'security'\)$", shown, re.M), shown
    assert re.search(r"^deadline +\d{4}-\d\d-\d\d \d\d:\d\d UTC, in 6 days 23 hours$", shown, re.M), shown
    assert re.search(rf"^{release['digest']} +2 +\S+ +true", shown, re.M), shown
    assert json.loads(ctl("--json"))["choice"] == release["digest"]
    eventually(lambda: device.poll().status_code == 200)
    assert re.search(r"^state +offered, in flight", ctl(), re.M)
    assert re.search(r"^\S+ +offer +planned +offered +suitd", ctl(), re.M), ctl()
