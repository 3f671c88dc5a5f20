# SPDX-License-Identifier: Apache-2.0
"""What devices tell of how they work and when, and what operators lay down for them: kept, and obeyed."""

import json
import time
import uuid

import pytest
import suit_oracle as suit
from device import CoapDevice, HttpDevice
from sandbox import eventually

ALWAYS, WHILE_WORKING, QUEUE = range(3)
NIGHTS = {1: "Europe/Zurich", 2: [{2: 0x7F, 3: 150, 4: 120}]}
NIGHTS_JSON = {"time_zone": "Europe/Zurich", "windows": [
    {"meaning": "idle", "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
     "start": "02:30", "duration": "PT2H"}]}
MONTHLY = {"time_zone": "UTC", "windows": [
    {"meaning": "idle", "rule": "FREQ=MONTHLY;BYDAY=1SU;BYHOUR=2", "duration": "PT2H"}]}


def told(profile=None, **more):
    """A map of characteristics with a profile in it."""
    return {**suit.characteristics(**more), **({12: profile} if profile is not None else {})}


def register(device, profile=None, calendar=None, **more):
    body = {3: told(profile, **more), **({4: calendar} if calendar else {})}
    if isinstance(device, CoapDevice):
        reply = device.peer.post("/rd", suit.encode(body), device.query)
        assert reply.status == "2.01", reply.payload
    else:
        assert device.post("/rd", suit.encode(body)).status_code == 201


def say(device, **body):
    """A status message: profile, calendar."""
    message = {}
    if "profile" in body:
        message[3] = told(body["profile"])
    if "calendar" in body:
        message[9] = body["calendar"]
    if isinstance(device, CoapDevice):
        assert device.peer.post("/suit/status", suit.encode(message), device.query).status == "2.04"
    else:
        assert device.post("/suit/status", suit.encode(message)).status_code in (200, 204)


def url_of(endpoint):
    return f"/api/v1/devices/{endpoint}/provision"


def named(rest, filter):
    return [item["endpoint"] for item in rest.get("/api/v1/devices", params={"filter": filter}).json()["items"]]


def test_what_is_told_outlives_suitd(fresh):
    meter, sensor = CoapDevice(fresh, "meter"), HttpDevice(fresh, "sensor")
    register(meter, {1: ALWAYS, 2: True, 8: 1200}, site="north")
    register(sensor, {1: QUEUE, 3: True, 6: 30, 7: 3600}, NIGHTS)
    say(meter, calendar={2: [{1: 2, 6: int(time.time()) + 3600}]})
    say(sensor, profile={1: QUEUE, 4: True, 9: 90})

    before = {name: fresh.rest.device(name) for name in ("meter", "sensor")}
    assert before["meter"]["profile"] == {
        "reachability": "always", "always_on": True, "link_bytes_per_s": 1200}
    assert before["meter"]["calendar"]["windows"][0]["meaning"] == "reachable"
    assert before["meter"]["mode"] == "server"
    assert "always on" in before["meter"]["mode_reason"]
    assert before["sensor"]["profile"] == {"reachability": "queue", "answers": True, "install_s": 90}
    assert before["sensor"]["calendar"] == NIGHTS_JSON
    assert before["sensor"]["mode"] == "negotiated"
    assert "somebody to ask" in before["sensor"]["mode_reason"]
    assert not before["meter"]["provisioned"]

    fresh.kill()
    fresh.start()
    assert {name: fresh.rest.device(name) for name in before} == before
    # What suitd remembers is what was stored: a message that says nothing of them leaves them.
    say(meter, calendar={2: []})
    say(sensor, calendar=NIGHTS)
    meter_now, sensor_now = fresh.rest.device("meter"), fresh.rest.device("sensor")
    assert meter_now["calendar"] is None
    assert meter_now["profile"] == before["meter"]["profile"] and meter_now["site"] == "north"
    assert sensor_now["profile"] == before["sensor"]["profile"]
    assert named(fresh.rest, "device.always_on && device.mode == 'server'") == ["meter"]
    assert named(fresh.rest, "device.reachability == 'queue' && device.answers") == ["sensor"]


def test_a_device_of_no_words(sandbox, unique):
    lamp = HttpDevice(sandbox, unique("lamp"))
    register(lamp)
    seen = sandbox.rest.device(lamp.endpoint)
    assert seen["profile"] == {} and seen["calendar"] is None and seen["site"] is None
    assert seen["mode"] == "client" and seen["mode_reason"]
    assert seen["provisioned"] is False


