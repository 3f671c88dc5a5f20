# SPDX-License-Identifier: Apache-2.0
"""Whole updates through a network that loses, doubles and reorders datagrams: each is confirmed, once."""

import collections
import os
import secrets
import shutil
import tempfile
import types
import uuid

import paths  # noqa: F401
import pytest
import suit_oracle as suit
from commanding import Update, document
from lossy_network import LossyNetwork
from reference_device import LiveDevice
from sandbox import Sandbox, eventually

PULL = ()
PUSH = ("--reachability", "always", "--serial", "server", "--idle-until", "2099-01-01T00:00:00Z", "--push")
SHARES = {"lose": 0.05, "double": 0.1, "hold": 0.2}
PATIENCE_S = 240
# A DTLS handshake that fails on the way begins anew after ten seconds.
AT_LENGTH = pytest.mark.skipif(not os.environ.get("TORTURE_AT_LENGTH"), reason="make torture")


@pytest.fixture(scope="module")
def setting():
    """A sandbox in which modes are as devices want them, and patience with a bad network."""
    folder = tempfile.mkdtemp(prefix="suitd-torture.")
    sandbox = Sandbox(folder, coap__answer_timeout="PT4M")
    sandbox.rest.put("/api/v1/policy", 200, json=document())
    sandbox.author = suit.Key()
    sandbox.rest.trust(sandbox.author)
    yield sandbox
    sandbox.close()
    shutil.rmtree(folder)


@pytest.fixture
def live(setting, tmp_path):
    """live(name, network, *options): a suit-device on the far side of this network."""
    devices = []

    def make(name, network, *options, scheme="coap"):
        behind = types.SimpleNamespace(env=setting.env, rest=setting.rest, **{scheme: network.uri})
        klass = uuid.uuid5(suit.VENDOR, name)
        if scheme == "coaps":
            key = secrets.token_hex(16)
            setting.rest.put(f"/api/v1/devices/{name}/credentials", json={"psk": key})
            options = (*options, "--psk", key)
        device = LiveDevice(behind, name, tmp_path, "--poll-least", 1, *options, scheme=scheme,
                            klass=klass, poll=1 if "--push" not in options else 600)  # fmt: skip
        devices.append(device.trust(setting.author).go())
        return device

    yield make
    for device in devices:
        device.stop()
        print(device.said)


@pytest.mark.parametrize("scheme", ["coap", pytest.param("coaps", marks=AT_LENGTH)])
def test_updates_by_pull_and_by_push(setting, live, scheme):
    with LossyNetwork(getattr(setting, scheme), seed=7, **SHARES) as network:
        devices = [live(f"{scheme}-pulls-{n}", network, *PULL, scheme=scheme) for n in range(2)]
        devices += [live(f"{scheme}-takes-{n}", network, *PUSH, scheme=scheme) for n in range(2)]
        updates = [Update(setting, setting.author, device.klass, size=6000) for device in devices]
        for device in devices:
            device.wait_state("confirmed", timeout=PATIENCE_S)
        assert network.lost and network.doubled
    for device, update in zip(devices, updates):
        assert device.component()["digest"] == update.image.digest
        assert device.images() == [update.image.content]
        check_once(setting, device)
        assert ("was given the image" in device.said) == ("takes" in device.endpoint)


@AT_LENGTH
def test_session_with_a_suitd_that_was_killed(setting, live):
    """The device's end of the DTLS session is all that is left of it; it notices, and begins another one."""
    network = types.SimpleNamespace(uri=setting.coaps)
    device = live("stale", network, scheme="coaps")
    first = Update(setting, setting.author, device.klass, size=1000)
    device.wait_state("confirmed", timeout=PATIENCE_S)
    setting.kill()
    setting.start()
    second = Update(setting, setting.author, device.klass, sequence_number=2, size=1000)
    eventually(lambda: device.component()["digest"] == second.image.digest, PATIENCE_S)
    eventually(lambda: len(setting.rest.deployments(device.endpoint)) == 2, PATIENCE_S)
    assert first.image.digest != second.image.digest


def check_once(setting, device):
    """Nothing that came twice was taken for two."""
    assert len(setting.rest.deployments(device.endpoint)) == 1
    times = collections.Counter(device.path())
    assert times["confirmed"] == 1 and max(times.values()) == 1, times
    doubled = setting.sql(
        "SELECT r.payload FROM report r JOIN device d ON d.id = r.device_id WHERE d.endpoint = %s"
        " GROUP BY r.payload HAVING count(*) > 1",
        device.endpoint,
    )
    assert not doubled
