# SPDX-License-Identifier: Apache-2.0
"""Bad input over the whole path: it gets a clear error, and nothing changes."""

import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import random
import socket
import urllib.parse
import uuid

import pytest
import requests
import suit_oracle as suit
from device import CoapDevice, HttpDevice
from sandbox import SANITIZED, TOP, Rest, eventually, run

VECTORS = TOP / "tests" / "vectors"
INDEX = json.loads((VECTORS / "index.json").read_text())
PROBLEM = "application/problem+json"


def vector(name):
    return bytes.fromhex("".join((VECTORS / name).read_text().split()))


def tables(sandbox):
    """How much there is of everything that intake could leave behind."""
    counts = sandbox.sql(
        "SELECT (SELECT count(*) FROM release), (SELECT count(*) FROM release_scope),"
        " (SELECT count(*) FROM release_image), (SELECT count(*) FROM public_path),"
        " (SELECT count(*) FROM image)"
    )
    return counts[0], sum(1 for path in (sandbox.storage / "temp").glob("*") if path.is_file())


def check_refused(reply, statuses):
    assert reply.status_code in statuses, (reply.status_code, reply.text)
    assert reply.headers["Content-Type"].startswith(PROBLEM)
    problem = reply.json()
    assert problem["status"] == reply.status_code
    assert len(problem["detail"]) > 5
    return problem


@pytest.fixture(scope="module")
def vectors_trusted(sandbox):
    """The keys of the vectors are trust anchors here, so that only what is wrong can be the reason."""
    for name, key in INDEX["keys"].items():
        if "public" in key and not name.startswith("stranger"):
            pem = (VECTORS / key["public"]).read_text()
            body = {"name": f"vector {name}", "pem": pem}
            sandbox.rest.post("/api/v1/trust-anchors", (201, 409), json=body)
    return sandbox


@pytest.mark.parametrize("name", [n for n, bad in INDEX["bad"].items() if bad["stage"] != "verify"])
def test_bad_envelope(vectors_trusted, name):
    before = tables(vectors_trusted)
    reply = vectors_trusted.rest.post_manifest(vector(name), None)
    check_refused(reply, (400, 413, 415, 422))
    assert tables(vectors_trusted) == before


@pytest.mark.parametrize("name", [n for n, bad in INDEX["bad"].items() if bad["stage"] == "verify"])
def test_bad_signature(vectors_trusted, name):
    before = tables(vectors_trusted)
    reply = vectors_trusted.rest.post_manifest(vector(name), None)
    check_refused(reply, (400, 403, 415, 422))
    assert tables(vectors_trusted) == before


def test_truncated_and_random_bytes(sandbox, trusted):
    envelope = suit.update(trusted, 1, [suit.Image(b"x", component=(b"never",))])
    before, dice = tables(sandbox), random.Random(7)
    for length in range(0, len(envelope), 7):
        check_refused(sandbox.rest.post_manifest(envelope[:length], None), (400, 422))
    for _ in range(60):
        noise = dice.randbytes(dice.randrange(1, 400))
        check_refused(sandbox.rest.post_manifest(noise, None), (400, 415, 422))
        changed = bytearray(envelope)
        changed[dice.randrange(len(envelope))] ^= 1 << dice.randrange(8)
        check_refused(sandbox.rest.post_manifest(bytes(changed), None), (400, 403, 415, 422))
    assert tables(sandbox) == before


def component(unique):
    return (unique("part").encode(),)


def test_unsigned_and_unknown_key(sandbox, unique):
    manifest = suit.update_manifest(1, [suit.Image(b"x", component=component(unique))])
    problem = check_refused(sandbox.rest.post_manifest(suit.envelope(manifest), None), (422,))
    assert "authentication" in problem.get("field", "") + problem["detail"]
    stranger = suit.envelope(manifest, [suit.Key()])
    check_refused(sandbox.rest.post_manifest(stranger, None), (403, 422))


def test_key_outside_of_its_scope(sandbox, unique):
    key = suit.Key("ed25519")
    other = uuid.uuid5(uuid.NAMESPACE_DNS, "other.example")
    sandbox.rest.trust(key, unique("key"), vendor_ids=[str(other)])
    image = suit.Image(b"x", component=component(unique))
    check_refused(sandbox.rest.post_manifest(suit.update(key, 1, [image]), None), (403,))
    untargeted = suit.update(key, 1, [image], check_target=False)
    check_refused(sandbox.rest.post_manifest(untargeted, None), (403,))
    klass = uuid.uuid5(other, "lamp")
    sandbox.rest.post_manifest(suit.update(key, 1, [image], vendor=other, klass=klass), 201)


