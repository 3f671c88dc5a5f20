# SPDX-License-Identifier: Apache-2.0
"""suit-device is cut off wherever it hurts, and so is its server: in the end there is one whole image."""

import re
import shutil

import pytest
import suit_oracle as suit
from reference_device import ReferenceDevice
from sandbox import eventually

BIG = bytes(range(256)) * 2048  # 512 KiB


@pytest.fixture
def device(sandbox, trusted, product, unique, tmp_path):
    return ReferenceDevice(sandbox, unique("resume"), tmp_path, klass=product).trust(trusted)


def offer(sandbox, key, product, unique, content=BIG, sequence_number=1):
    stem = unique("big")
    image = suit.Image(content + stem.encode(), f"/fw/{stem}.bin")
    sandbox.rest.publish(suit.update(key, sequence_number, [image], klass=product), [image])
    return image


def assert_runs(device, image):
    assert device.component()["digest"] == image.digest
    assert device.images() == [image.content]
    assert device.files("staging") == []
    assert not (device.folder / "manifest.suit").exists()
    assert device.deployment()["state"] == "confirmed"


@pytest.mark.parametrize("block, content", [(32, BIG), (512, BIG * 8)], ids=["32", "512"])
def test_killed_in_the_middle_of_a_download(
    sandbox, trusted, product, unique, device, block, content
):
    image = offer(sandbox, trusted, product, unique, content)
    device.kill_when(lambda: device.bytes_on_the_way() > 100_000, "--block", block)
    here = device.bytes_on_the_way()
    said = device.run("--block", 1024)
    resumed = int(re.search(r"resumes the download .* at byte (\d+)", said).group(1))
    assert here - 1024 < resumed <= here
    assert_runs(device, image)


def test_killed_in_the_middle_of_a_download_over_http(
    make_sandbox, author_key, product, unique, tmp_path
):
    """The part is made by hand: over HTTP a download is too quick to be hit."""
    sandbox = make_sandbox()
    sandbox.rest.trust(author_key)
    image = offer(sandbox, author_key, product, unique)
    device = ReferenceDevice(sandbox, unique("resume"), tmp_path, klass=product).trust(author_key)
    device.kill_when(lambda: device.bytes_on_the_way() > 100_000, "--block", 32)
    (etag_file,) = device.folder.glob("staging/*.etag")
    etag_file.write_text(image.digest.split(":")[1])  # as HTTP has it
    device.scheme = "http"
    assert "resumes the download" in device.run()
    assert_runs(device, image)


@pytest.mark.parametrize("scheme", ["coap", "http"])
def test_a_part_of_something_else_is_not_gone_on_with(
    sandbox, trusted, product, unique, device, scheme
):
    image = offer(sandbox, trusted, product, unique)
    device.kill_when(lambda: device.bytes_on_the_way() > 100_000, "--block", 32)
    (etag_file,) = device.folder.glob("staging/*.etag")
    (part,) = device.folder.glob("staging/*.part")
    etag_file.write_bytes(b"different")
    part.write_bytes(b"x" * part.stat().st_size)
    device.scheme = scheme
    device.run()
    assert_runs(device, image)


def test_server_restarts_in_the_middle_of_a_download(fresh, author_key, product, unique, tmp_path):
    fresh.rest.trust(author_key)
    image = offer(fresh, author_key, product, unique)
    device = ReferenceDevice(fresh, unique("resume"), tmp_path, klass=product).trust(author_key)
    process = device.start("--block", 32)
    eventually(lambda: device.bytes_on_the_way() > 50_000)
    fresh.kill()
    fresh.start()
    said = process.communicate(timeout=60)[0].decode()
    assert process.returncode == 0, said
    assert said.count("downloads /fw") == 1
    assert_runs(device, image)


def test_server_comes_up_after_the_device(fresh, author_key, product, unique, tmp_path):
    fresh.rest.trust(author_key)
    image = offer(fresh, author_key, product, unique, b"small")
    device = ReferenceDevice(fresh, unique("resume"), tmp_path, klass=product).trust(author_key)
    fresh.stop()
    process = device.start()
    eventually(lambda: b"waits: the server cannot be reached" in process.stdout.readline())
    fresh.start()
    said = process.communicate(timeout=60)[0].decode()
    assert process.returncode == 0, said
    assert_runs(device, image)


def test_killed_while_it_installs(sandbox, trusted, product, unique, device):
    """Before state.json is replaced it runs the old image, afterwards the new one."""
    old = offer(sandbox, trusted, product, unique, b"old")
    device.run()
    assert_runs(device, old)
    before = device.state
    new = offer(sandbox, trusted, product, unique, BIG, 2)
    device.kill_when(lambda: device.bytes_on_the_way() > 1000, "--block", 32)
    assert device.state == before
    device.run()
    assert_runs(device, new)


def test_killed_after_the_commit(sandbox, trusted, product, unique, device):
    """What the update left behind is not installed once more, and the report goes out."""
    image = offer(sandbox, trusted, product, unique, BIG)
    device.kill_when(lambda: device.bytes_on_the_way() > 1000, "--block", 32)
    manifest = (device.folder / "manifest.suit").read_bytes()
    process = device.start("--restart-ms", 600000)
    eventually(lambda: b"restarts with the new image" in process.stdout.readline())
    process.kill()
    process.communicate()
    assert device.state["report_pending"] is True
    assert device.deployment()["state"] == "rebooting"
    (device.folder / "manifest.suit").write_bytes(manifest)  # killed before it was removed
    said = device.run()
    assert "accepts manifest" not in said
    assert "reported that the new image runs" in said
    assert device.state["report_pending"] is False
    assert_runs(device, image)


def test_an_unreadable_state_is_an_error(device, sandbox):
    device.run()
    (device.folder / "state.json").write_text("{")
    assert "state.json: is not JSON" in device.run(status=1)
    shutil.rmtree(device.folder)
