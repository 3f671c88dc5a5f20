# SPDX-License-Identifier: Apache-2.0
"""What suitd answers is what api/openapi.yaml says, member by member."""

import os

import pytest
import suit_oracle as suit
import yaml
from device import HttpDevice
from sandbox import TOP

jsonschema = pytest.importorskip("jsonschema")

DOCUMENT = yaml.safe_load((TOP / "api" / "openapi.yaml").read_text())


def check(reply, schema):
    """All that is described is there, and nothing else."""
    resolver = jsonschema.RefResolver("", {"components": DOCUMENT["components"]})
    described = DOCUMENT["components"]["schemas"][schema]
    jsonschema.Draft202012Validator(described, resolver=resolver).validate(reply)
    extra = set(reply) - set(described.get("properties", reply))
    assert not extra, f"{schema} does not describe {extra}"
    return reply


@pytest.fixture
def busy(sandbox, trusted, product, unique):
    """A device with a deployment in flight."""
    images = [suit.Image(os.urandom(100), f"/fw/{unique('image')}.bin") for _ in range(2)]
    device = HttpDevice(sandbox, unique("lamp"))
    device.register([suit.installed(images[0], 1)], klass=product)
    sandbox.rest.publish(suit.update(trusted, 2, [images[1]], klass=product), [images[1]])
    assert device.poll().status_code == 200
    return device


def test_single_resources(rest, busy, unique):
    url = f"/api/v1/devices/{busy.endpoint}"
    device = check(rest.get(url).json(), "Device")
    deployment = check(device["deployment"], "Deployment")
    check(rest.get(f"/api/v1/deployments/{deployment['id']}").json(), "Deployment")
    check(rest.get(url + "/decision").json(), "Decision")
    windows = [{"days": ["mon"], "start": "02:30", "duration": "PT2H"},
               {"meaning": "busy", "until": "2099-01-01T00:00:00Z"},
               {"rule": "FREQ=MONTHLY;BYHOUR=2", "duration": "PT1H"}]
    laid_down = {"profile": {"answers": True, "install_s": 9}, "calendar": {"windows": windows},
                 "mode": "negotiated", "site": "north"}
    check(rest.put(url + "/provision", json=laid_down).json(), "Provisioned")
    check(rest.get(url).json(), "Device")
    release = rest.get(f"/api/v1/releases/{deployment['release']}").json()
    check(release, "Release")
    check(rest.get(f"/api/v1/manifests/{release['digest']}").json() | {}, "Manifest")
    check(rest.get(f"/api/v1/images/{release['images'][0]['digest']}").json(), "Image")
    check(rest.get("/api/v1/fleet/summary").json(), "Summary")
    check(rest.get("/healthz").json(), "Health")
    check(rest.get("/readyz").json(), "Health")
    anchor = rest.trust(suit.Key(), unique("anchor"))
    check(anchor, "TrustAnchor")
    check(rest.get("/api/v1/nothing", 404).json(), "Problem")
    check(rest.get("/api/v1/devices?limit=x", 400).json(), "Problem")


@pytest.mark.parametrize(
    "path, page, item",
    [
        ("/api/v1/tokens", "TokenPage", "Token"),
        ("/api/v1/trust-anchors", "TrustAnchorPage", "TrustAnchor"),
        ("/api/v1/images", "ImagePage", "Image"),
        ("/api/v1/releases", "ReleasePage", "Release"),
        ("/api/v1/devices", "DevicePage", "Device"),
        ("/api/v1/devices/{endpoint}/deployments", "DeploymentPage", "Deployment"),
        ("/api/v1/devices/{endpoint}/history", "HistoryPage", "Transition"),
        ("/api/v1/audit", "AuditPage", "AuditEntry"),
    ],
)
def test_pages(rest, busy, path, page, item):
    found = check(rest.get(path.format(endpoint=busy.endpoint)).json(), page)["items"]
    assert found
    for one in found:
        check(one, item)


def test_every_reference_leads_somewhere():
    def walk(node):
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                at = DOCUMENT
                for part in node["$ref"].removeprefix("#/").split("/"):
                    at = at[part]
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(DOCUMENT)


def test_operations_are_named_once():
    names = [
        operation["operationId"]
        for item in DOCUMENT["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    ]
    assert len(names) == len(set(names))
