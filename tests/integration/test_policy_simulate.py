# SPDX-License-Identifier: Apache-2.0
"""suitctl policy simulate: its figures, the targets that the default policy has to meet, and bad input."""

import json
import os
import subprocess

import pytest
import suit_oracle as suit
from device import HttpDevice
from sandbox import TOP

SUITCTL = os.path.join(os.environ.get("SUITD_BUILD", os.path.join(TOP, "build")), "suitctl")
ALONE = {name: value for name, value in os.environ.items() if not name.startswith("SUITD_")}
STRATEGIES = ("policy", "poll_only", "push_at_once", "clairvoyant")
FIGURES = {"updated", "vulnerable_device_hours", "deadlines_missed",
           "interrupted_service_minutes", "peak_parallel_downloads"}  # fmt: skip


def simulate(*args, check=True):
    return subprocess.run([SUITCTL, "policy", "simulate", *map(str, args)],
                          capture_output=True, text=True, check=check, env=ALONE)  # fmt: skip


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


def test_policy_chooses_the_class(tmp_path):
    release = tmp_path / "release.json"
    for text, urgency in [
        ({"labels": {"cvss": 9.8}}, "critical"),
        ({"kind": "security"}, "high"),
        ({"kind": "feature", "images": [{"size": 4000000}]}, "low"),
        ({}, "normal"),
    ]:
        release.write_text(json.dumps(text))
        report = figures("--generate", 50, "--release", release)
        assert report["fleet"]["urgency"][urgency] == 50
    # By device, when the policy says so.
    policy = json.loads((TOP / "config/policy.json").read_text())
    policy["urgency"] = [
        {"name": "roof", "when": "device.site == 'roof'", "urgency": "critical"}
    ]
    (tmp_path / "policy").write_text(json.dumps(policy))
    (tmp_path / "fleet").write_text(
        '{"kind":"camera","site":"roof"}\n{"kind":"camera","site":"hall"}\n'
    )
    args = ("--fleet", tmp_path / "fleet", "--policy", tmp_path / "policy", "--release", release)
    trace = tmp_path / "trace"
    assert figures(*args, "--trace", trace)["fleet"]["urgency"] == {
        "critical": 1, "high": 0, "normal": 1, "low": 0}  # fmt: skip
    acts = [json.loads(line) for line in trace.read_text().splitlines()]
    rules = {act["device"]: act["urgency_rule"] for act in acts if act["decision"] == "plan"}
    assert rules == {"camera-0": "roof", "camera-1": "default"}


def test_windows_of_a_fleet_file(tmp_path):
    """Installed in the windows that the file gives, by the clock of the device's zone."""
    (tmp_path / "fleet").write_text(json.dumps([
        {"kind": "gateway", "endpoint": "g", "well_behaved": True, "calendar": {
            "time_zone": "Asia/Tokyo",
            "windows": [{"days": ["thu"], "start": "04:00", "duration": "PT1H"}]}}]))  # fmt: skip
    trace = tmp_path / "trace"
    figures("--fleet", tmp_path / "fleet", "--urgency", "normal", "--trace", trace,
            "--start", "2026-06-01T00:00:00Z")  # fmt: skip
    acts = [json.loads(line) for line in trace.read_text().splitlines()]
    assert acts[0]["time"] == "2026-06-01T00:00:00Z"
    assert [act["time"] for act in acts if act["decision"] == "install"] == ["2026-06-03T19:00:00Z"]


def test_fleet_of_the_server(sandbox, rest, trusted, product, unique, tmp_path):
    """Fleet, policy and release from the server; its list of devices is a fleet file as well."""
    image = suit.Image(os.urandom(300), f"/fw/{unique('firmware')}.bin")
    release = rest.publish(suit.update(trusted, 2, [image], klass=product), [image])
    for number in range(3):
        device = HttpDevice(sandbox, unique("simulated"))
        assert device.register([suit.installed(image, 1)], klass=product, site="hall").ok
    laid_down = {"mode": "server", "profile": {"always_on": True}}
    rest.put(f"/api/v1/devices/{device.endpoint}/provision", (200, 201), json=laid_down)
    condition = f"'{product}' in device.class_ids"
    done = sandbox.suitctl("policy", "simulate", "--filter", condition, "--release",
                           release["digest"], "--trace", str(tmp_path / "trace"),
                           "--json")  # fmt: skip
    report = json.loads(done.stdout)
    assert report["fleet"]["devices"] == 3 == report["policy"]["updated"]
    assert report["fleet"]["kinds"]["other"] == 2 and report["fleet"]["kinds"]["meter"] == 1
    acts = [json.loads(line) for line in (tmp_path / "trace").read_text().splitlines()]
    rules = {act["device"]: (act["mode"], act["mode_rule"]) for act in acts
             if act["decision"] == "plan"}  # fmt: skip
    assert rules.pop(device.endpoint) == ("server", "provision")
    assert set(rules.values()) == {("client", "default")}
    listed = sandbox.suitctl("device", "list", "--filter", condition, "--json")
    (tmp_path / "fleet").write_bytes(listed.stdout)
    again = figures("--fleet", tmp_path / "fleet", "--start", report["fleet"]["from"])
    assert again["fleet"]["kinds"] == report["fleet"]["kinds"]
    none = sandbox.suitctl("policy", "simulate", "--filter", "device.site == 'nowhere'", check=False)
    assert none.returncode == 1 and b"no such devices" in none.stderr


@pytest.mark.parametrize("args, word", [
    (["--generate", "many"], "generate"),
    (["--generate", "0"], "generate"),
    (["--days", "-1"], "days"),
    (["--generate", "5", "--urgency", "panic"], "critical"),
    (["--generate", "5", "--start", "noon"], "start"),
    (["--generate", "5", "--release", "/nonexistent"], "/nonexistent"),
    (["--generate", "5", "--filter", "device.live"], "filter"),
    ([], "SUITD_HTTP"),
    (["--generate", "5", "--without", "toaster"], "meter"),
    (["--generate", "5"] + [word for kind in ("meter", "vehicle", "sensor", "camera", "gateway")
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
        assert done.returncode == 1 and "fleet" in done.stderr and done.stdout == ""
