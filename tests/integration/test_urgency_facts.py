# SPDX-License-Identifier: Apache-2.0
"""Each fact that rules of urgency may ask for comes from the stored release and the device, and is told."""

import copy
import datetime

import pytest
import suit_oracle as suit
from device import CoapDevice
from sandbox import eventually

POLICY = "/api/v1/policy"
UPDATE_PRIORITY, WAIT_INFO = 27, 29
RADIO = (b"radio",)
SOON = int(datetime.datetime.now().timestamp()) + 5 * 86400

RULES = [
    ("by a label", "release.labels.fault == 'crash'", "low"),
    ("by a number", "release.cvss > 6.5 && release.cvss < 6.7", "critical"),
    ("by kind", "release.kind == 'configuration'", "low"),
    ("by priority", "release.update_priority == -5", "critical"),
    ("expires", "release.use_before < timestamp('2199-01-01T00:00:00Z')", "high"),
    ("waits for power", "'power' in release.waits_for", "low"),
    ("radio", "'[\\'radio\\']' in release.component_ids", "critical"),
    ("two", "release.components == 2", "high"),
    ("large", "release.download_bytes > 70000", "low"),
    ("old", "installed.age > duration('P300D')", "high"),
]


@pytest.fixture(scope="module")
def rules(sandbox):
    """In force for the tests of this file."""
    before = sandbox.rest.get(POLICY).json()["policy"]
    document = copy.deepcopy(before)
    document["urgency"] = [
        {"name": name, "when": when, "urgency": urgency} for name, when, urgency in RULES]
    sandbox.rest.put(POLICY, 200, json=document)
    yield {name: urgency for name, _, urgency in RULES}
    sandbox.rest.put(POLICY, 200, json=before)


@pytest.fixture
def decided(sandbox, trusted, rules, unique, product):
    """Publishes a release with this in it; what is decided about it for a device."""

    def decide(images=None, query=None, components=(), number=1, **options):
        images = images or [suit.Image(product.bytes * 9, f"/fw/{product}")]
        device = CoapDevice(sandbox, unique("urgent"))
        assert device.register(components, klass=product).status == "2.01"
        for image in images:
            sandbox.rest.put_image(image)
        envelope = suit.update(trusted, number, images, klass=product, **options)
        release = sandbox.rest.post_manifest(envelope, 201, **(query or {})).json()
        sandbox.rest.approve(release["digest"])

        def found():
            device.poll()
            return sandbox.rest.device(device.endpoint)["deployment"]

        deployment = eventually(found)
        assert deployment["release"] == release["digest"]
        return deployment

    return decide


def check(deployment, rule, urgency, *facts):
    reason = deployment["plan"]["reasons"]["urgency"]
    assert reason["rule"] == rule, reason
    assert deployment["urgency"] == urgency
    for fact in facts:
        assert fact in reason["because"], reason


def test_labels(decided, rules):
    check(decided(query={"labels": '{"fault": "crash"}'}), "by a label", "low", "'crash'")


def test_cvss(decided, rules):
    check(decided(query={"labels": '{"cvss": 6.6}'}), "by a number", "critical", "6.6")


def test_kind(decided, rules):
    check(decided(query={"kind": "configuration"}), "by kind", "low", "'configuration'")


def test_update_priority(decided, rules):
    check(decided(parameters={UPDATE_PRIORITY: -5}), "by priority", "critical", "-5")


def test_priority_that_wait_info_waits_for(decided, rules):
    wait = suit.bstr({1: -5})
    check(decided(parameters={WAIT_INFO: wait}), "by priority", "critical", "-5")


def test_use_before(decided, rules):
    year = str(datetime.datetime.fromtimestamp(SOON, datetime.timezone.utc).year)
    check(decided(parameters={suit.USE_BEFORE: SOON}), "expires", "high", year)


def test_wait_info(sandbox, decided, rules):
    deployment = decided(parameters={WAIT_INFO: suit.bstr({2: 1})})
    check(deployment, "waits for power", "low", "'power'")
    release = sandbox.rest.get(f"/api/v1/releases/{deployment['release']}").json()
    assert release["waits_for"] == ["power"]


def test_component_kind(decided, rules, product):
    image = suit.Image(product.bytes * 5, f"/fw/{product}", RADIO)
    check(decided([image]), "radio", "critical", "radio")


def test_several_components(decided, rules, product):
    images = [suit.Image(product.bytes * n, f"/fw/{product}-{n}", (bytes([n]),)) for n in (1, 2)]
    check(decided(images), "two", "high", "2")


def test_size(decided, rules, product):
    check(decided([suit.Image(product.bytes * 5000, f"/fw/{product}")]), "large", "low", "80000")


def test_age_of_what_runs(sandbox, trusted, decided, rules, product):
    """Since it was published here, whoever installed it; of what nobody published nothing is known."""
    old = suit.Image(product.bytes * 2, f"/fw/{product}-old")
    release = sandbox.rest.publish(
        suit.update(trusted, 1, [old], klass=product), [old], approve=False)
    sandbox.sql("UPDATE release SET published_at = now() - interval '400 days' WHERE digest = %s",
                release["digest"])
    runs = [suit.installed(old, 1)]
    check(decided(components=runs, number=2), "old", "high", "P400D")


def test_unknown_age(decided, rules, product):
    factory = suit.Image(product.bytes * 3, f"/fw/{product}-factory")
    check(decided(components=[suit.installed(factory, 1)], number=2), "default", "normal")
