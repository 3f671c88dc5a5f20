# SPDX-License-Identifier: Apache-2.0
"""Devices, credentials and deployments over REST."""

import os
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
import suit_oracle as suit
from device import HttpDevice
from sandbox import eventually

NOWHERE = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def images(unique):
    stem = unique("firmware")
    return [suit.Image(os.urandom(500), f"/fw/{stem}/{n}.bin") for n in range(2)]


@pytest.fixture
def lamp(sandbox, product, images, unique):
    device = HttpDevice(sandbox, unique("lamp"))
    assert device.register([suit.installed(images[0], 1)], klass=product).ok
    return device


@pytest.fixture
def release(rest, trusted, product, images):
    return rest.publish(suit.update(trusted, 2, [images[1]], klass=product), [images[1]])


def url_of(device, more=""):
    return "/api/v1/devices/" + urllib.parse.quote(device.endpoint, safe="") + more


def test_a_device(rest, lamp, product, images):
    reply = rest.get(url_of(lamp))
    seen = reply.json()
    assert seen["endpoint"] == lamp.endpoint and seen["live"] and seen["removed_at"] is None
    assert seen["transport"] == "http" and seen["class_ids"] == [str(product)]
    assert seen["components"][0]["component"] == "[h'00']"
    assert seen["components"][0]["digest"] == images[0].digest
    assert seen["deployment"] is None
    assert reply.headers["ETag"]


def test_names_with_slashes_and_spaces(sandbox, rest, product, unique):
    device = HttpDevice(sandbox, unique("floor 1/lamp é"))
    assert device.register([], klass=product).ok
    assert rest.get(url_of(device)).json()["endpoint"] == device.endpoint


