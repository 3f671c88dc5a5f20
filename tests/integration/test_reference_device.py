# SPDX-License-Identifier: Apache-2.0
"""suit-device through interruptions: its own, and those of the server."""

import os
import pathlib
import signal
import subprocess

import pytest
import suit_oracle as suit
from sandbox import eventually


class Process:
    """A suit-device that runs until its update is done."""

    def __init__(self, sandbox, key, folder, product, scheme, *options):
        self.folder = pathlib.Path(folder)
        self.trust = self.folder.with_suffix(".pem")
        self.trust.write_text(key.public_pem())
        self.command = [
            sandbox.env["SUIT_DEVICE"], "--server", getattr(sandbox, scheme),
            "--endpoint", self.folder.name, "--dir", str(self.folder), "--trust", str(self.trust),
            "--vendor", str(suit.VENDOR), "--class", str(product), "--once", "--poll", "1", *options,
        ]  # fmt: skip
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def fetched(self):
        """Bytes of files that grow here."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        return self.process.communicate()[0].decode()

    def wait(self):
        output = self.process.communicate(timeout=120)[0].decode()
        assert self.process.returncode == 0, output
        return output


@pytest.fixture
def big(fresh, product):
    """A release that takes a while to download, and the key that signed it."""
    fresh.key = suit.Key()
    fresh.rest.trust(fresh.key)
    fresh.image = suit.Image(os.urandom(1 << 20), "/fw/big.bin")
    fresh.rest.publish(suit.update(fresh.key, 1, [fresh.image], klass=product), [fresh.image])
    return fresh


def check_installed(sandbox, device):
    (deployment,) = sandbox.rest.deployments(device.folder.name)
    assert deployment["state"] == "confirmed"
    files = [path.read_bytes() for path in device.folder.rglob("*") if path.is_file()]
    assert sandbox.image.content in files


@pytest.mark.parametrize("scheme,options", [("coap", ["--block", "64"]), ("http", [])])
def test_killed_while_it_downloads(big, product, tmp_path, scheme, options):
    device = Process(big, big.key, tmp_path / "lamp", product, scheme, *options)
    if scheme == "coap":
        eventually(lambda: device.fetched() > 200_000)
    device.kill()
    device.start()
    device.wait()
    check_installed(big, device)


def test_download_goes_on_where_it_was(big, product, tmp_path):
    device = Process(big, big.key, tmp_path / "lamp", product, "coap", "--block", "64")
    eventually(lambda: device.fetched() > 400_000)
    device.kill()
    kept = device.fetched()
    device.start()
    eventually(lambda: device.fetched() > kept)
    assert device.fetched() >= kept  # it did not begin anew
    device.wait()
    check_installed(big, device)


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_server_restarts_while_it_downloads(big, product, tmp_path, how):
    device = Process(big, big.key, tmp_path / "lamp", product, "coap", "--block", "64")
    eventually(lambda: device.fetched() > 200_000)
    getattr(big, how)()
    before = device.fetched()
    big.start()
    eventually(lambda: device.fetched() > before)
    device.wait()
    check_installed(big, device)


def test_database_is_away_while_it_downloads(big, product, tmp_path):
    device = Process(big, big.key, tmp_path / "lamp", product, "coap", "--block", "64")
    eventually(lambda: device.fetched() > 200_000)
    big.pg_kill()
    eventually(lambda: device.fetched() > 600_000)  # downloads need no database
    big.pg_start()
    device.wait()
    check_installed(big, device)
