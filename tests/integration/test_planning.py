# SPDX-License-Identifier: Apache-2.0
"""What is laid down for a deployment, and what becomes of a try that fails."""


import psycopg2
import suit_oracle as suit
from device import CoapDevice
from sandbox import eventually

MAX_AGE = 14


def release_for(sandbox, trusted, product):
    image = suit.Image(f"firmware {product}".encode() * 40, f"/fw/{product}.bin")
    return sandbox.rest.publish(suit.update(trusted, 1, [image], klass=product), [image])


def test_a_poll_is_planned(sandbox, trusted, unique, product):
    device = CoapDevice(sandbox, unique("planned"))
    assert device.register(klass=product).status == "2.01"
    release_for(sandbox, trusted, product)
    assert device.poll().status == "2.05"
    shown = sandbox.rest.device(device.endpoint)["deployment"]
    plan = shown["plan"]
    assert (shown["mode"], shown["urgency"]) == ("client", "normal")
    assert plan["download_at"] and plan["due_at"] > plan["download_at"] and plan["look_at"]
    assert set(plan["reasons"]) == {"urgency", "mode", "calendar", "time"}
    assert plan["reasons"]["time"]["step"] == "let_poll"


def test_a_failed_try_is_planned_anew(make_sandbox, author_key, unique, product):
    sandbox = make_sandbox()
    sandbox.allow_retries(1)
    sandbox.rest.trust(author_key, "author")
    device = CoapDevice(sandbox, unique("again"))
    assert device.register(klass=product).status == "2.01"
    release_for(sandbox, author_key, product)
    assert device.poll().status == "2.05"
    assert device.status(state="downloading").status == "2.04"
    assert device.status(state="failed", reason="flash is worn").status == "2.04"

    def again():
        found = sandbox.rest.device(device.endpoint)["deployment"]
        return found if found["plan"]["download_at"] else None

    planned = eventually(again)
    assert (planned["state"], planned["plan"]["failures"]) == ("planned", 1)
    assert planned["plan"]["download_at"] > planned["plan"]["last_failure_at"]
    assert device.poll().status == "4.04", "its time has not come"


def test_polls_write_nothing(sandbox, trusted, unique, product):
    device = CoapDevice(sandbox, unique("polls"))
    assert device.register(klass=product).status == "2.01"
    release_for(sandbox, trusted, product)
    eventually(lambda: device.poll().status == "2.05")

    def row():
        return sandbox.sql(
            "SELECT d.row_version, d.look_at FROM deployment d JOIN device v ON v.id = d.device_id"
            " WHERE v.endpoint = %s", device.endpoint)

    before = row()
    for _ in range(10):
        assert device.poll().status == "2.05"
    assert row() == before


def test_who_polls_waits_for_a_link(make_sandbox, author_key, unique, product):
    sandbox = make_sandbox()
    sandbox.rest.trust(author_key, "author")
    document = sandbox.rest.get("/api/v1/policy").json()["policy"]
    document["capacity"] = {"downloads": 1}
    sandbox.rest.put("/api/v1/policy", json=document)
    release_for(sandbox, author_key, product)
    slow = {"profile": {8: 10}}  # bytes per second
    first, second = (CoapDevice(sandbox, unique("link")) for _ in range(2))
    for device in (first, second):
        assert device.register(klass=product, **slow).status == "2.01"
    assert first.poll().status == "2.05"
    waits = second.poll()
    begins = [sandbox.rest.device(d.endpoint)["deployment"]["plan"] for d in (first, second)]
    needs = begins[0]["transfer_s"]
    assert needs > 30
    assert waits.status == "4.04", "the only link is taken"
    assert needs - 20 < int.from_bytes(waits.option(MAX_AGE), "big") <= needs + 20
    assert begins[1]["download_at"] > begins[0]["download_at"]


def test_what_fails_while_its_page_is_planned_is_not_planned_anew(sandbox, trusted, unique, product):
    """The planner has read its page, and waits for the device's row: whoever holds it writes down that the try failed."""
    device = CoapDevice(sandbox, unique("fails"))
    assert device.register(klass=product, profile={1: 0}).status == "2.01"
    release_for(sandbox, trusted, product)
    eventually(lambda: device.poll().status == "2.05")
    assert device.status(state="installing").status == "2.04"
    blocked = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE '%%FOR NO KEY%%'"
    connection = psycopg2.connect(sandbox.pg)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM device WHERE endpoint = %s FOR NO KEY UPDATE", (device.endpoint,))
        sandbox.sql("INSERT INTO plan_job (release_id, created_at) SELECT max(release_id), now()"
                    " FROM deployment WHERE device_id = (SELECT id FROM device WHERE endpoint = %s)", device.endpoint)
        eventually(lambda: sandbox.sql(blocked))
        cursor.execute(
            "UPDATE deployment SET state = 'failed', active = false, row_version = row_version + 1"
            " WHERE device_id = (SELECT id FROM device WHERE endpoint = %s)", (device.endpoint,)
        )
        cursor.execute("INSERT INTO counter (name, shard, value) VALUES"
                       " ('deployments.failed', -1, 1), ('deployments.installing', -1, -1)")
    connection.close()
    eventually(lambda: sandbox.sql("SELECT NOT EXISTS (SELECT FROM plan_job)") == [(True,)])
    assert [one["state"] for one in sandbox.rest.deployments(device.endpoint)] == ["failed"]
