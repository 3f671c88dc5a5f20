# SPDX-License-Identifier: Apache-2.0
"""suitd is killed while devices report: every report that was acknowledged is in the database, and none
is there by half."""

import suit_oracle as suit
from device import HttpDevice
from hammer import Hammer, kill_under

DEVICES = 12
ROUNDS = 3


class Reporter(Hammer):
    """Sends reports of one deployment over and over, each with a number."""

    def __init__(self, device, envelope):
        super().__init__()
        self.device = device
        self.envelope = envelope

    def send(self, number):
        nonce = self.device.endpoint.encode() + number.to_bytes(4, "big")
        body = suit.report(self.envelope, nonce=nonce)
        reply = self.device.report(body)
        assert reply.status_code in (200, 204), reply.text
        return body


def test_acknowledged_reports_survive(fresh):
    key = suit.Key()
    fresh.rest.trust(key)
    image = suit.Image(b"new firmware")
    fresh.rest.publish(suit.update(key, 1, [image]), [image])
    for turn in range(ROUNDS):
        reporters = []
        for number in range(DEVICES):
            device = HttpDevice(fresh, f"lamp-{turn}-{number}")
            assert device.register().status_code == 201
            envelope = device.poll().content
            for state in ("accepted", "downloading", "downloaded", "installing"):
                assert device.status(state=state).status_code in (200, 204)
            reporters.append(Reporter(device, envelope))
        kill_under(fresh, reporters)
        stored = {bytes(row[0]) for row in fresh.sql("SELECT payload FROM report")}
        for reporter in reporters:
            assert set(reporter.acknowledged) <= stored
    orphans = fresh.sql(
        "SELECT count(*) FROM report WHERE deployment_id IS NULL"
        " OR NOT EXISTS (SELECT FROM deployment d WHERE d.id = report.deployment_id)"
    )
    assert orphans == [(0,)]


def test_history_and_state_agree_after_a_kill(fresh):
    """Each transition is a row of history in the transaction that makes it."""
    key = suit.Key()
    fresh.rest.trust(key)
    image = suit.Image(b"new firmware")
    fresh.rest.publish(suit.update(key, 1, [image]), [image])
    device = HttpDevice(fresh, "lamp")
    assert device.register().status_code == 201
    assert device.poll().status_code == 200
    for state in ("accepted", "downloading", "downloaded", "installing", "rebooting"):
        assert device.status(state=state).status_code in (200, 204)
        fresh.kill()
        fresh.start()
        deployment = fresh.rest.deployments("lamp")[0]
        assert deployment["state"] == state
        newest = fresh.rest.get("/api/v1/devices/lamp/history").json()["items"][0]
        assert newest["to"] == state
    reply = device.status(components=[suit.installed(image, 1)])
    assert reply.status_code in (200, 204)
    assert fresh.rest.deployments("lamp")[0]["state"] == "confirmed"
