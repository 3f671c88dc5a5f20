# SPDX-License-Identifier: Apache-2.0
"""The database goes away and comes back: what needs none goes on, the rest is told to come again, and
work resumes without anybody's help."""

import concurrent.futures
import contextlib
import hashlib
import uuid

import psycopg2
import pytest
import suit_oracle as suit
from device import ETAG, GET, OBSERVE, CoapDevice, CoapPeer, HttpDevice
from sandbox import eventually


@pytest.fixture
def fleet(fresh):
    """A sandbox with a release and two devices that know of it."""
    key = suit.Key()
    fresh.rest.trust(key)
    fresh.key = key
    fresh.image = suit.Image(b"new firmware" * 1000)
    fresh.rest.publish(suit.update(key, 1, [fresh.image]), [fresh.image])
    fresh.lamp = HttpDevice(fresh, "lamp")
    fresh.bulb = CoapDevice(fresh, "bulb")
    assert fresh.lamp.register().status_code == 201
    assert fresh.bulb.register().status == "2.01"
    assert fresh.lamp.poll().status_code == 200
    assert fresh.bulb.poll().status == "2.05"
    yield fresh
    fresh.bulb.peer.close()


def check_without_database(fleet):
    anybody = fleet.anonymous()
    blob = "/blob/" + hashlib.sha256(fleet.image.content).hexdigest()
    anybody.get("/healthz", 200)
    eventually(lambda: anybody.get("/readyz", None).status_code == 503)
    assert anybody.get(blob).content == fleet.image.content
    assert anybody.get(fleet.image.uri).content == fleet.image.content
    assert fleet.bulb.peer.get(blob).payload == fleet.image.content
    assert fleet.lamp.poll().status_code == 200
    assert fleet.bulb.poll().status == "2.05"
    refused = fleet.lamp.status(state="accepted")
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    refused = fleet.bulb.status(state="accepted")
    assert refused.status == "5.03"
    assert refused.option(14) is not None  # Max-Age: when to come again
    refused = fleet.rest.get("/api/v1/devices", None)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0


def check_with_database(fleet):
    anybody = fleet.anonymous()
    eventually(lambda: anybody.get("/readyz", None).status_code == 200)
    eventually(lambda: fleet.lamp.status(state="accepted").status_code in (200, 204))
    eventually(lambda: fleet.bulb.status(state="accepted").status == "2.04")
    for endpoint in ("lamp", "bulb"):
        assert fleet.rest.deployments(endpoint)[0]["state"] == "accepted"
    newcomer = HttpDevice(fleet, "newcomer")
    assert newcomer.register().status_code == 201
    assert newcomer.poll().status_code == 200


@pytest.mark.parametrize("how", ["pg_stop", "pg_kill"])
def test_goes_on_and_resumes(fleet, how):
    pid = fleet.pid
    getattr(fleet, how)()
    check_without_database(fleet)
    fleet.pg_start()
    check_with_database(fleet)
    assert fleet.pid == pid and fleet.is_running()


def test_frozen_database_is_noticed(fleet):
    """Its connections stay open and say nothing: who waits for it is told to come again."""
    blob = "/blob/" + hashlib.sha256(fleet.image.content).hexdigest()
    fleet.bulb.peer.tries = 15
    with fleet.pg_frozen(), concurrent.futures.ThreadPoolExecutor() as threads:
        devices = (fleet.lamp, fleet.bulb)
        reports = [threads.submit(device.status, state="accepted") for device in devices]
        other = CoapPeer(fleet.coap)
        assert other.get(blob).payload == fleet.image.content
        other.close()
        assert fleet.anonymous().get(blob).content == fleet.image.content
        over_http, over_coap = [report.result(60) for report in reports]
        assert over_http.status_code == 503 and int(over_http.headers["Retry-After"]) > 0
        assert over_coap.status == "5.03" and over_coap.option(14) is not None
        assert fleet.lamp.poll().status_code == 200
        assert fleet.bulb.poll().status == "2.05"
        assert fleet.lamp.status(state="accepted").status_code == 503, "at once, by now"
    check_with_database(fleet)


