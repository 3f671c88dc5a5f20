# SPDX-License-Identifier: Apache-2.0
"""What is laid down for a deployment, and what becomes of a try that fails."""

import suit_oracle as suit
from device import CoapDevice
from sandbox import eventually


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