def test_pages(rest, sandbox, product, unique):
    names = {unique("page") for _ in range(5)}
    for name in names:
        assert HttpDevice(sandbox, name).register([], klass=product).ok
    found, cursor = [], None
    while True:
        params = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        page = rest.get("/api/v1/devices", params=params).json()
        found += [device["endpoint"] for device in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert names <= set(found) and len(found) == len(set(found))


def listed(rest, expression, **params):
    page = rest.get("/api/v1/devices", params={"filter": expression, **params}).json()
    return [device["endpoint"] for device in page["items"]], page["next"]


def test_filter(rest, sandbox, product, unique):
    stem = unique("filter")
    names = [f"{stem}-{n}" for n in range(4)]
    for name in names:
        assert HttpDevice(sandbox, name).register([], klass=product).ok
    mine = f"device.endpoint.startsWith('{stem}-')"
    assert listed(rest, mine) == (names, None)
    assert listed(rest, f"{mine} && '{product}' in device.class_ids")[0] == names
    assert listed(rest, f"{mine} && !('{product}' in device.class_ids)")[0] == []
    assert listed(rest, f"device.endpoint in ['{names[0]}', '{names[3]}']")[0] == [names[0], names[3]]
    assert listed(rest, f"{mine} && now - device.last_seen < duration('PT1H')")[0] == names
    assert listed(rest, f"{mine} && now - device.last_seen > duration('PT1H')")[0] == []
    # Nobody said a model: neither this nor its opposite is true.
    assert listed(rest, f"{mine} && device.model == 'a'")[0] == []
    assert listed(rest, f"{mine} && device.model != 'a'")[0] == []
    assert listed(rest, f"{mine} && !has(device.model)")[0] == names


def test_pages_of_a_filter(rest, sandbox, product, unique):
    stem = unique("odd")
    for n in range(6):
        assert HttpDevice(sandbox, f"{stem}-{n}").register([], klass=product).ok
    odd = [f"{stem}-{n}" for n in (1, 3, 5)]
    expression = f"device.endpoint in {odd}"
    first, cursor = listed(rest, expression, limit=2)
    assert first == odd[:2] and cursor
    assert listed(rest, expression, limit=2, cursor=cursor) == (odd[2:], None)


@pytest.mark.parametrize(
    "expression, place",
    [
        ("", "filter:1"),
        ("device.model == 7", "filter:17"),
        ("device.modle == 'a'", "filter:1"),
        ("release.kind == 'security'", "filter:1"),
        ("true && release.labels.a", "filter:9"),
        ("device.model == 'a'; DROP TABLE device", "filter:20"),
        ("true" + " " * 4096, "filter:1"),
    ],
)
def test_faults_of_a_filter(rest, expression, place):
    problem = rest.get("/api/v1/devices", 400, params={"filter": expression}).json()
    assert problem["field"] == place and problem["detail"]


def test_the_longest_filter_may_be_escaped_throughout(rest):
    """What a list takes as a filter also fits into a request's first line."""
    blanks = "%20" * (4096 - len("false"))
    assert rest.get(f"/api/v1/devices?filter=false{blanks}").json()["items"] == []


def test_a_filter_cannot_leave_its_quotes(rest):
    for text in (r"a\'; DROP TABLE device; --", "$1", "%", "a' OR 'a' = 'a".replace("'", r"\'")):
        assert listed(rest, f"device.endpoint == '{text}'") == ([], None)


def test_nobody(rest):
    for more in ("", "/decision", "/history", "/deployments"):
        assert rest.get("/api/v1/devices/nobody" + more, 404).json()["field"] == "endpoint"
    body = {"release": "sha256:" + "0" * 64}
    rest.post("/api/v1/devices/nobody/deployments", 404, json=body)


def test_decision_gives_reasons(rest, lamp, release, trusted, product, images):
    old = suit.update(trusted, 1, [images[0]], klass=suit.uuid.uuid5(product, "other"))
    rest.publish(old, [images[0]])
    decision = rest.get(url_of(lamp, "/decision")).json()
    assert decision["choice"] == release["digest"] and not decision["up_to_date"]
    (chosen,) = [one for one in decision["candidates"] if one["chosen"]]
    assert chosen["release"] == release["digest"] and chosen["reason"] is None
    assert all(one["reason"] for one in decision["candidates"] if not one["chosen"])


def test_operator_names_a_release(sandbox, rest, lamp, trusted, images):
    manifest = suit.update_manifest(2, [images[1]], check_target=False)
    release = rest.publish(suit.envelope(manifest, [trusted]), [images[1]])
    assert not release["targeted"]
    assert lamp.poll().status_code == 404
    operator = sandbox.as_role("operator")
    reply = operator.post(url_of(lamp, "/deployments"), 201, json={"release": release["digest"]})
    made = reply.json()
    assert made["endpoint"] == lamp.endpoint and made["named_by_operator"]
    assert made["release"] == release["digest"] and made["state"] == "planned"
    assert rest.get(f"/api/v1/deployments/{made['id']}").json() == made
    assert rest.device(lamp.endpoint)["deployment"]["id"] == made["id"]
    assert lamp.poll().status_code == 200
    history = rest.get(f"/api/v1/deployments/{made['id']}/history").json()["items"]
    assert history[0]["to"] == "offered" and history[-1]["actor"] == "test-operator"
    assert rest.get(url_of(lamp, "/history")).json()["items"] == history
    again = {"release": release["digest"]}
    assert operator.post(url_of(lamp, "/deployments"), 409, json=again).json()["detail"]


def test_an_operator_names_what_was_planned_already(rest, lamp, release):
    """The planner may be faster than the operator, who asks for the same."""
    assert lamp.poll().status_code == 200
    (planned,) = rest.deployments(lamp.endpoint)
    assert planned["release"] == release["digest"] and not planned["named_by_operator"]
    named = rest.post(url_of(lamp, "/deployments"), 201, json={"release": release["digest"]}).json()
    assert named["named_by_operator"] and named["id"] != planned["id"]
    old = rest.get(f"/api/v1/deployments/{planned['id']}").json()
    assert old["state"] == "superseded" and old["reason"] == "an operator named this release"
    assert rest.device(lamp.endpoint)["deployment"]["id"] == named["id"]


def test_cancel(sandbox, rest, lamp, release):
    assert lamp.poll().status_code == 200
    (deployment,) = rest.deployments(lamp.endpoint)
    url = f"/api/v1/deployments/{deployment['id']}/cancel"
    sandbox.as_role("author").post(url, 403)
    cancelled = sandbox.as_role("operator").post(url, 200).json()
    assert cancelled["state"] == "cancelled" and cancelled["endpoint"] == lamp.endpoint
    sandbox.as_role("operator").post(url, 409)
    assert rest.device(lamp.endpoint)["deployment"] is None


def test_cancel_while_the_server_plans(sandbox, rest, lamp, release):
    """What writes the deployment at the same time, as planning does, is no fault of the operator's."""
    deployment = rest.post(
        f"/api/v1/devices/{lamp.endpoint}/deployments", 201, json={"release": release["digest"]}
    ).json()
    with ThreadPoolExecutor(1) as pool, psycopg2.connect(sandbox.pg) as planning:
        with planning.cursor() as cursor:
            cursor.execute(
                "UPDATE deployment SET row_version = row_version + 1 WHERE id = %s",
                [deployment["id"]],
            )
            path = f"/api/v1/deployments/{deployment['id']}/cancel"
            reply = pool.submit(rest.post, path, 200)
            eventually(lambda: sandbox.sql("SELECT 1 FROM pg_locks WHERE NOT granted"))
        planning.commit()
        assert reply.result().json()["state"] == "cancelled"
    planning.close()


def test_bad_deployments(rest, lamp):
    url = url_of(lamp, "/deployments")
    for body, field in [({}, "release"), ({"release": "x"}, "release"), ({"release": 7}, "release")]:
        assert rest.post(url, 400, json=body).json()["field"].startswith(field)
    rest.post(url, 404, json={"release": "sha256:" + "0" * 64})
    for path in (f"/api/v1/deployments/{NOWHERE}", "/api/v1/deployments/x"):
        rest.get(path, 404)
        rest.get(path + "/history", 404)
        rest.post(path + "/cancel", 404)


def test_credentials(sandbox, rest, product, unique):
    device = HttpDevice(sandbox, unique("lamp"))
    url = url_of(device, "/credentials")
    made = rest.put(url, 200, json={"token": True}).json()
    assert made["endpoint"] == device.endpoint and made["psk"] is False
    # Now it must prove who it is.
    assert device.register([], klass=product).status_code == 401
    caller = {"Authorization": f"Bearer {made['token']}"}
    path = "/device/v1/rd?ep=" + urllib.parse.quote(device.endpoint)
    told = suit.registration([], klass=product)
    headers = {**caller, "Content-Type": "application/cbor"}
    sandbox.anonymous().post(path, 201, data=told, headers=headers)
    both = rest.put(url, 200, json={"psk": "00112233445566778899aabbccddeeff"}).json()
    assert both == {"endpoint": device.endpoint, "psk": True}
    sandbox.anonymous().post(path, 201, data=told, headers=headers)
    stored = sandbox.sql(
        "SELECT psk_sealed, token_hash FROM device_credential WHERE endpoint = %s", device.endpoint
    )
    sealed, hashed = [bytes(value) for value in stored[0]]
    assert bytes.fromhex("00112233445566778899aabbccddeeff") not in sealed
    assert len(hashed) == 32 and made["token"].encode() not in hashed
    rest.delete(url, 204)
    rest.delete(url, 404)


@pytest.mark.parametrize(
    "body, field",
    [
        ({}, "psk"),
        ({"psk": "00"}, "psk"),
        ({"psk": "zz" * 16}, "psk"),
        ({"psk": "00" * 65}, "psk"),
        ({"psk": 7}, "psk"),
        ({"token": "yes"}, "token"),
        ({"token": True, "colour": "red"}, "colour"),
    ],
)
def test_bad_credentials(rest, unique, body, field):
    url = f"/api/v1/devices/{unique('lamp')}/credentials"
    assert rest.put(url, 400, json=body).json()["field"] == field
    rest.delete(url, 404)


def test_summary_counts(rest, lamp, release):
    before = rest.get("/api/v1/fleet/summary").json()
    assert lamp.poll().status_code == 200
    after = rest.get("/api/v1/fleet/summary").json()
    assert after["devices"] == before["devices"]
    assert after["deployments"]["offered"] == before["deployments"]["offered"] + 1


def test_history_comes_in_pages(sandbox, rest, lamp, release):
    path = url_of(lamp, "/deployments")
    for _ in range(2):
        made = rest.post(path, 201, json={"release": release["digest"]}).json()
        rest.post(f"/api/v1/deployments/{made['id']}/cancel", 200)
    whole = rest.get(url_of(lamp, "/history")).json()
    assert len(whole["items"]) >= 4 and whole["next"] is None
    found, cursor = [], ""
    while cursor is not None:
        page = rest.get(url_of(lamp, f"/history?limit=3{cursor}")).json()
        found += page["items"]
        cursor = f"&cursor={page['next']}" if page["next"] else None
    assert found == whole["items"]
    rest.get(url_of(lamp, "/history?cursor=nonsense"), 400)