def test_offers_stand_for_who_asks_first(fleet):
    """The database goes away just after something was changed that would have to be read anew."""
    for _ in range(3):
        for endpoint in ("lamp", "bulb"):
            fleet.rest.put(f"/api/v1/devices/{endpoint}/provision", json={"site": "hall 4"})
        fleet.pg_stop()
        assert fleet.lamp.poll().status_code == 200
        assert fleet.bulb.poll().status == "2.05"
        fleet.pg_start()
        check_with_database(fleet)


def test_offers_stand_while_the_database_is_silent(fleet):
    """Something would have to be read anew, and that takes its time: a poll does not wait for it."""
    for endpoint in ("lamp", "bulb"):
        fleet.rest.put(f"/api/v1/devices/{endpoint}/provision", json={"site": "hall 4"})
    with contextlib.closing(psycopg2.connect(fleet.pg)) as other, other.cursor() as cursor:
        cursor.execute("LOCK TABLE device IN ACCESS EXCLUSIVE MODE")
        assert fleet.lamp.poll().status_code == 200
        assert fleet.sql("SELECT 1 FROM pg_locks WHERE NOT granted"), "suitd waits for it still"
        assert fleet.bulb.poll().status == "2.05"
    check_with_database(fleet)


def test_who_observes_is_told_of_what_could_not_be_chosen_at_first(fleet):
    """Choosing fails just when a newer release is approved, and nobody announces that it works again."""
    other = HttpDevice(fleet, "other")
    assert other.register(klass=uuid.uuid4()).status_code == 201
    assert other.poll().status_code == 404
    peer = fleet.bulb.peer
    target = peer.target("/suit/manifest", fleet.bulb.query)
    assert peer.exchange(GET, target + [(OBSERVE, b"")], token=b"watch").status == "2.05"
    newer = suit.update(fleet.key, 2, [fleet.image])
    fleet.rest.publish(newer, [], approve=False)
    fleet.sql("UPDATE release SET state = 'approved'")
    fleet.sql("ALTER TABLE release RENAME TO hidden")
    fleet.sql("SELECT pg_notify('suitd', 'release - ')")
    eventually(lambda: other.poll().status_code >= 500)
    assert other.poll().status_code >= 500, "after the observer, whose turn came with the first"
    fleet.sql("ALTER TABLE hidden RENAME TO release")
    peer.socket.settimeout(60)
    told = peer.notification(b"watch")
    assert told.status == "2.05" and told.option(ETAG) == hashlib.sha256(newer).digest()[:8]


def test_the_log_tells_once(fleet):
    """What is wrong, and that it refuses requests: but not for each of them."""
    n = 40
    fleet.pg_stop()
    eventually(lambda: fleet.anonymous().get("/readyz", None).status_code == 503)
    for _ in range(n):
        assert fleet.lamp.status(state="accepted").status_code == 503
    fleet.pg_start()
    check_with_database(fleet)
    lines = fleet.log.splitlines()
    refusals = [line for line in lines if "status=503" in line]
    assert 0 < len(refusals) < n / 4
    assert all("reason=" in line for line in refusals)
    away = [line for line in lines if "the database takes no writes" in line and "why=" in line]
    assert len(away) == 1 and "level=warning" in away[0]
    eventually(lambda: "the database takes writes again" in fleet.log)


def test_connections_that_break_are_made_again(fleet):
    fleet.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = 'suitd' AND pid <> pg_backend_pid()"
    )
    check_with_database(fleet)


def test_waits_for_a_database_that_is_late(fresh):
    fresh.stop()
    fresh.pg_stop()
    import subprocess

    process = subprocess.Popen(
        [fresh.env["SUITD_BIN"], "--config", str(fresh.config_path)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        line = process.stderr.readline().decode()
        assert "waiting for the database" in line
        fresh.pg_start()
        eventually(lambda: fresh.anonymous().get("/readyz", None).status_code == 200)
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.stderr.close()
