# SPDX-License-Identifier: Apache-2.0
"""suitctl policy simulate: its figures, the targets that the default policy has to meet, and bad input."""

import json
import os
import subprocess

import pytest
from sandbox import TOP

SUITCTL = os.path.join(os.environ.get("SUITD_BUILD", os.path.join(TOP, "build")), "suitctl")
STRATEGIES = ("policy", "poll_only", "push_at_once", "clairvoyant")
FIGURES = {"updated", "vulnerable_device_hours", "deadlines_missed",
           "interrupted_service_minutes", "peak_parallel_downloads"}  # fmt: skip


def simulate(*args, check=True):
    return subprocess.run([SUITCTL, "policy", "simulate", *map(str, args)],
                          capture_output=True, text=True, check=check)  # fmt: skip


def figures(*args):
    return json.loads(simulate(*args, "--json").stdout)


@pytest.mark.parametrize("urgency", ["critical", "normal"])
@pytest.mark.parametrize("seed", [1, 7, 4711])
def test_targets(urgency, seed):
    devices = 20000
    report = figures("--generate", devices, "--seed", seed, "--days", 30, "--urgency", urgency)
    assert report["fleet"]["devices"] == devices
    assert sum(report["fleet"]["kinds"].values()) == devices
    assert report["elapsed_s"] >= 0
    for strategy in STRATEGIES:
        assert FIGURES <= set(report[strategy])
    ours, best = report["policy"], report["clairvoyant"]
    hours, minutes = "vulnerable_device_hours", "interrupted_service_minutes"
    assert best[hours] <= ours[hours] <= 1.15 * best[hours]
    assert ours[minutes] <= 1.25 * best[minutes] + 0.25 * devices
    assert ours["deadlines_missed"] <= best["deadlines_missed"]
    assert ours["missed_avoidably"] == []
    assert ours["peak_parallel_downloads"] <= 1000
    assert ours[minutes] < report["push_at_once"][minutes]
    assert ours[hours] < report["poll_only"][hours]


# Meters wait for what the class allows, whatever is done: without them there is more to see.
@pytest.mark.parametrize("urgency", ["critical", "normal"])
def test_targets_without_meters(urgency):
    devices = 20000
    report = figures("--generate", devices, "--without", "meter", "--urgency", urgency)
    assert report["fleet"]["kinds"]["meter"] == 0
    assert sum(report["fleet"]["kinds"].values()) == devices
    ours, best = report["policy"], report["clairvoyant"]
    assert ours["vulnerable_device_hours"] <= 1.15 * best["vulnerable_device_hours"]
    minutes = "interrupted_service_minutes"
    assert ours[minutes] <= 1.25 * best[minutes] + 0.25 * devices
    assert ours["missed_avoidably"] == []


def test_same_seed_same_figures():
    first, again = (figures("--generate", 500, "--seed", 3) for _ in range(2))
    other = figures("--generate", 500, "--seed", 4)
    assert first["policy"] == again["policy"]
    assert first["policy"] != other["policy"]


def test_fleet_from_a_file_with_trace_and_picture(tmp_path):
    fleet, trace, picture = (tmp_path / name for name in ("fleet", "trace", "curves.svg"))
    kinds = ["meter", "vehicle", "sensor", "camera", "gateway"]
    fleet.write_text("".join(
        json.dumps({"kind": kind, "endpoint": f"my-{kind}", "install_s": 60}) + "\n"
        for kind in kinds))  # fmt: skip
    report = figures("--fleet", fleet, "--urgency", "critical", "--trace", trace, "--svg", picture)
    assert report["fleet"]["devices"] == 5 and report["policy"]["updated"] == 5
    acts = [json.loads(line) for line in trace.read_text().splitlines()]
    assert [act["time"] for act in acts] == sorted(act["time"] for act in acts)
    assert {act["device"] for act in acts if act["decision"] == "confirmed"} == {
        f"my-{kind}" for kind in kinds
    }
    assert picture.read_text().startswith("<svg") and picture.read_text().count("<polyline") == 4


@pytest.mark.parametrize("args, word", [
    (["--generate", "many"], "generate"),
    (["--generate", "0"], "generate"),
    (["--days", "-1"], "days"),
    (["--urgency", "panic"], "critical"),
    (["--without", "toaster"], "meter"),
    ([word for kind in ("meter", "vehicle", "sensor", "camera", "gateway")
      for word in ("--without", kind)], "no kind is left"),
    (["--fleet", "f", "--generate", "5"], "--generate"),
    (["--fleet", "/nonexistent"], "/nonexistent"),
])  # fmt: skip
def test_bad_input(args, word):
    done = simulate(*args, check=False)
    assert done.returncode != 0 and word in done.stderr and done.stdout == ""


def test_bad_fleet(tmp_path):
    for text in ("[]", '{"kind":"toaster"}', '{"kind":"meter","install_s":0}', ""):
        (tmp_path / "fleet").write_text(text)
        done = simulate("--fleet", tmp_path / "fleet", check=False)
        assert done.returncode == 1 and "fleet" in done.stderr + done.stdout or "install_s" in done.stderr