def test_revoked_key(sandbox, unique):
    key = suit.Key()
    anchor = sandbox.rest.trust(key, unique("key"))
    sandbox.rest.post(f"/api/v1/trust-anchors/{anchor['id']}/revoke", 200, json={})
    image = suit.Image(b"x", component=component(unique))
    problem = check_refused(sandbox.rest.post_manifest(suit.update(key, 1, [image]), None), (403,))
    assert "revoked" in problem["detail"]


def test_published_example_key(sandbox):
    shared = TOP.parent / "shared" / "vectors" / "keys" / "suit-example-p256.pub.pem"
    if not shared.exists():
        pytest.skip("the published keys are not here")
    body = {"name": "example", "pem": shared.read_text()}
    check_refused(sandbox.rest.post("/api/v1/trust-anchors", None, json=body), (403,))


@pytest.mark.parametrize("later", [4, 5])
def test_lower_or_equal_sequence_number(sandbox, trusted, unique, later):
    part = component(unique)
    sandbox.rest.post_manifest(suit.update(trusted, 5, [suit.Image(b"a", "/x", part)]), 201)
    other = suit.update(trusted, later, [suit.Image(b"b", "/y", part)])
    problem = check_refused(sandbox.rest.post_manifest(other, None), (409,))
    assert "sequence" in problem["field"]


def test_same_manifest_twice_is_no_error(sandbox, trusted, unique):
    envelope = suit.update(trusted, 5, [suit.Image(b"a", "/x", component(unique))])
    first = sandbox.rest.post_manifest(envelope, 201).json()
    again = sandbox.rest.post_manifest(envelope, 200).json()
    assert first["digest"] == again["digest"]


def test_image_that_does_not_hash_to_its_name(sandbox):
    wrong = "sha256:" + "ab" * 32
    reply = sandbox.rest.put(f"/api/v1/images/{wrong}", None, data=b"something else")
    check_refused(reply, (422,))
    sandbox.rest.get(f"/api/v1/images/{wrong}", 404)
    sandbox.anonymous().get("/blob/" + "ab" * 32, 404)


def test_image_of_the_wrong_length(sandbox, trusted, unique):
    """The digest is right and the size is not: no device could ever accept that."""
    image = suit.Image(os.urandom(100), f"/fw/{unique('wrong')}", component(unique))
    manifest = suit.update_manifest(1, [image], parameters={suit.IMAGE_SIZE: 99})
    sandbox.rest.put_image(image)
    problem = check_refused(
        sandbox.rest.post_manifest(suit.envelope(manifest, [trusted]), None), (400, 409, 422)
    )
    assert "size" in problem["field"] + problem["detail"]


def test_image_that_never_comes(sandbox, trusted, product, unique):
    image = suit.Image(os.urandom(100), f"/fw/{unique('late')}")
    release = sandbox.rest.post_manifest(suit.update(trusted, 1, [image], klass=product)).json()
    assert release["state"] == "incomplete"
    assert [entry["present"] for entry in release["images"]] == [False]
    assert sandbox.rest.approve(release["digest"], None).status_code == 409
    device = HttpDevice(sandbox, unique("lamp"))
    device.register(klass=product)
    assert device.poll().status_code == 404
    sandbox.rest.put_image(image)
    release = sandbox.rest.get(f"/api/v1/releases/{release['digest']}").json()
    assert release["state"] == "verified"


def test_a_path_keeps_its_content(sandbox, trusted, unique):
    uri = f"/fw/{unique('same')}"
    one = suit.Image(b"one", uri, component(unique))
    other = suit.Image(b"other", uri, component(unique))
    sandbox.rest.post_manifest(suit.update(trusted, 1, [one]), 201)
    problem = check_refused(
        sandbox.rest.post_manifest(suit.update(trusted, 1, [other]), None), (409,)
    )
    assert "uri" in problem["field"]


def test_tokens_that_are_not_in_force(sandbox, unique):
    made = sandbox.rest.post(
        "/api/v1/tokens", 201, json={"name": unique("x"), "role": "viewer"}
    ).json()
    viewer = Rest(sandbox.http, made["token"])
    viewer.get("/api/v1/devices")
    sandbox.rest.delete(f"/api/v1/tokens/{made['id']}")
    refusals = {
        "revoked": viewer,
        "unknown": Rest(sandbox.http, "suitd_" + "A" * 43),
        "not a token": Rest(sandbox.http, "x"),
        "none": sandbox.anonymous(),
    }
    for what, caller in refusals.items():
        reply = caller.get("/api/v1/devices", None)
        check_refused(reply, (401,))
        assert reply.headers["WWW-Authenticate"].startswith("Bearer"), what
    name = unique("x")
    sandbox.rest.post("/api/v1/tokens", 400, json={"name": name, "role": "king"})
    assert name not in sandbox.rest.get("/api/v1/tokens").text