def test_provision_stands_above_what_is_told(sandbox, rest, unique):
    lamp = CoapDevice(sandbox, unique("lamp"))
    register(lamp, {1: ALWAYS, 4: True}, NIGHTS, site="north")
    assert rest.device(lamp.endpoint)["mode"] == "negotiated"
    wanted = {"profile": {"answers": False, "wake_every_s": 600}, "site": "hall 4", "calendar": MONTHLY}
    reply = rest.put(url_of(lamp.endpoint), 200, json=wanted)
    laid_down = reply.json()
    assert laid_down["provision"] == wanted
    assert laid_down["mode"] == "client"
    assert rest.get(url_of(lamp.endpoint)).json() == laid_down
    assert rest.get(url_of(lamp.endpoint)).headers["ETag"] == reply.headers["ETag"]

    seen = rest.device(lamp.endpoint)
    assert seen["profile"] == {"reachability": "always", "answers": False, "wake_every_s": 600}
    assert seen["calendar"] == MONTHLY and seen["site"] == "hall 4" and seen["provisioned"]
    assert (seen["mode"], seen["mode_reason"]) == ("client", laid_down["mode_reason"])
    assert named(rest, f"device.site == 'hall 4' && device.endpoint == '{lamp.endpoint}'")
    # What it says later does not change what was laid down, and is there when that is taken away.
    say(lamp, profile={1: WHILE_WORKING, 4: True, 7: 60}, calendar=NIGHTS)
    seen = rest.device(lamp.endpoint)
    assert seen["profile"] == {"reachability": "while_working", "answers": False, "wake_every_s": 600}
    assert seen["mode"] == "server" and "only while it works" in seen["mode_reason"]
    assert seen["calendar"] == MONTHLY
    rest.delete(url_of(lamp.endpoint), 204)
    seen = rest.device(lamp.endpoint)
    assert seen["profile"] == {"reachability": "while_working", "answers": True, "wake_every_s": 60}
    assert seen["calendar"] == NIGHTS_JSON and seen["mode"] == "negotiated"
    assert seen["site"] is None and not seen["provisioned"]
    rest.delete(url_of(lamp.endpoint), 404)
    rest.get(url_of(lamp.endpoint), 404)
    actions = [entry for entry in rest.get("/api/v1/audit").json()["items"]
               if entry["subject"] == lamp.endpoint]
    assert [entry["action"] for entry in actions] == ["provision.delete", "provision.put"]
    assert actions[1]["detail"] == wanted


def test_a_mode_is_laid_down(sandbox, rest, unique):
    lamp = HttpDevice(sandbox, unique("lamp"))
    register(lamp, {4: True})
    assert rest.put(url_of(lamp.endpoint), json={"mode": "server"}).json()["mode"] == "server"
    seen = rest.device(lamp.endpoint)
    assert seen["mode"] == "server" and "operator" in seen["mode_reason"]
    register(lamp, {4: True})
    assert rest.device(lamp.endpoint)["mode"] == "server"
    # An empty list of windows is one: whatever the device tells, it is never idle.
    rest.put(url_of(lamp.endpoint), json={"calendar": {"windows": []}, "profile": {"always_on": True}})
    say(lamp, profile={1: ALWAYS}, calendar=NIGHTS)
    seen = rest.device(lamp.endpoint)
    assert seen["mode"] == "server" and "never idle" in seen["mode_reason"]


def test_laid_down_before_the_device_appears(fresh):
    rest = fresh.rest
    seen = rest.put(url_of("new"), json={"profile": {"answers": True}, "site": "hall 4"}).json()
    assert seen["mode"] is None and seen["mode_reason"] is None
    rest.get("/api/v1/devices/new", 404)
    new = CoapDevice(fresh, "new")
    assert new.poll().status == "4.04"
    register(new, {1: QUEUE})
    seen = rest.device("new")
    assert seen["profile"] == {"reachability": "queue", "answers": True}
    assert seen["mode"] == "negotiated" and seen["site"] == "hall 4" and seen["provisioned"]
    # Also for one of whom suitd remembered that there is nothing.
    later = HttpDevice(fresh, "later")
    assert later.poll().status_code == 404
    rest.put(url_of("later"), json={"mode": "server"})
    fresh.kill()
    fresh.start()
    later = HttpDevice(fresh, "later")
    assert later.poll().status_code == 404
    rest = fresh.rest
    rest.put(url_of("later"), json={"mode": "negotiated"})
    register(later)
    assert rest.device("later")["mode"] == "negotiated"
    rest.put(url_of("never"), json={"mode": "server"})
    rest.delete(url_of("never"), 204)
    register(HttpDevice(fresh, "never"), {4: True})
    assert rest.device("never")["mode"] == "negotiated"


