# SPDX-License-Identifier: Apache-2.0
"""Bearer tokens and roles: who may do what, and why somebody may not."""

import pytest
from sandbox import Rest

ROLES = ["author", "operator", "network_operator", "trust_authority", "viewer", "administrator"]
NOWHERE = "00000000-0000-7000-8000-000000000000"
DIGEST = "sha256:" + "0" * 64

# What a role that may do it gets for a request about nothing, and which roles may.
REQUESTS = [
    ("GET", "/api/v1/tokens", {"administrator"}),
    ("POST", "/api/v1/tokens", {"administrator"}),
    ("DELETE", f"/api/v1/tokens/{NOWHERE}", {"administrator"}),
    ("GET", "/api/v1/trust-anchors", set(ROLES)),
    ("POST", "/api/v1/trust-anchors", {"trust_authority", "administrator"}),
    ("GET", f"/api/v1/trust-anchors/{NOWHERE}", set(ROLES)),
    ("POST", f"/api/v1/trust-anchors/{NOWHERE}/revoke", {"trust_authority", "administrator"}),
    ("GET", "/api/v1/images", set(ROLES)),
    ("GET", f"/api/v1/images/{DIGEST}", set(ROLES)),
    ("PUT", f"/api/v1/images/{DIGEST}", {"author", "administrator"}),
    ("POST", "/api/v1/uploads", {"author", "administrator"}),
    ("HEAD", f"/api/v1/uploads/{NOWHERE}", {"author", "administrator"}),
    ("DELETE", f"/api/v1/uploads/{NOWHERE}", {"author", "administrator"}),
    ("POST", "/api/v1/manifests", {"author", "administrator"}),
    ("GET", f"/api/v1/manifests/{DIGEST}", set(ROLES)),
    ("GET", "/api/v1/releases", set(ROLES)),
    ("GET", f"/api/v1/releases/{DIGEST}", set(ROLES)),
    ("POST", f"/api/v1/releases/{DIGEST}/approve", {"operator", "network_operator", "administrator"}),
    ("POST", f"/api/v1/releases/{DIGEST}/withdraw", {"operator", "administrator"}),
    ("GET", "/api/v1/devices", set(ROLES)),
    ("GET", "/api/v1/devices/nobody", set(ROLES)),
    ("GET", "/api/v1/devices/nobody/decision", set(ROLES)),
    ("GET", "/api/v1/devices/nobody/history", set(ROLES)),
    ("GET", "/api/v1/devices/nobody/deployments", set(ROLES)),
    ("POST", "/api/v1/devices/nobody/deployments", {"operator", "administrator"}),
    ("PUT", "/api/v1/devices/nobody/credentials", {"operator", "administrator"}),
    ("DELETE", "/api/v1/devices/nobody/credentials", {"operator", "administrator"}),
    ("GET", "/api/v1/devices/nobody/provision", set(ROLES)),
    ("PUT", "/api/v1/devices/nobody/provision", {"operator", "administrator"}),
    ("DELETE", "/api/v1/devices/nobody/provision", {"operator", "administrator"}),
    ("GET", f"/api/v1/deployments/{NOWHERE}", set(ROLES)),
    ("GET", f"/api/v1/deployments/{NOWHERE}/history", set(ROLES)),
    ("POST", f"/api/v1/deployments/{NOWHERE}/cancel", {"operator", "administrator"}),
    ("GET", "/api/v1/fleet/summary", set(ROLES)),
    ("GET", "/api/v1/audit", {"operator", "trust_authority", "administrator"}),
]


def new_token(sandbox, name, role="viewer", **more):
    body = {"name": name, "role": role, **more}
    return sandbox.rest.post("/api/v1/tokens", 201, json=body).json()


@pytest.mark.parametrize("method, path, allowed", REQUESTS, ids=lambda value: str(value)[:60])
def test_roles(sandbox, method, path, allowed):
    for role in ROLES:
        status = sandbox.as_role(role).request(method, path).status_code
        assert (status == 403) == (role not in allowed), f"{role}: {status}"
        assert status != 401
    reply = sandbox.anonymous().request(method, path)
    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"].startswith("Bearer ")


