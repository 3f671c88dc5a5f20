# SPDX-License-Identifier: Apache-2.0
"""Trust anchors: kinds of keys, scopes, revocation, and keys that are refused."""

import base64
import json

import pytest
import suit_oracle as suit
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

URL = "/api/v1/trust-anchors"


def pem_of(public_key):
    return public_key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def jwk_of(private_key):
    numbers = private_key.public_key().public_numbers()

    def text(number):
        return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()

    return {"kty": "EC", "crv": "P-256", "x": text(numbers.x), "y": text(numbers.y)}


def test_pem_with_scope(rest, unique):
    name = unique("anchor")
    body = {
        "name": name,
        "pem": suit.Key().public_pem(),
        "vendor_ids": [str(suit.VENDOR)],
        "class_ids": [str(suit.CLASS)],
    }
    made = rest.post(URL, 201, json=body).json()
    assert made["purpose"] == "author" and made["key_type"] == "P-256"
    assert made["vendor_ids"] == [str(suit.VENDOR)] and made["class_ids"] == [str(suit.CLASS)]
    assert len(made["thumbprint"]) == 64 and made["revoked_at"] is None
    assert rest.get(f"{URL}/{made['id']}").json() == made
    assert made in rest.get(URL).json()["items"]
    assert made not in rest.get(URL, params={"purpose": "device"}).json()["items"]


def test_jwk_is_the_same_key_as_pem(rest, unique):
    key = ec.generate_private_key(ec.SECP256R1())
    made = rest.post(URL, 201, json={"name": unique("anchor"), "jwk": jwk_of(key)}).json()
    assert made["key_type"] == "P-256"
    again = {"name": unique("anchor"), "pem": pem_of(key.public_key())}
    rest.post(URL, 409, json=again)


def test_device_key(rest, unique):
    endpoint = unique("lamp")
    body = {
        "name": unique("anchor"),
        "purpose": "device",
        "endpoint": endpoint,
        "pem": suit.Key("ed25519").public_pem(),
    }
    made = rest.post(URL, 201, json=body).json()
    assert made["endpoint"] == endpoint and made["key_type"] == "Ed25519"


def test_revocation(rest, unique):
    made = rest.post(URL, 201, json={"name": unique("a"), "pem": suit.Key().public_pem()}).json()
    revoked = rest.post(f"{URL}/{made['id']}/revoke", 200, json={"reason": "lost laptop"}).json()
    assert revoked["revoked_at"] and revoked["revocation_reason"] == "lost laptop"
    again = rest.post(f"{URL}/{made['id']}/revoke", 200, json={"reason": "other"}).json()
    assert again == revoked
    assert revoked in rest.get(URL).json()["items"]


def test_a_revoked_key_may_come_back(rest, unique):
    pem = suit.Key().public_pem()
    made = rest.post(URL, 201, json={"name": unique("a"), "pem": pem}).json()
    rest.post(f"{URL}/{made['id']}/revoke", 200)
    rest.post(URL, 201, json={"name": unique("a"), "pem": pem})


GOOD = suit.Key().public_pem()


@pytest.mark.parametrize(
    "body, status, field",
    [
        ({"pem": GOOD}, 400, "name"),
        ({"name": "a"}, 400, "pem"),
        ({"name": "a", "pem": GOOD, "jwk": {}}, 400, "pem"),
        ({"name": "a", "pem": "-----BEGIN NOTHING-----"}, 400, "pem"),
        ({"name": "a", "pem": suit.Key().private_pem()}, 400, "pem"),
        ({"name": "a", "pem": pem_of(rsa.generate_private_key(65537, 2048).public_key())}, 422, "pem"),
        ({"name": "a", "jwk": {"kty": "EC"}}, 400, "jwk"),
        ({"name": "a", "jwk": "text"}, 400, "jwk"),
        ({"name": "a", "pem": GOOD, "purpose": "king"}, 400, "purpose"),
        ({"name": "a", "pem": GOOD, "purpose": "device"}, 400, "endpoint"),
        ({"name": "a", "pem": GOOD, "endpoint": "lamp"}, 400, "endpoint"),
        ({"name": "a", "pem": GOOD, "vendor_ids": "x"}, 400, "vendor_ids"),
        ({"name": "a", "pem": GOOD, "vendor_ids": ["x"]}, 400, "vendor_ids"),
        ({"name": "a", "pem": GOOD, "class_ids": [str(suit.CLASS)] * 33}, 400, "class_ids"),
        ({"name": "a", "pem": GOOD, "colour": "red"}, 400, "colour"),
    ],
)
def test_bad_anchors(rest, body, status, field):
    before = rest.get(URL).json()
    problem = rest.post(URL, status, json=body).json()
    assert problem["field"].split(".")[0] == field
    assert rest.get(URL).json() == before


def test_unknown_anchor(rest):
    rest.get(f"{URL}/00000000-0000-7000-8000-000000000000", 404)
    rest.post(f"{URL}/00000000-0000-7000-8000-000000000000/revoke", 404)
    rest.get(f"{URL}/x", 404)
    assert json.loads(rest.get(f"{URL}?colour=red", 400).text)["field"] == "colour"