BAD = [
    ({}, "profile"),
    ({"colour": "red"}, "colour"),
    ({"profile": []}, "profile"),
    ({"profile": {"colour": "red"}}, "profile"),
    ({"profile": {"reachability": "sometimes"}}, "profile.reachability"),
    ({"profile": {"always_on": "yes"}}, "profile.always_on"),
    ({"profile": {"wake_every_s": 0}}, "profile.wake_every_s"),
    ({"profile": {"awake_s": -1}}, "profile.awake_s"),
    ({"profile": {"install_s": 31536001}}, "profile.install_s"),
    ({"profile": {"link_bytes_per_s": 1.5}}, "profile.link_bytes_per_s"),
    ({"mode": "push"}, "mode"),
    ({"mode": 1}, "mode"),
    ({"site": ""}, "site"),
    ({"site": "x" * 65}, "site"),
    ({"site": "a\nb"}, "site"),
    ({"calendar": "nightly"}, "calendar"),
    ({"calendar": {}}, "calendar.windows"),
    ({"calendar": {"zone": "UTC", "windows": []}}, "calendar"),
    ({"calendar": {"time_zone": "Mars/Olympus", "windows": []}}, "calendar.time_zone"),
    ({"calendar": {"windows": [{}]}}, "calendar.windows[0]"),
    ({"calendar": {"windows": [{"days": ["mon"], "start": "24:00", "duration": "PT1H"}]}},
     "calendar.windows[0].start"),
    ({"calendar": {"windows": [{"days": [], "start": "02:00", "duration": "PT1H"}]}},
     "calendar.windows[0].days"),
    ({"calendar": {"windows": [{"days": ["mon"], "start": "02:00", "duration": "P8D"}]}},
     "calendar.windows[0].duration"),
    ({"calendar": {"windows": [{"until": "2020-01-01T00:00:00Z"}]}}, "calendar.windows[0].until"),
    ({"calendar": {"windows": [{"rule": "FREQ=SECONDLY", "duration": "PT1H"}]}},
     "calendar.windows[0].rule"),
    ({"calendar": {"windows": [
        {"meaning": "busy", "from": "2031-01-01T00:00:00Z", "until": "2031-01-03T00:00:00Z"},
        {"meaning": "idle", "from": "2031-01-01T12:00:00Z", "until": "2031-01-01T13:00:00Z"}]}},
     "calendar.windows[1]"),
]


@pytest.mark.parametrize("body, field", BAD, ids=lambda value: json.dumps(value)[:60])
def test_nonsense_is_refused_and_changes_nothing(rest, unique, body, field):
    url = url_of(unique("lamp"))
    rest.put(url, json={"mode": "server"})
    before = rest.get(url)
    problem = rest.put(url, 400, json=body).json()
    assert problem["field"].startswith(field), problem
    after = rest.get(url)
    assert after.json() == before.json() and after.headers["ETag"] == before.headers["ETag"]


def test_names_that_no_device_can_have(rest):
    rest.put(url_of("x" * 200), 400, json={"mode": "server"})
    rest.put(url_of("a%0Ab"), 400, json={"mode": "server"})


def test_nobody_overwrites_what_another_laid_down(rest, unique):
    url = url_of(unique("lamp"))
    first = rest.put(url, json={"mode": "server"}).headers["ETag"]
    second = rest.put(url, json={"mode": "client"}, headers={"If-Match": first}).headers["ETag"]
    assert second != first
    rest.put(url, 412, json={"mode": "server"}, headers={"If-Match": first})
    rest.delete(url, 412, headers={"If-Match": first})
    assert rest.get(url).json()["provision"] == {"mode": "client"}
    rest.delete(url, 204, headers={"If-Match": second})
    rest.put(url, 412, json={"mode": "server"}, headers={"If-Match": second})
    third = rest.put(url, json={"mode": "client"}).headers["ETag"]
    assert third not in (first, second)