def test_a_token_is_shown_once(sandbox, unique):
    made = new_token(sandbox, unique("token"), "operator")
    assert Rest(sandbox.http, made["token"]).get("/api/v1/devices")
    listed = sandbox.rest.get("/api/v1/tokens").json()["items"]
    (found,) = [token for token in listed if token["id"] == made["id"]]
    assert found == {key: value for key, value in made.items() if key != "token"}
    assert made["token"] not in sandbox.log


def refused(sandbox, secret):
    reply = Rest(sandbox.http, secret).get("/api/v1/devices", 401)
    assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]
    assert reply.headers["Content-Type"] == "application/problem+json"
    return reply.json()["detail"]


def test_unknown_token(sandbox):
    assert "unknown" in refused(sandbox, "suitd_" + "A" * 43)
    assert "unknown" in refused(sandbox, "x" * 4000)


def test_expired_token(sandbox, unique):
    made = new_token(sandbox, unique("token"), expires_at="2099-01-01T00:00:00Z")
    sandbox.sql(
        "UPDATE api_token SET expires_at = now() - interval '1 hour' WHERE id = %s", made["id"]
    )
    assert "expired" in refused(sandbox, made["token"])


def test_revoked_token_is_refused_at_once(sandbox, unique):
    made = new_token(sandbox, unique("token"))
    caller = Rest(sandbox.http, made["token"])
    caller.get("/api/v1/devices")
    sandbox.rest.delete(f"/api/v1/tokens/{made['id']}", 204)
    assert "revoked" in refused(sandbox, made["token"])


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", "", "bearer"])
def test_no_token(sandbox, header):
    reply = sandbox.anonymous().get("/api/v1/devices", 401, headers={"Authorization": header})
    assert "error=" not in reply.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "body, field",
    [
        ({"role": "viewer"}, "name"),
        ({"name": "", "role": "viewer"}, "name"),
        ({"name": "x" * 101, "role": "viewer"}, "name"),
        ({"name": 7, "role": "viewer"}, "name"),
        ({"name": "a\tb", "role": "viewer"}, "name"),
        ({"name": "bad-role"}, "role"),
        ({"name": "bad-role", "role": "king"}, "role"),
        ({"name": "bad-time", "role": "viewer", "expires_at": "soon"}, "expires_at"),
        ({"name": "past", "role": "viewer", "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "more", "role": "viewer", "colour": "red"}, "colour"),
    ],
)
def test_bad_tokens(sandbox, body, field):
    before = sandbox.rest.get("/api/v1/tokens").json()
    problem = sandbox.rest.post("/api/v1/tokens", 400, json=body).json()
    assert problem["field"] == field
    assert problem["status"] == 400 and problem["detail"]
    assert sandbox.rest.get("/api/v1/tokens").json() == before


def test_names_are_unique(sandbox, unique):
    name = unique("token")
    new_token(sandbox, name)
    sandbox.rest.post("/api/v1/tokens", 409, json={"name": name, "role": "viewer"})


def test_revoking_what_is_not_there(rest):
    rest.delete(f"/api/v1/tokens/{NOWHERE}", 404)
    rest.delete("/api/v1/tokens/not-a-uuid", 404)


def test_audit_tells_who_did_it(sandbox, unique):
    name = unique("token")
    made = new_token(sandbox, name)
    sandbox.rest.delete(f"/api/v1/tokens/{made['id']}")
    entries = sandbox.rest.get("/api/v1/audit", params={"limit": 2}).json()
    assert [entry["action"] for entry in entries["items"]] == ["token.revoke", "token.create"]
    assert entries["items"][1]["subject"] == name
    assert entries["items"][1]["actor"] == "administrator"
    older = sandbox.rest.get("/api/v1/audit", params={"cursor": entries["next"], "limit": 1000})
    assert all(entry["id"] < int(entries["next"]) for entry in older.json()["items"])
