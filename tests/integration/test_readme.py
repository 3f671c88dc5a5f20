# SPDX-License-Identifier: Apache-2.0
"""Every command of README.md works when it is typed, and the demo does what it says."""

import os
import re
import shutil
import subprocess
import tempfile

import pytest
from sandbox import TOP, run


def commands():
    """The fenced blocks of shell, in their order."""
    return re.findall(r"^```sh\n(.*?)^```", (TOP / "README.md").read_text(), re.S | re.M)


def test_readme_has_the_two_commands_and_a_tour():
    blocks = commands()
    assert "scripts/demo\n" in blocks and "scripts/check\n" in blocks
    assert len(blocks) > 6


def test_tour_works_as_typed(sandbox):
    """One shell runs all of it but the two commands, which are tested by this run and below."""
    tour = "".join(block for block in commands() if block not in ("scripts/demo\n", "scripts/check\n"))
    with tempfile.TemporaryDirectory(prefix="suitd-tour.") as folder:
        script = "set -eu\n" + tour
        done = run("bash", "-c", script, cwd=TOP, env={**os.environ, "TMPDIR": folder}, check=False)
        output = (done.stdout + done.stderr).decode(errors="replace")
        for left in os.listdir(folder):
            run(TOP / "scripts" / "sandbox", "down", os.path.join(folder, left, "sandbox"))
    assert done.returncode == 0, output
    assert re.search(r"^lamp-1\b.*\bconfirmed\b|^lamp-1\b", output, re.M), output
    assert output.rstrip().endswith("100") or "\n100\n" in output, output


def test_links_lead_somewhere():
    for path in re.findall(r"\]\(([^)#:]+)\)", (TOP / "README.md").read_text()):
        assert (TOP / path).exists(), path


@pytest.fixture
def demo_folder():
    folder = tempfile.mkdtemp(prefix="suitd-demo-test.")
    yield folder
    shutil.rmtree(folder)


def test_demo_ends_well(demo_folder):
    done = subprocess.run(
        [TOP / "scripts" / "demo"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "TMPDIR": demo_folder},
        timeout=180,
        check=False,
    )
    output = done.stdout.decode(errors="replace")
    assert done.returncode == 0, output
    assert "all 23 devices run 1.1.0" in output
    for line in ("oven: offered: 200000 bytes, critical", "meter: was given the image", "meter: told: service goes away",
                 "three devices run 1.2.0, each in its own way"):  # fmt: skip
        assert line in output
    for transport in ("coap ", "coaps ", "http "):
        assert transport in output
    assert os.listdir(demo_folder) == []


def test_demo_keeps_running_when_asked(demo_folder):
    done = run(
        TOP / "scripts" / "demo", "--keep", env={**os.environ, "TMPDIR": demo_folder}, timeout=180
    )
    (left,) = os.listdir(demo_folder)
    sandbox = os.path.join(demo_folder, left, "sandbox")
    try:
        check = f'. {sandbox}/env; curl -fsS -H "Authorization: Bearer $SUITD_TOKEN" $SUITD_HTTP/api/v1/devices'
        assert b"lamp-dtls" in run("bash", "-c", check).stdout
        assert b"sandbox down" in done.stdout
    finally:
        run(TOP / "scripts" / "sandbox", "down", sandbox)
