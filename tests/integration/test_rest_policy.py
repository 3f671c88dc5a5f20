# SPDX-License-Identifier: Apache-2.0
"""The policy document over REST and suitctl, and that schema and code agree about documents."""

import copy
import json

import jsonschema
import pytest
from sandbox import TOP

URL = "/api/v1/policy"
DEFAULT = json.loads((TOP / "config/policy.json").read_text())
SCHEMA = json.loads((TOP / "api/policy.schema.json").read_text())

CALENDAR = {"time_zone": "Europe/Berlin", "windows": [
    {"meaning": "idle", "days": ["mon"], "start": "02:30", "duration": "PT2H"}]}

# (path, value); value None: left out.
GOOD = [
    (["default_urgency"], "low"),
    (["default_urgency"], None),
    (["urgency"], []),
    (["modes"], [{"name": "a", "when": "device.behind_nat", "mode": "client"}]),
    (["approvals"], [{"name": "a", "roles": []}]),
    (["approvals"], [{"name": "a", "roles": ["network_operator", "operator"]}]),
    (["windows"], [{"name": "a", "calendar": CALENDAR}]),
    (["capacity"], None),
    (["capacity", "classes"],
     [{"class_id": "1492af14-2569-5e48-bf42-9b2d51f2ab45", "downloads": 3}]),
    (["levels", "low", "deadline"], "never"),
]
BAD = [
    (["colour"], "red"),
    (["levels"], None),
    (["levels", "urgent"], {}),
    (["levels", "low", "notice"], None),
    (["levels", "low", "notice"], "never"),
    (["levels", "low", "notice"], "1h"),
    (["levels", "low", "share"], 0),
    (["levels", "low", "max_retries"], 1.5),
    (["levels", "low", "at_deadline"], "shrug"),
    (["default_urgency"], "urgent"),
    (["modes"], {}),
    (["modes"], [{"name": "a"}]),
    (["modes"], [{"name": "default", "mode": "client"}]),
    (["modes"], [{"name": "a", "mode": "client", "then": 1}]),
    (["approvals"], [{"name": "a", "roles": ["author"]}]),
    (["approvals"], [{"name": "a", "roles": ["operator", "operator"]}]),
    (["windows"], [{"name": "a", "calendar": {"zone": "UTC", "windows": []}}]),
    (["capacity", "downloads"], 0),
    (["capacity", "classes"], [{"class_id": "lamp", "downloads": 3}]),
]


def changed(path, value):
    document = copy.deepcopy(DEFAULT)
    at = document
    for name in path[:-1]:
        at = at[name]
    if value is None:
        at.pop(path[-1], None)
    else:
        at[path[-1]] = value
    return document


def check(sandbox, tmp_path, document, **options):
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(document))
    return sandbox.suitctl("policy", "check", str(file), **options)


@pytest.fixture
def policy(rest):
    """The document in force; put back in the end."""
    before = rest.get(URL).json()["policy"]
    yield before
    rest.put(URL, 200, json=before)


def test_schema_is_one_and_takes_the_default(sandbox, tmp_path):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(DEFAULT, SCHEMA)
    check(sandbox, tmp_path, DEFAULT)


@pytest.mark.parametrize("path, value", GOOD, ids=str)
def test_schema_and_code_accept(sandbox, tmp_path, path, value):
    document = changed(path, value)
    jsonschema.validate(document, SCHEMA)
    check(sandbox, tmp_path, document)


@pytest.mark.parametrize("path, value", BAD, ids=str)
def test_schema_and_code_refuse(sandbox, tmp_path, path, value):
    document = changed(path, value)
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(document)
    assert check(sandbox, tmp_path, document, check=False).returncode == 1


def test_saved_versioned_and_audited(rest, policy):
    before = rest.get(URL)
    document = copy.deepcopy(policy)
    document["capacity"] = {"downloads": 77}
    saved = rest.put(URL, 200, json=document, headers={"If-Match": before.headers["ETag"]})
    assert saved.json()["policy"] == document
    assert saved.json()["version"] == before.json()["version"] + 1
    assert rest.get(URL).json() == saved.json()
    rest.put(URL, 412, json=policy, headers={"If-Match": before.headers["ETag"]})
    assert rest.put(URL, 200, json=document).json() == saved.json()
    versions = rest.get(f"{URL}/versions").json()["items"]
    assert versions[0]["version"] == saved.json()["version"] and "policy" not in versions[0]
    first = rest.get(f"{URL}/versions/1").json()
    assert first["saved_by"] == "suitd" and first["policy"] == DEFAULT
    rest.get(f"{URL}/versions/none", 404)
    newest = rest.get("/api/v1/audit", params={"limit": 1}).json()["items"][0]
    assert newest["action"] == "policy.save"
    assert newest["subject"] == str(saved.json()["version"])


def test_a_bad_one_is_refused_with_the_column(rest, policy):
    document = copy.deepcopy(policy)
    document["modes"] = [{"name": "a", "when": "device.model == 7", "mode": "client"}]
    problem = rest.put(URL, 400, json=document).json()
    assert problem["field"].startswith("modes[0].when:")
    assert rest.get(URL).json()["policy"] == policy


def test_suitctl_shows_checks_and_puts(sandbox, tmp_path, policy):
    document = copy.deepcopy(policy)
    document["modes"] = [{"name": "a", "when": "device.model = 'x'", "mode": "client"}]
    wrong = check(sandbox, tmp_path, document, check=False)
    assert wrong.returncode == 1
    lines = wrong.stderr.decode().splitlines()
    at = lines.index("  device.model = 'x'")
    assert lines[at + 1] == " " * 15 + "^"
    assert "modes[0].when:14" in wrong.stderr.decode()
    document["modes"][0]["when"] = "device.model == 'x'"
    check(sandbox, tmp_path, document)
    sandbox.suitctl("policy", "put", str(tmp_path / "policy.json"))
    assert json.loads(sandbox.suitctl("policy", "show").stdout) == document