def test_only_operators_lay_down(sandbox, rest, unique):
    url = url_of(unique("lamp"))
    for role in ("author", "trust_authority", "viewer", "network_operator"):
        caller = sandbox.as_role(role)
        caller.put(url, 403, json={"mode": "server"})
        caller.delete(url, 403)
        caller.get(url, 404)
    sandbox.as_role("operator").put(url, json={"mode": "server"})
    assert rest.get(url).json()["changed_by"] == "test-operator"
    assert sandbox.as_role("viewer").get(url).json()["provision"] == {"mode": "server"}


def test_suitctl(sandbox, rest, unique, tmp_path):
    endpoint = unique("lamp 1")
    file = tmp_path / "lamp.json"
    file.write_text(json.dumps({"profile": {"answers": True}, "calendar": MONTHLY}))
    done = sandbox.suitctl("device", "provision", "put", endpoint, file)
    assert b"answers" in done.stdout
    shown = sandbox.suitctl("device", "provision", "show", endpoint).stdout
    assert json.loads(shown) == {"profile": {"answers": True}, "calendar": MONTHLY}
    file.write_bytes(shown)
    sandbox.suitctl("device", "provision", "put", endpoint, file)
    whole = json.loads(sandbox.suitctl("device", "provision", "show", endpoint, "--json").stdout)
    assert whole["endpoint"] == endpoint and whole["changed_by"]
    file.write_text('{"mode": "push"}')
    wrong = sandbox.suitctl("device", "provision", "put", endpoint, file, check=False)
    assert wrong.returncode == 1 and b"mode" in wrong.stderr
    file.write_text("[]")
    wrong = sandbox.suitctl("device", "provision", "put", endpoint, file, check=False)
    assert wrong.returncode == 1 and b"must be a JSON object" in wrong.stderr
    sandbox.suitctl("device", "provision", "delete", endpoint)
    wrong = sandbox.suitctl("device", "provision", "show", endpoint, check=False)
    assert wrong.returncode == 1 and b"nothing is laid down" in wrong.stderr


def test_what_is_in_flight_is_decided_anew(fresh):
    """Told or laid down: the plan follows."""
    key = suit.Key()
    fresh.rest.trust(key)
    image = suit.Image(b"new firmware")
    lamp = HttpDevice(fresh, "lamp")
    register(lamp, {1: ALWAYS}, components=[suit.installed(suit.Image(b"old"), 1)])
    fresh.rest.publish(suit.update(key, 2, [image]), [image])
    deployment = eventually(lambda: fresh.rest.device("lamp")["deployment"])
    assert deployment["mode"] == "client"
    fresh.rest.put(url_of("lamp"), json={"mode": "negotiated"})
    eventually(lambda: fresh.rest.device("lamp")["deployment"]["mode"] == "negotiated")
    fresh.rest.delete(url_of("lamp"))
    say(lamp, profile={1: ALWAYS, 2: True})
    eventually(lambda: fresh.rest.device("lamp")["deployment"]["mode"] == "server")


def test_another_policy_settles_modes_anew(fresh):
    """Of what is in flight at once, of the others with the next that is written of them."""
    key = suit.Key()
    fresh.rest.trust(key)
    image = suit.Image(b"new firmware")
    lamp, idle = HttpDevice(fresh, "lamp"), HttpDevice(fresh, "idle")
    register(lamp, {1: ALWAYS}, components=[suit.installed(suit.Image(b"old"), 1)])
    register(idle, {1: ALWAYS}, klass=uuid.uuid4())
    fresh.rest.publish(suit.update(key, 2, [image]), [image])
    eventually(lambda: lamp.poll().status_code == 200)
    policy = fresh.rest.get("/api/v1/policy").json()["policy"]
    policy["modes"] = [{"name": "listeners", "when": "device.reachability == 'always'", "mode": "negotiated"}]
    fresh.rest.put("/api/v1/policy", json=policy)
    eventually(lambda: fresh.rest.device("lamp")["mode"] == "negotiated")
    assert fresh.rest.device("lamp")["mode_reason"].startswith("listeners: ")
    assert fresh.rest.device("idle")["mode"] == "client"
    say(idle, calendar=NIGHTS)
    assert fresh.rest.device("idle")["mode"] == "negotiated"
    assert set(named(fresh.rest, "device.mode == 'negotiated'")) == {"lamp", "idle"}
