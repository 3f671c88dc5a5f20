# SPDX-License-Identifier: Apache-2.0
"""Who must agree to a release is what the policy says: somebody, two, or nobody."""

import copy
from concurrent.futures import ThreadPoolExecutor

import pytest
import suit_oracle as suit
from device import HttpDevice
from sandbox import eventually

POLICY = "/api/v1/policy"
BOTH = {"name": "for critical ones both", "when": "release.labels.safety == true",
        "roles": ["operator", "network_operator"]}
ITSELF = {"name": "settings", "when": "release.kind == 'configuration'", "roles": []}
ONE = {"name": "the rest", "roles": ["operator"]}


@pytest.fixture
def approvals(rest):
    """Puts rules of approval into force, for this test."""
    before = rest.get(POLICY).json()["policy"]

    def put(*rules):
        document = copy.deepcopy(before)
        document["approvals"] = list(rules)
        rest.put(POLICY, 200, json=document)

    put(BOTH, ITSELF, ONE)
    yield put
    rest.put(POLICY, 200, json=before)


@pytest.fixture
def image(product):
    return suit.Image(product.bytes * 3, f"/fw/{product}")


@pytest.fixture
def publish(rest, trusted, product, image):
    def publish(number=1, first_the_image=True, **query):
        if first_the_image:
            rest.put_image(image)
        envelope = suit.update(trusted, number, [image], klass=product)
        return rest.post_manifest(envelope, 201, **query).json()

    return publish


def path(release):
    return f"/api/v1/releases/{release['digest']}"


SAFETY = {"labels": '{"safety": true}'}


def test_both_have_to_agree(sandbox, approvals, publish, unique, product):
    release = publish(**SAFETY)
    assert release["approvals"]["needed"] == ["operator", "network_operator"]
    assert release["approvals"]["missing"] == ["operator", "network_operator"]
    assert release["approvals"]["rule"] == BOTH["name"]
    assert "safety" in release["approvals"]["because"]
    waiting = sandbox.as_role("operator").approve(release["digest"]).json()
    assert waiting["state"] == "verified" and waiting["approved_by"] is None
    assert waiting["approvals"]["missing"] == ["network_operator"]
    assert [(g["role"], g["by"]) for g in waiting["approvals"]["given"]] == [
        ("operator", "test-operator")]
    assert waiting["row_version"] == release["row_version"] + 1
    again = sandbox.as_role("operator").approve(release["digest"]).json()
    assert again == waiting
    device = HttpDevice(sandbox, unique("waits"))
    device.register(klass=product)
    assert device.poll().status_code == 404
    listed = sandbox.rest.get("/api/v1/releases", params={"limit": 5}).json()["items"]
    assert waiting in listed
    agreed = sandbox.as_role("network_operator").approve(release["digest"]).json()
    assert agreed["state"] == "approved" and agreed["approved_by"] == "test-network_operator"
    assert agreed["approvals"]["missing"] == []
    assert [g["role"] for g in agreed["approvals"]["given"]] == ["operator", "network_operator"]
    assert all(BOTH["name"] in g["reason"] for g in agreed["approvals"]["given"])
    eventually(lambda: device.poll().status_code == 200)
    audit = sandbox.rest.get("/api/v1/audit", params={"limit": 10}).json()["items"]
    lines = [a["detail"] for a in audit
             if a["action"] == "release.approve" and a["subject"] == release["digest"]]
    assert [(line["as"], line["missing"]) for line in lines] == [
        (["network_operator"], []), (["operator"], ["network_operator"])]


def test_two_at_once(sandbox, approvals, publish):
    """Neither overlooks the other: it never waits for one who has agreed."""
    callers = [sandbox.as_role("operator"), sandbox.as_role("network_operator")]
    with ThreadPoolExecutor(2) as pool:
        for number in range(1, 9):
            release = publish(number, **SAFETY)
            list(pool.map(lambda caller: caller.approve(release["digest"]), callers))
            assert sandbox.rest.get(path(release)).json()["state"] == "approved"


def test_who_is_not_asked_cannot_approve(sandbox, approvals, publish):
    release = publish(kind="feature")
    problem = sandbox.as_role("network_operator").approve(release["digest"], 403).json()
    assert ONE["name"] in problem["detail"] and "operator" in problem["detail"]
    assert sandbox.rest.get(path(release)).json()["approvals"] == release["approvals"]
    sandbox.as_role("operator").approve(release["digest"])


def test_the_policy_approves_by_itself(sandbox, approvals, publish, unique, product):
    device = HttpDevice(sandbox, unique("settings"))
    device.register(klass=product)
    assert device.poll().status_code == 404
    release = publish(kind="configuration")
    assert release["state"] == "approved" and release["approved_by"] == "suitd"
    assert release["approvals"]["needed"] == release["approvals"]["missing"] == []
    (given,) = release["approvals"]["given"]
    assert given["role"] == "policy" and given["by"] == "suitd" and given["at"]
    assert given["reason"].startswith(ITSELF["name"])
    eventually(lambda: device.poll().status_code == 200)
    audit = sandbox.rest.get("/api/v1/audit", params={"limit": 1}).json()["items"][0]
    assert audit["action"] == "release.approve" and audit["actor"] == "suitd"
    assert audit["detail"]["rule"] == ITSELF["name"]


def test_the_policy_waits_for_the_image(sandbox, approvals, publish, image, unique, product):
    device = HttpDevice(sandbox, unique("late"))
    device.register(klass=product)
    release = publish(first_the_image=False, kind="configuration")
    assert release["state"] == "incomplete"
    assert device.poll().status_code == 404
    sandbox.rest.put_image(image)
    assert sandbox.rest.get(path(release)).json()["state"] == "approved"
    eventually(lambda: device.poll().status_code == 200)


def test_a_changed_policy_asks_anew(sandbox, approvals, publish):
    release = publish(**SAFETY)
    sandbox.as_role("operator").approve(release["digest"])
    approvals(ONE)
    shown = sandbox.rest.get(path(release)).json()
    assert shown["state"] == "verified" and shown["approvals"]["missing"] == []
    assert shown["approvals"]["rule"] == ONE["name"]
    assert sandbox.as_role("operator").approve(release["digest"]).json()["state"] == "approved"


def test_withdrawn_for_good(sandbox, approvals, publish):
    release = publish(**SAFETY)
    sandbox.as_role("operator").approve(release["digest"])
    withdrawn = sandbox.as_role("operator").post(f"{path(release)}/withdraw", 200).json()
    assert withdrawn["state"] == "withdrawn"
    assert [g["role"] for g in withdrawn["approvals"]["given"]] == ["operator"]
    sandbox.as_role("network_operator").approve(release["digest"], 409)
    sandbox.as_role("network_operator").post(f"{path(release)}/withdraw", 403)


def test_suitctl_says_who_is_missing(sandbox, approvals, publish, tmp_path):
    release = publish(**SAFETY)
    approver = {"name": release["digest"][-20:], "role": "network_operator"}
    token = sandbox.rest.post("/api/v1/tokens", 201, json=approver).json()["token"]
    (tmp_path / "token").write_text(token)
    command = ("release", "approve", "--token-file", tmp_path / "token", release["digest"])
    shown = sandbox.suitctl(*command).stdout.decode()
    assert "It waits for the approval of: operator" in shown and BOTH["name"] in shown
    row = next(line for line in sandbox.suitctl("release", "list").stdout.decode().splitlines()
               if line.startswith(release["digest"]))
    assert row.split()[-1] == "operator"
    shown = sandbox.suitctl("release", "approve", release["digest"]).stdout.decode()
    assert "waits for" not in shown
