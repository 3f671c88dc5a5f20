# SPDX-License-Identifier: Apache-2.0
"""What each role must not do: the one that writes firmware does not start it, and the other way round."""

import uuid

import pytest
import suit_oracle as suit
from device import HttpDevice
from sandbox import SUIT_ENVELOPE

ROLES = ("author", "operator", "network_operator", "trust_authority", "viewer")
ANY = str(uuid.uuid4())
NO_RELEASE = "sha256:" + "0" * 64

# request: who may make it; the path leads nowhere, so that whoever may is told 400 or 404.
MAY = {
    ("PUT", "/api/v1/images/sha256:0"): {"author"},
    ("POST", "/api/v1/uploads"): {"author"},
    ("POST", "/api/v1/manifests"): {"author"},
    ("POST", f"/api/v1/releases/{NO_RELEASE}/approve"): {"operator", "network_operator"},
    ("POST", f"/api/v1/releases/{NO_RELEASE}/withdraw"): {"operator"},
    ("POST", "/api/v1/devices/nobody-at-all/deployments"): {"operator"},
    ("POST", f"/api/v1/deployments/{ANY}/cancel"): {"operator"},
    ("PUT", "/api/v1/devices/nobody-at-all/credentials"): {"operator"},
    ("PUT", "/api/v1/devices/nobody-at-all/provision"): {"operator"},
    ("POST", "/api/v1/trust-anchors"): {"trust_authority"},
    ("POST", f"/api/v1/trust-anchors/{ANY}/revoke"): {"trust_authority"},
    ("POST", "/api/v1/tokens"): set(),
    ("GET", "/api/v1/tokens"): set(),
    ("DELETE", f"/api/v1/tokens/{ANY}"): set(),
}


JSON_BODY = {"data": "{}", "headers": {"Content-Type": "application/json"}}
BODIES = {
    "/api/v1/manifests": {"data": b"x", "headers": {"Content-Type": SUIT_ENVELOPE}},
    "/api/v1/trust-anchors": JSON_BODY,
    "/api/v1/devices/nobody-at-all/deployments": JSON_BODY,
    "/api/v1/devices/nobody-at-all/credentials": JSON_BODY,
    "/api/v1/devices/nobody-at-all/provision": JSON_BODY,
}


@pytest.mark.parametrize("method, path", MAY)
def test_roles(sandbox, method, path):
    for role in ROLES:
        reply = sandbox.as_role(role).request(method, path, **BODIES.get(path, {}))
        if role in MAY[method, path]:
            assert reply.status_code in (400, 404, 412, 415, 422), (role, reply.text)
        else:
            assert reply.status_code == 403, (role, reply.text)
            assert role in reply.json()["detail"]
    assert sandbox.anonymous().request(method, path, **BODIES.get(path, {})).status_code == 401


def test_author_starts_nothing(sandbox, trusted, product, unique):
    """Neither for the fleet nor for one device; what the author asked for in vain leaves no trace."""
    author, operator = sandbox.as_role("author"), sandbox.as_role("operator")
    image = suit.Image(product.bytes, f"/fw/{product}")
    author.put_image(image)
    release = author.post_manifest(suit.update(trusted, 1, [image], klass=product), 201).json()
    device = HttpDevice(sandbox, unique("guarded"))
    device.register(klass=product)
    path, body = f"/api/v1/devices/{device.endpoint}/deployments", {"release": release["digest"]}
    author.approve(release["digest"], 403)
    author.post(path, 403, json=body)
    problem = operator.post(path, 409, json=body).json()
    assert "approved" in problem["detail"]
    assert sandbox.rest.deployments(device.endpoint) == []
    assert device.poll().status_code == 404
    operator.approve(release["digest"])
    author.post(path, 403, json=body)
    author.post(f"/api/v1/releases/{release['digest']}/withdraw", 403)
    assert device.poll().status_code == 200


def test_operator_publishes_nothing(sandbox, trusted, product):
    image = suit.Image(product.bytes * 2, f"/fw/{product}")
    operator = sandbox.as_role("operator")
    operator.put_image(image, 403)
    operator.post_manifest(suit.update(trusted, 1, [image], klass=product), 403)
    sandbox.rest.get(f"/api/v1/images/{image.digest}", 404)
