# SPDX-License-Identifier: Apache-2.0
"""Another policy decides anew what is in flight; the same one changes nothing."""

import copy
import datetime

import pytest
import suit_oracle as suit
from device import CoapDevice
from sandbox import eventually

POLICY = "/api/v1/policy"


@pytest.fixture(scope="module")
def own(request, author_key):
    """A sandbox of this file: policies are for all devices."""
    import shutil
    import tempfile

    from sandbox import Sandbox

    folder = tempfile.mkdtemp(prefix="suitd-test.")
    running = Sandbox(folder)
    running.rest.trust(author_key, "author")
    yield running
    running.close()
    shutil.rmtree(folder)


@pytest.fixture
def policy(own):
    """Changes the document that is in force; in the end the one from before holds again."""
    before = own.rest.get(POLICY).json()["policy"]

    def change(edit):
        document = copy.deepcopy(own.rest.get(POLICY).json()["policy"])
        edit(document)
        return own.rest.put(POLICY, 200, json=document).json()["version"]

    yield change
    own.rest.put(POLICY, 200, json=before)
    eventually(lambda: own.sql("SELECT count(*) FROM replan_job")[0][0] == 0)


@pytest.fixture
def planned(own, author_key, unique, product):
    """A device with a deployment that waits for its next poll."""

    def plan(query=None, **told):
        device = CoapDevice(own, unique("replan"))
        assert device.register(klass=product, **told).status == "2.01"
        image = suit.Image(f"firmware {product}".encode() * 40, f"/fw/{product}.bin")
        own.rest.put_image(image)
        envelope = suit.update(author_key, 1, [image], klass=product)
        release = own.rest.post_manifest(envelope, 201, **(query or {})).json()
        own.rest.approve(release["digest"])
        eventually(lambda: device.poll().status == "2.05")
        return device

    return plan


def deployment(own, device):
    return own.rest.device(device.endpoint)["deployment"]


def history(own, device):
    url = f"/api/v1/deployments/{deployment(own, device)['id']}/history"
    return own.rest.get(url).json()["items"]


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def tighten(document):
    document["levels"]["normal"].update(
        announce_within="PT1H", start_within="PT6H", deadline="P2D", negotiate_after="PT12H",
        command_after="P1D", interrupt_after="P1D")


def test_a_tighter_deadline_brings_it_forward(own, policy, planned):
    device = planned()
    before = deployment(own, device)
    policy(tighten)

    def renewed():
        now = deployment(own, device)
        return now if now["plan"]["due_at"] != before["plan"]["due_at"] else None

    after = eventually(renewed)
    assert after["urgency"] == "normal" and after["state"] == before["state"]
    moved = moment(before["plan"]["due_at"]) - moment(after["plan"]["due_at"])
    assert moved == datetime.timedelta(days=12)
    assert after["plan"]["install_at"] < before["plan"]["install_at"]
    row = history(own, device)[0]
    assert (row["event"], row["actor"], row["from"], row["to"]) == (
        "replan", "suitd", "offered", "offered")
    assert after["plan"]["due_at"] in row["detail"] and before["plan"]["due_at"] in row["detail"]


def test_another_class(own, policy, planned):
    device = planned({"labels": '{"area": "brakes"}'})
    assert deployment(own, device)["urgency"] == "normal"
    policy(lambda document: document["urgency"].insert(0, {
        "name": "brakes first", "when": "release.labels.area == 'brakes'",
        "urgency": "critical"}))
    eventually(lambda: deployment(own, device)["urgency"] == "critical")
    shown = deployment(own, device)
    assert shown["plan"]["reasons"]["urgency"]["rule"] == "brakes first"
    assert "brakes" in shown["plan"]["reasons"]["urgency"]["because"]
    rows = [row for row in history(own, device) if row["event"] == "replan"]
    assert len(rows) == 1 and "class critical (was normal)" in rows[0]["detail"]


def test_the_same_document_does_nothing(own, policy, planned):
    device = planned()
    before, rows = deployment(own, device), history(own, device)
    version = own.rest.get(POLICY).json()["version"]
    assert policy(lambda document: None) == version
    assert own.sql("SELECT count(*) FROM replan_job")[0][0] == 0
    after = deployment(own, device)
    for seen in (before, after):
        del seen["plan"]["look_at"]  # it may be looked at in between, and comes out the same
    assert after == before and history(own, device) == rows


def test_what_it_says_nothing_about_stays(own, policy, planned):
    device = planned()
    before, rows = deployment(own, device), history(own, device)
    policy(lambda document: document["levels"]["low"].update(deadline="P60D"))

    eventually(lambda: own.sql("SELECT count(*) FROM replan_job")[0][0] == 0)
    eventually(lambda: own.sql(
        "SELECT count(*) FROM deployment WHERE renew_at IS NOT NULL")[0][0] == 0)
    after = deployment(own, device)
    for name in ("due_at", "download_at", "install_at", "reasons"):
        assert after["plan"][name] == before["plan"][name]
    assert after["mode"] == before["mode"] and history(own, device) == rows


def test_a_device_that_reports_all_the_time(own, policy, planned):
    """Its messages set the time of the next look; the new decision comes nevertheless."""
    device = planned()
    assert device.status(state="downloading").status == "2.04"
    before = deployment(own, device)["plan"]["due_at"]
    policy(tighten)
    progress = iter(range(1, 100000))

    def renewed():
        assert device.status(state="downloading", progress=next(progress)).status == "2.04"
        return deployment(own, device)["plan"]["due_at"] != before

    eventually(renewed)


def test_another_mode(own, policy, planned):
    """Devices are settled anew when they are looked at, and their deployments driven so."""
    device = planned()
    assert own.rest.device(device.endpoint)["mode"] == "client"
    policy(lambda document: document["modes"].append(
        {"name": "all by command", "mode": "server"}))
    eventually(lambda: own.rest.device(device.endpoint)["mode"] == "server")
    assert own.rest.device(device.endpoint)["mode_reason"].startswith("all by command: ")
    assert deployment(own, device)["mode"] == "server"
    rows = history(own, device)
    assert "from client to server" in rows[0]["detail"]
