# SPDX-License-Identifier: Apache-2.0
"""Two suitd share one database and one storage directory, and each sees what the other did."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import suit_oracle as suit
from device import CoapDevice, HttpDevice
from polling_device import PollingDevice
from sandbox import Rest, eventually
from suitd_process import SuitdProcess


@pytest.fixture
def pair(fresh):
    second = SuitdProcess.beside(fresh)
    second.start()
    yield fresh, second
    second.stop()
    assert second.process.returncode == 0


def test_a_device_may_change_between_them(pair):
    first, second = pair
    key = suit.Key()
    first.rest.trust(key)
    image = suit.Image(b"new firmware")
    old = suit.Image(b"old firmware")
    here, there = CoapDevice(first, "lamp"), CoapDevice(second, "lamp")
    assert here.register([suit.installed(old, 1)]).status == "2.01"
    assert here.poll().status == "4.04"
    assert there.poll().status == "4.04"
    second.rest.publish(suit.update(key, 2, [image]), [image])
    # Both remembered that there is nothing; the release tells both.
    eventually(lambda: here.poll().status == "2.05")
    eventually(lambda: there.poll().status == "2.05")
    assert here.status(state="accepted").status == "2.04"
    assert there.status(state="downloading").status == "2.04"
    assert here.status(state="downloaded").status == "2.04"
    assert there.status(state="installing").status == "2.04"
    assert here.status(components=[suit.installed(image, 2)]).status == "2.04"
    assert first.rest.deployments("lamp")[0]["state"] == "confirmed"
    assert len(second.rest.deployments("lamp")) == 1


def test_who_has_the_device_in_reach_gives_the_command(pair):
    """It waits at the second one, and the release is approved at the first one."""
    first, second = pair
    key, klass = suit.Key(), uuid.uuid4()
    first.rest.trust(key)
    old, new = (suit.Image(f"{n} firmware".encode() * 20, f"/fw/{n}.bin") for n in ("old", "new"))
    device = PollingDevice(second, "lamp", klass).register([suit.installed(old, 1)])
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(device.ask, 30)
        first.rest.publish(suit.update(key, 2, [new], klass=klass), [new])
        offer = waits.result() or device.await_command("offer")
    assert offer["command"] == "offer"
    device.answer(offer, "now")
    device.await_command("trigger")
    assert [command["command"] for command in device.commands] == ["offer", "trigger"]


def metric(suitd, name):
    text = suitd.rest.get("/metrics").text
    return int(re.search(rf"^suitd_{name} (\d+)$", text, re.M)[1])


def test_a_release_is_looked_for_only_by_whom_it_concerns(pair):
    """The others are answered from memory as before, by both."""
    key, ours, other = suit.Key(), uuid.uuid4(), uuid.uuid4()
    devices = {(place, klass): CoapDevice(place, f"lamp-{n}-{klass.hex}")
               for n, place in enumerate(pair) for klass in (ours, other)}
    for (_, klass), device in devices.items():
        assert device.register(klass=klass).status == "2.01"
        assert device.poll().status == "4.04"
    rest = pair[0].rest
    rest.trust(key)

    def await_offer(envelope):
        for place in pair:
            eventually(lambda at=place: devices[at, ours].poll().payload == envelope)

    images = [suit.Image(b"firmware %d" % n, f"/fw/{n}.bin") for n in range(2)]
    envelopes = [suit.update(key, n + 1, [images[n]], klass=ours) for n in range(2)]
    rest.publish(envelopes[0], [images[0]])
    await_offer(envelopes[0])  # both listen by now
    before = [metric(place, "polls_planned_total") for place in pair]
    digest = rest.publish(envelopes[1], [images[1]])["digest"]
    await_offer(envelopes[1])
    for place, planned in zip(pair, before, strict=True):
        at_once = metric(place, "coap_answered_at_once_total")
        for _ in range(5):
            assert devices[place, other].poll().status == "4.04"
        assert metric(place, "coap_answered_at_once_total") == at_once + 5
        assert metric(place, "polls_planned_total") == planned + 1
    rest.post(f"/api/v1/releases/{digest}/withdraw")
    await_offer(envelopes[0])


def test_one_deployment_for_a_device_that_asks_both(pair):
    first, second = pair
    key = suit.Key()
    first.rest.trust(key)
    image = suit.Image(b"new firmware")
    first.rest.publish(suit.update(key, 1, [image]), [image])
    for number in range(10):
        endpoint = f"lamp-{number}"
        here, there = HttpDevice(first, endpoint), HttpDevice(second, endpoint)
        assert here.register().status_code == 201
        assert {here.poll().status_code, there.poll().status_code} == {200}
        assert len(first.rest.deployments(endpoint)) == 1


def test_a_revoked_token_is_refused_by_both(pair):
    first, second = pair
    made = first.rest.post("/api/v1/tokens", 201, json={"name": "x", "role": "viewer"}).json()
    viewer = Rest(second.http, made["token"])
    viewer.get("/api/v1/devices")
    first.rest.delete(f"/api/v1/tokens/{made['id']}")
    eventually(lambda: viewer.get("/api/v1/devices", None).status_code == 401)


def test_sequence_numbers_are_taken_once(pair):
    first, second = pair
    key = suit.Key()
    first.rest.trust(key)
    one, other = suit.Image(b"one"), suit.Image(b"other", uri="/fw/other.bin")
    first.rest.post_manifest(suit.update(key, 5, [one]), 201)
    assert second.rest.post_manifest(suit.update(key, 5, [other]), None).status_code == 409
    second.rest.post_manifest(suit.update(key, 6, [other]), 201)


def test_what_is_laid_down_at_one_counts_at_the_other(pair):
    """At once: what the other remembers, also of devices that have not appeared, is never written over it."""
    first, second = pair
    for number in range(10):
        known, new = CoapDevice(second, f"known-{number}"), CoapDevice(second, f"new-{number}")
        eventually(lambda device=known: device.register().status == "2.01")  # 5.03 while it starts
        assert new.poll().status == "4.04"
        for device in (known, new):
            first.rest.put(f"/api/v1/devices/{device.endpoint}/provision",
                           json={"mode": "server", "site": "hall 4"})
            assert device.register(site="north").status == "2.01"
            for suitd in pair:
                seen = suitd.rest.device(device.endpoint)
                assert (seen["mode"], seen["site"]) == ("server", "hall 4")
        first.rest.delete(f"/api/v1/devices/{new.endpoint}/provision")
        assert new.status(components=[]).status == "2.04"
        seen = second.rest.device(new.endpoint)
        assert seen["mode"] == "client" and not seen["provisioned"]
