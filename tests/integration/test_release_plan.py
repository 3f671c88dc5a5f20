# SPDX-License-Identifier: Apache-2.0
"""How far a release is over its devices: sums, spans, pages, and what suitctl makes of them."""

import json
import os
import re

import pytest
import suit_oracle as suit
from device import HttpDevice
from sandbox import eventually
from test_rest_openapi import check


@pytest.fixture
def images(unique):
    stem = unique("firmware")
    return [suit.Image(os.urandom(200), f"/fw/{stem}/{n}.bin") for n in range(2)]


@pytest.fixture
def release(rest, trusted, product, images):
    return rest.publish(suit.update(trusted, 2, [images[1]], klass=product), [images[1]])


@pytest.fixture
def lamps(sandbox, product, images, release, unique):
    """Three that were shown the release."""
    made = [HttpDevice(sandbox, unique("lamp")) for _ in range(3)]
    for lamp in made:
        assert lamp.register([suit.installed(images[0], 1)], klass=product).ok
        eventually(lambda: lamp.poll().status_code == 200)  # one after the other has its turn
    return made


def plan_of(rest, release, query=""):
    reply = rest.get(f"/api/v1/releases/{release['digest']}/plan{query}").json()
    check(reply, "ReleasePlan")
    for item in reply["items"]:
        check(item, "Deployment")
    return reply


def test_sums(rest, release, lamps):
    plan = plan_of(rest, release)
    summary = check(plan["summary"], "ReleasePlanSummary")
    assert plan["release"] == release["digest"] and plan["state"] == "approved"
    assert {item["endpoint"] for item in plan["items"]} == {lamp.endpoint for lamp in lamps}
    assert summary["deployments"] == summary["in_flight"] == 3
    assert summary["states"]["offered"] == 3 and sum(summary["states"].values()) == 3
    assert sum(summary["modes"].values()) == sum(summary["urgency"].values()) == 3
    rest.post(f"/api/v1/deployments/{plan['items'][0]['id']}/cancel", 200)
    summary = plan_of(rest, release)["summary"]
    assert summary["states"]["cancelled"] == 1 and summary["states"]["offered"] == 2
    assert (summary["deployments"], summary["in_flight"]) == (3, 2)


def test_what_is_to_come(sandbox, rest, release, lamps):
    """The deployments' own times, summed up; a span has room for each of them."""
    first, *_ = plan_of(rest, release)["items"]
    sandbox.sql(
        "UPDATE deployment SET download_at = now() + interval '20 days', due_at = now() + interval '21 days',"
        " install_at = now() + interval '20 days 2 hours', row_version = row_version + 1 WHERE id = %s",
        first["id"],
    )
    plan = plan_of(rest, release)
    summary, timed = plan["summary"], plan["items"][0]
    assert summary["last_install_at"] == timed["plan"]["install_at"]
    assert summary["last_deadline_at"] >= timed["plan"]["due_at"]
    spans = summary["beginnings"]
    assert sum(span["installs"] for span in spans) == sum(
        item["plan"]["install_at"] is not None for item in plan["items"]
    )
    assert summary["untimed"] == sum(item["plan"]["install_at"] is None for item in plan["items"])
    assert any(
        span["from"] <= timed["plan"]["download_at"] < span["until"] and span["downloads"] == 1
        for span in spans
    )
    assert [span["from"] for span in spans] == sorted({span["from"] for span in spans})


def test_pages_and_states(rest, release, lamps):
    found, cursor, pages = [], "", 0
    while cursor is not None:
        page = plan_of(rest, release, f"?limit=2{cursor}")
        assert (page["summary"] is None) == (pages > 0)
        found += [item["endpoint"] for item in page["items"]]
        cursor = f"&cursor={page['next']}" if page["next"] else None
        pages += 1
    assert pages == 2 and found == [lamp.endpoint for lamp in lamps]
    assert len(plan_of(rest, release, "?state=offered")["items"]) == 3
    confirmed = plan_of(rest, release, "?state=confirmed")
    assert confirmed["items"] == [] and confirmed["summary"]["deployments"] == 3


def test_bad_questions(rest, release):
    url = f"/api/v1/releases/{release['digest']}/plan"
    assert rest.get(url + "?state=red", 400).json()["field"] == "state"
    assert rest.get(url + "?cursor=x", 400).json()["field"] == "cursor"
    rest.get(url + "?limit=0", 400)
    rest.get("/api/v1/releases/sha256:" + "0" * 64 + "/plan", 404)
    rest.get("/api/v1/releases/lamp/plan", 404)


def test_a_release_without_devices(rest, release):
    plan = plan_of(rest, release)
    assert plan["items"] == [] and plan["next"] is None
    assert plan["summary"]["deployments"] == 0 and plan["summary"]["beginnings"] == []
    assert plan["summary"]["last_install_at"] is None


def test_suitctl_release_plan(sandbox, rest, release, lamps):
    (deployment, *_) = plan_of(rest, release)["items"]
    sandbox.sql(
        "UPDATE deployment SET download_at = now() + interval '2 hours', row_version = row_version + 1"
        " WHERE id = %s",
        deployment["id"],
    )

    def ctl(*args):
        return sandbox.suitctl("release", "plan", release["digest"], *args).stdout.decode()

    shown = ctl()
    assert re.search(r"^deployments +3 *$", shown, re.M)
    assert re.search(r"^states +3 offered$", shown, re.M)
    assert re.search(r"^\d{4}-\d\d-\d\d \d\d:\d\d +\d+  #+ ", shown, re.M)
    assert lamps[0].endpoint not in shown
    listed = ctl("--devices")
    assert all(lamp.endpoint in listed for lamp in lamps)
    assert lamps[0].endpoint not in ctl("--state", "confirmed")
    as_json = json.loads(ctl("--json"))
    assert as_json["summary"]["in_flight"] == 3 and "items" not in as_json
    assert len(json.loads(ctl("--json", "--devices"))["items"]) == 3