def test_expired_token(sandbox, unique):
    made = run(
        sandbox.env["SUITD_BIN"], "--config", sandbox.config_path, "--create-token", unique("x"),
        "--role", "viewer", "--expires", "PT1S",
    )  # fmt: skip
    caller = Rest(sandbox.http, made.stdout.decode().strip())
    expired = eventually(lambda: caller.get("/api/v1/devices", None).status_code == 401)
    assert expired
    assert "expired" in caller.get("/api/v1/devices", 401).headers["WWW-Authenticate"]


def test_someone_elses_deployment(sandbox, trusted, product, unique):
    image = suit.Image(b"firmware", f"/fw/{unique('app')}")
    envelope = suit.update(trusted, 1, [image], klass=product)
    sandbox.rest.publish(envelope, [image])
    victim, thief = HttpDevice(sandbox, unique("lamp")), CoapDevice(sandbox, unique("lamp"))
    victim.register(klass=product)
    thief.register(klass=product)
    assert victim.poll().status_code == 200
    (deployment,) = sandbox.rest.deployments(victim.endpoint)
    assert thief.status(state="failed", deployment=deployment["id"]).status == "4.03"
    assert thief.report(suit.report(envelope, success=False)).status[0] == "4"
    assert sandbox.rest.deployments(victim.endpoint)[0]["state"] == deployment["state"]
    assert sandbox.rest.get(f"/api/v1/devices/{victim.endpoint}/history").json()["items"]


def test_two_devices_with_one_name(sandbox, unique):
    endpoint = unique("lamp")
    first, second = HttpDevice(sandbox, endpoint), CoapDevice(sandbox, endpoint)
    assert first.register(serial="1").status_code == 201
    assert second.register(serial="2").status == "4.09"
    assert sandbox.rest.device(endpoint)["serial"] == "1"
    assert first.register(serial="1").status_code == 201


def open_descriptors(sandbox):
    return len(list(pathlib.Path(f"/proc/{sandbox.pid}/fd").iterdir()))


def connect(sandbox):
    parsed = urllib.parse.urlsplit(sandbox.http)
    return socket.create_connection((parsed.hostname, parsed.port), timeout=30)


def test_client_that_reads_hardly_anything(make_sandbox):
    """It holds a connection for a while and then loses it; nobody else notices."""
    sandbox = make_sandbox(http__idle_timeout="PT1S")
    image = suit.Image(os.urandom(32 << 20))
    sandbox.rest.put_image(image)
    blob = "/blob/" + hashlib.sha256(image.content).hexdigest()
    sandbox.rest.session.close()
    before = eventually(lambda: open_descriptors(sandbox))
    slow = [connect(sandbox) for _ in range(10)]
    for connection in slow:
        connection.sendall(f"GET {blob} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert connection.recv(1)
    silent = [connect(sandbox) for _ in range(10)]
    for connection in silent:
        connection.sendall(b"GET /healthz HT")
    assert sandbox.anonymous().get(blob).content == image.content
    eventually(lambda: open_descriptors(sandbox) <= before + 2)
    for connection in slow + silent:
        connection.close()


def memory_peak(sandbox):
    text = pathlib.Path(f"/proc/{sandbox.pid}/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM:"))


@pytest.mark.skipif(SANITIZED, reason="sanitizers need memory of their own")
def test_large_upload_needs_no_memory(fresh):
    """Hashed and written while it comes: 512 MiB leave the peak where a small image puts it."""
    size, piece = 512 << 20, bytes(1 << 20)
    fresh.rest.put_image(suit.Image(b"small"))
    small = memory_peak(fresh)
    digest = hashlib.sha256()
    for _ in range(size // len(piece)):
        digest.update(piece)
    path = f"/api/v1/images/sha256:{digest.hexdigest()}"
    server = urllib.parse.urlsplit(fresh.http)
    with contextlib.closing(http.client.HTTPConnection(server.hostname, server.port, 120)) as peer:
        peer.putrequest("PUT", path)
        peer.putheader("Authorization", f"Bearer {fresh.token}")
        peer.putheader("Content-Length", str(size))
        peer.endheaders()
        for _ in range(size // len(piece)):
            peer.send(piece)
        reply = peer.getresponse()
        assert reply.status == 201
        assert json.load(reply)["size"] == size
    assert memory_peak(fresh) - small < 16 * 1024


def test_image_beyond_the_limit(make_sandbox):
    sandbox = make_sandbox(http__max_image="1MiB", manifest__max_envelope="1KiB")
    big = suit.Image(bytes((1 << 20) + 1))
    try:
        reply = sandbox.rest.put_image(big, None)
        assert reply.status_code == 413
    except requests.ConnectionError:
        pass  # refused before the body was sent
    sandbox.rest.get(f"/api/v1/images/{big.digest}", 404)
    sandbox.rest.put_image(suit.Image(bytes(1 << 20)), 201)
    check_refused(sandbox.rest.post_manifest(bytes(2000), None), (413,))
