# SPDX-License-Identifier: Apache-2.0
"""The three modes with the reference device over CoAP and DTLS: who decides when, and what is written down."""

import datetime
import secrets
import uuid

import pytest
import suit_oracle as suit
from commanding import Update, commanding_sandbox
from reference_device import LiveDevice

SERVER = ["--reachability", "always", "--serial", "server"]
PATH = ["accepted", "downloading", "downloaded", "installing", "rebooting", "confirmed"]


@pytest.fixture(scope="module")
def driven(author_key):
    levels = {
        "critical": {"negotiate_after": "PT4S", "command_after": "PT9S", "max_deferral": "PT1M"},
        "high": {"notice": "PT3S"},
        "low": {"interrupt_after": "never"},
    }
    with commanding_sandbox(author_key, **levels) as sandbox:
        yield sandbox


@pytest.fixture
def live(driven, author_key, unique, tmp_path):
    """live(*options): a suit-device that runs, and update(): a release for it."""
    devices = []

    def make(*options, scheme="coap", poll=600):
        name = unique("live")
        klass = uuid.uuid5(suit.VENDOR, name)
        if scheme == "coaps":
            key = secrets.token_hex(16)
            driven.rest.put(f"/api/v1/devices/{name}/credentials", json={"psk": key})
            options = (*options, "--psk", key)
        device = LiveDevice(driven, name, tmp_path, *options, scheme=scheme, klass=klass, poll=poll)
        devices.append(device)
        return device.trust(author_key).go()

    yield make
    for device in devices:
        device.stop()
        print(device.said)


@pytest.fixture
def publish(driven, author_key):
    return lambda device, **options: Update(driven, author_key, device.klass, **options)


def in_time(seconds):
    """A moment as suit-device takes it."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def runs(device, update):
    return device.component()["digest"] == update.image.digest


@pytest.mark.parametrize("scheme", ["coap", "coaps"])
def test_client(live, publish, scheme):
    device = live(scheme=scheme, poll=1)
    update = publish(device)
    ended = device.wait_state("confirmed")
    assert ended["mode"] == "client" and runs(device, update)
    assert device.path() == ["offered", *PATH]
    assert "told" not in device.said and "offered:" not in device.said


@pytest.mark.parametrize("scheme", ["coap", "coaps"])
@pytest.mark.parametrize("push", [[], ["--push"]], ids=["pulls", "takes_push"])
def test_negotiated_now(live, publish, scheme, push):
    device = live("--reachability", "always", "--answer", "now", "--answers", *push, scheme=scheme)
    update = publish(device)
    ended = device.wait_state("confirmed")
    assert ended["mode"] == "negotiated" and runs(device, update)
    assert device.path()[:2] == ["offered", "accepted"]
    assert device.path()[-3:] == PATH[-3:]
    assert device.said.count("offered:") == 1
    assert ("was given the image" in device.said) == bool(push)
    assert ("told: fetch the update" in device.said) != bool(push)


def test_negotiated_at_t(live, publish):
    device = live("--reachability", "always", "--answers", "--answer", "at:5")
    publish(device)
    accepted = device.wait_state("accepted")
    assert accepted["plan"]["promised_at"] and accepted["plan"]["deferrals"] == 1
    device.wait_state("confirmed")
    rows = {row["event"]: row["at"] for row in device.history()}
    promised = accepted["plan"]["promised_at"]
    assert rows["download_began"].rstrip("Z") >= promised.rstrip("Z")
    assert "its class allows no later" not in str(device.history())


def test_negotiated_no_with_a_reason(driven, live, publish):
    device = live("--reachability", "always", "--answers", "--answer", "no:the oven is hot")
    publish(device)
    deferred = device.wait_state("deferred")
    assert deferred["reason"] == "the oven is hot" and deferred["plan"]["deferrals"] == 1
    assert deferred["plan"]["look_at"] > deferred["plan"]["last_offer_at"]
    assert "told: fetch" not in device.said


def test_a_deferral_is_bounded(live, publish):
    """An hour too much: it is told what its class allows."""
    device = live("--reachability", "always", "--answers", "--answer", "at:86400")
    publish(device)
    device.wait_state("accepted")
    assert "its class allows no later than" in device.history()[-1]["detail"]


@pytest.mark.parametrize("scheme", ["coap", "coaps"])
@pytest.mark.parametrize("push", [[], ["--push"]], ids=["pulls", "takes_push"])
def test_server_in_an_idle_window(live, publish, scheme, push):
    device = live(*SERVER, "--model", "low", "--idle-until", in_time(3600), *push, scheme=scheme)
    update = publish(device, size=30000)
    ended = device.wait_state("confirmed")
    assert ended["mode"] == "server" and runs(device, update)
    assert device.path()[-4:] == PATH[-4:]
    assert "accept" not in [row["event"] for row in device.history() if row["actor"] != "device"]
    assert "offered:" not in device.said and "notice" not in device.events()
    assert ("was given the image" in device.said) == bool(push)
    assert ("told: fetch the update" in device.said) != bool(push)


def test_server_waits_for_an_idle_window(live, publish):
    """The class never takes service away, and the device tells no idle time until later."""
    habits = [*SERVER, "--model", "low"]
    device = live(*habits, "--busy-until", in_time(3600))
    update = publish(device)
    device.wait_state("downloaded")
    device.hears("waits until it may install")
    device.stop()
    assert device.path()[-1] == "downloaded"
    device.options = (*habits, "--idle-until", in_time(3600))
    device.go()
    device.wait_state("confirmed")
    assert runs(device, update) and "notice" not in device.events()


def test_notice_before_service_is_taken_away(live, publish):
    device = live("--reachability", "always", "--always-on", "--model", "high", "--install-time", 20)
    publish(device)
    ended = device.wait_state("confirmed")
    assert ended["mode"] == "server" and ended["plan"]["noticed_at"]
    assert "for 20 s: " in device.hears("told: service goes away at ")
    events = device.events()
    assert events.count("notice") == 1 and events.index("notice") < events.index("install_began")
    at = {row["event"]: row["at"] for row in device.history()}
    assert moment(at["install_began"]) - moment(at["notice"]) >= datetime.timedelta(seconds=3)


def test_a_sleeping_device_is_served_in_its_wake_up(live, publish):
    device = live("--reachability", "queue", "--awake", 2, "--wake-every", 6, "--serial", "server")
    device.hears("sleeps")
    update = publish(device)
    ended = device.wait_state("confirmed", timeout=60)
    assert ended["mode"] == "server" and runs(device, update)
    lines = device.lines
    assert lines.index("sleeps") < lines.index("told: fetch the update")
    assert "lost" not in device.events()


def test_escalation(live, publish):
    """It would have polled some day; nobody answers the offer; then it is told."""
    device = live("--reachability", "always", "--answer", "silent", "--model", "critical")
    update = publish(device)
    ended = device.wait_state("confirmed")
    assert ended["mode"] == "server" and runs(device, update)
    told = [row["detail"] for row in device.history() if row["event"] == "escalate"]
    assert [text.split(":")[0] for text in told] == ["from client to negotiated", "from negotiated to server"]
    assert device.said.count("offered:") == 1 and "told: fetch the update" in device.said
