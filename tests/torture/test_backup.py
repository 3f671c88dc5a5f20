# SPDX-License-Identifier: Apache-2.0
"""A running system is backed up by the commands of docs/operations.md, and restored by them elsewhere."""

import os
import re
import shutil
import tempfile
import types

import paths  # noqa: F401
import pytest
import suit_oracle as suit
from checker import Checker
from coap_raw import coap_client
from device import CoapDevice, HttpDevice
from sandbox import TOP, Rest, Sandbox, run
from world import World

KEY = "correct horse battery"


def commands(name):
    """The block of shell that begins with this comment."""
    text = (TOP / "docs" / "operations.md").read_text()
    (block,) = re.findall(rf"^```sh\n(# {name}\n.*?)^```", text, re.S | re.M)
    return block


def type_in(name, sandbox, folder):
    places = {
        "STORAGE": str(sandbox.storage),
        "DATABASE": sandbox.pg,
        "BACKUP": f"{folder}/backup",
        "KEYS": f"{folder}/keys",
        "CLUSTER": str(sandbox.folder / "pg" / "data"),
    }
    return run("bash", "-euc", "set -o pipefail\n" + commands(name), env={**os.environ, **places}).stdout


@pytest.fixture
def elsewhere():
    """A suitd with a database of its own and no files, not running."""
    place = tempfile.mkdtemp(prefix="suitd-restored.")
    made = Sandbox(place)
    made.stop()
    shutil.rmtree(made.storage)
    yield made
    made.close()
    shutil.rmtree(place)


def restore(sandbox, folder):
    """Into an empty database."""
    host = re.search(r"host='([^']*)'", sandbox.pg)[1]
    run("dropdb", "-h", host, "-U", "suitd", "suitd")
    run("createdb", "-h", host, "-U", "suitd", "suitd")
    type_in("restore", sandbox, folder)


def restore_physically(sandbox, folder):
    """In the place of the server's files."""
    sandbox.pg_stop()
    type_in("physical restore", sandbox, folder)
    sandbox.pg_start()


WAYS = {"backup": restore, "physical backup": restore_physically}


# What stays true of them as time goes on.
LASTING = (
    "offered", "state", "runs", "report", "release", "approved", "withdrawn",
    "cancelled", "image", "token", "revoked", "command", "answer",
)  # fmt: skip


class Promises:
    """Those that were given before the backup began."""

    def __init__(self, ledger):
        self.given = {kind: ledger.of(kind) for kind in LASTING}
        self.registered = set(ledger.latest("registered"))
        self.sent_reports, self.sent_states = ledger.sent_reports, ledger.sent_states

    def forget_tokens(self, revoked):
        """Those that were revoked later may have been so in the backup."""
        kept = {facts[0] for facts in self.given["revoked"]}
        gone = {facts[0] for facts in revoked} - kept
        self.given["token"] = [facts for facts in self.given["token"] if facts[0] not in gone]

    def of(self, kind):
        return self.given.get(kind, [])

    def latest(self, _kind):
        return {}


class RestoredChecker(Checker):
    def check_storage(self):
        """What came between the database's copy and that of the images belongs to nothing."""

    def check_registered(self):
        stored = {row[0] for row in self.rows("SELECT endpoint FROM device")}
        for endpoint in self.ledger.registered - stored:
            self.fault(f"{endpoint} was registered before the backup, and is gone")


class Moving:
    """A device that goes on with its update after the backup was made."""

    def __init__(self, world, new_device):
        self.release = world.probers[0].release
        self.klass = world.probe_class
        self.device = new_device(world.sandbox)
        assert self.is_good(self.device.register(klass=self.klass))
        assert self.is_good(self.device.poll())
        for state in ("accepted", "downloading", "downloaded", "installing"):
            assert self.is_good(self.device.status(state=state))

    @staticmethod
    def is_good(reply):
        return getattr(reply, "status_code", None) in (200, 201, 204) or getattr(
            reply, "status", None
        ) in ("2.01", "2.04", "2.05")

    def finish(self, device):
        installed = suit.installed(self.release.image, self.release.sequence_number)
        assert self.is_good(device.status(state="rebooting"))
        assert self.is_good(device.status(components=[installed]))


class RunningSystem:
    """Backed up in each way, and gone on with; then it is lost."""

    def __init__(self, folder):
        self.folders, self.promises = {}, {}
        with World(seed=21) as self.world:
            self.world.begin()
            self.prepare()
            for way in WAYS:
                self.folders[way] = os.path.join(folder, way.replace(" ", "-"))
                self.promises[way] = Promises(self.world.ledger)
                type_in(way, self.world.sandbox, self.folders[way])
            self.go_on()
            self.token = self.world.sandbox.token

    def prepare(self):
        rest = self.world.rest
        self.secret = rest.put("/api/v1/devices/guarded/credentials", json={"token": True}).json()["token"]
        rest.put("/api/v1/devices/sealed/credentials", json={"psk": KEY.encode().hex()})
        self.makers = [
            lambda sandbox: HttpDevice(sandbox, "moving"),
            lambda sandbox: CoapDevice(sandbox, "moving-coap"),
        ]
        self.moving = [Moving(self.world, make) for make in self.makers]
        self.world.await_progress(1)

    def go_on(self):
        """What is not in the backups."""
        self.world.await_progress(1)
        for one in self.moving:
            one.finish(one.device)
        self.late = HttpDevice(self.world.sandbox, "late")
        assert self.late.register().status_code == 201
        self.world.end()
        for promises in self.promises.values():
            promises.forget_tokens(self.world.ledger.of("revoked"))


@pytest.fixture(scope="module")
def system():
    folder = tempfile.mkdtemp(prefix="suitd-backup.")
    yield RunningSystem(folder)
    shutil.rmtree(folder)


@pytest.mark.parametrize("way", WAYS)
def test_backup_of_a_running_system(system, elsewhere, way):
    folder = system.folders[way]
    WAYS[way](elsewhere, folder)
    assert type_in("check", elsewhere, folder) == b""
    elsewhere.token = system.token
    elsewhere.start()
    rest = Rest(elsewhere.http, system.token)
    shown = types.SimpleNamespace(
        ledger=system.promises[way], sandbox=elsewhere, rest=rest, tried=system.world.tried,
        releases=system.world.releases, victims=system.world.victims, no_temp_files=True,
    )  # fmt: skip
    RestoredChecker(shown).check()
    check_credentials(elsewhere, folder, system.secret)
    for one, make in zip(system.moving, system.makers):
        one.finish(make(elsewhere))
        (deployment,) = rest.deployments(one.device.endpoint)
        assert deployment["state"] == "confirmed"
    # Who came after the backup is told to register again.
    again = HttpDevice(elsewhere, "late")
    assert again.rest.post(system.late.location, None).status_code == 404
    assert again.register().status_code == 201


def check_credentials(sandbox, folder, secret):
    """The keys that were sealed open, and the tokens are known."""
    assert HttpDevice(sandbox, "guarded", secret).register().status_code == 201
    assert HttpDevice(sandbox, "guarded", "wrong").register().status_code == 401
    body = os.path.join(folder, "registration")
    with open(body, "wb") as file:
        file.write(suit.registration())
    args = ("-v", "6", "-m", "post", "-t", "60", "-f", body, sandbox.coaps + "/rd")
    assert b"2.01" in b"".join(coap_client(*args, identity="sealed", key=KEY))
