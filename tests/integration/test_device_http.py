# SPDX-License-Identifier: Apache-2.0
"""The device plane over HTTP: the same messages in CBOR and in JSON, ETags, problem documents."""

import hashlib
import json
import uuid

import pytest
import suit_oracle as suit
from device import HttpDevice


@pytest.fixture
def device(sandbox, unique):
    made = HttpDevice(sandbox, unique("http"))
    made.rest.token = None
    return made


def post_json(device, path, body, **more):
    text = body if isinstance(body, str) else json.dumps(body)
    return device.rest.request(
        "POST",
        f"/device/v1{path}",
        params={"ep": device.endpoint, **more},
        data=text,
        headers={"Content-Type": "application/json"},
    )


def test_register_in_json(sandbox, device):
    digest = "sha256:" + "ab" * 32
    body = {
        "lifetime": 600,
        "envelope_form": "severed",
        "characteristics": {
            "vendor_ids": [str(suit.VENDOR)],
            "class_ids": [str(suit.CLASS)],
            "serial": "S1",
            "components": [
                {
                    "component": "['boot', h'01']",
                    "digest": digest,
                    "sequence_number": 4,
                    "version": "1.2-rc.1",
                }
            ],
        },
    }
    reply = post_json(device, "/rd", body)
    assert reply.status_code == 201
    assert reply.headers["Location"].startswith("/device/v1/rd/")
    shown = sandbox.rest.device(device.endpoint)
    assert (shown["lifetime"], shown["envelope_form"]) == (600, "severed")
    component = shown["components"][0]
    assert (component["component"], component["digest"]) == ("['boot', h'01']", digest)
    assert (component["sequence_number"], component["version"]) == (4, "1.2-rc.1")


def test_life_of_a_registration(sandbox, device):
    assert device.register(lifetime=600).status_code == 201
    location = device.location
    assert device.rest.request("POST", location).status_code == 204
    assert device.rest.request("POST", location, params={"lt": 700}).status_code == 204
    assert sandbox.rest.device(device.endpoint)["lifetime"] == 700
    assert device.rest.request("DELETE", location).status_code == 204
    assert device.rest.request("DELETE", location).status_code == 404
    assert device.rest.request("POST", f"/device/v1/rd/{uuid.uuid4()}").status_code == 404
    assert device.rest.request("POST", "/device/v1/rd/x").status_code == 404


@pytest.mark.parametrize(
    "body, field",
    [
        ({"lifetime": 1}, "lifetime"),
        ({"characteristics": {"serial": ""}}, "characteristics.serial"),
        ({"envelope_form": "huge"}, "envelope_form"),
        ({"characteristics": {"components": [{}]}}, "characteristics.components[0].component"),
    ],
)
def test_problems_name_the_member(device, body, field):
    reply = post_json(device, "/rd", body)
    assert reply.status_code == 400
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert reply.json()["field"] == field


@pytest.mark.parametrize("body", ["", "[]", "{", '{"colour": 1}', '{"lifetime":60,"lifetime":60}'])
def test_bad_json(device, body):
    reply = post_json(device, "/suit/status", body)
    assert reply.status_code == 400


def test_poll_with_etag(sandbox, device, trusted, product):
    image = suit.Image(b"firmware", f"/fw/{product}.bin")
    envelope = suit.update(trusted, 1, [image], klass=product)
    assert device.register(klass=product).status_code == 201
    assert device.poll().status_code == 404
    sandbox.rest.publish(envelope, [image])
    reply = device.poll()
    assert (reply.status_code, reply.content) == (200, envelope)
    assert reply.headers["Content-Type"] == "application/suit-envelope+cose"
    etag = reply.headers["ETag"]
    assert etag == f'"{hashlib.sha256(envelope).hexdigest()}"'
    again = device.poll(etag)
    assert (again.status_code, again.content) == (304, b"")
    device.run_update(image, 1)
    assert sandbox.rest.deployments(device.endpoint)[0]["state"] == "confirmed"


def test_not_registered(device):
    assert device.poll().status_code == 404
    assert device.status(state="accepted").status_code == 404
    assert device.rest.request("GET", "/device/v1/suit/manifest").status_code == 400
