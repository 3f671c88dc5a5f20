# SPDX-License-Identifier: Apache-2.0
"""Resumable uploads (tus 1.0): creation, offset, cut, restart, checksum, expiration, termination."""

import base64
import hashlib
import os
import urllib.parse

import pytest
import suit_oracle as suit
from rest_raw import connect, head
from sandbox import eventually

URL = "/api/v1/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
TYPE = {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def image():
    return suit.Image(os.urandom(600_000))


def create(rest, length, digest=None):
    headers = {**TUS, "Upload-Length": str(length)}
    if digest:
        value = base64.b64encode(digest.encode()).decode()
        headers["Upload-Metadata"] = f"filename YXBwLmJpbg==,digest {value}"
    reply = rest.post(URL, 201, headers=headers)
    assert reply.headers["Tus-Resumable"] == "1.0.0"
    assert reply.headers["Upload-Offset"] == "0" and reply.headers["Upload-Expires"]
    return urllib.parse.urlsplit(reply.headers["Location"]).path


def patch(rest, path, offset, content, expect=204, **headers):
    sent = {**TUS, **TYPE, "Upload-Offset": str(offset), **headers}
    return rest.patch(path, expect, data=content, headers=sent)


def offset_of(rest, path):
    reply = rest.head(path, 200, headers=TUS)
    assert reply.headers["Cache-Control"] == "no-store"
    return int(reply.headers["Upload-Offset"])


def checksum(content, name="sha1"):
    return f"{name} " + base64.b64encode(hashlib.new(name, content).digest()).decode()


def test_options_need_no_token(sandbox):
    for path in (URL, f"{URL}/00000000-0000-7000-8000-000000000000"):
        headers = sandbox.anonymous().request("OPTIONS", path, 204).headers
        assert headers["Tus-Version"] == "1.0.0"
        assert set(headers["Tus-Extension"].split(",")) == {
            "creation",
            "checksum",
            "expiration",
            "termination",
        }
        assert headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
        assert int(headers["Tus-Max-Size"]) > 2 << 30


def test_piece_by_piece(sandbox, rest, image):
    path = create(rest, len(image.content), image.digest)
    for at in range(0, len(image.content), 150_000):
        assert offset_of(rest, path) == at
        reply = patch(rest, path, at, image.content[at : at + 150_000])
        assert int(reply.headers["Upload-Offset"]) == at + 150_000
    assert reply.headers["Suitd-Image"] == image.digest
    done = rest.head(path, 200, headers=TUS).headers
    assert done["Suitd-Image"] == image.digest and done["Upload-Offset"] == done["Upload-Length"]
    assert rest.get(f"/api/v1/images/{image.digest}").json()["size"] == len(image.content)
    assert sandbox.anonymous().get("/blob/" + image.digest[7:]).content == image.content
    patch(rest, path, len(image.content), b"", 409)


def test_any_digest(rest, image):
    path = create(rest, len(image.content))
    assert patch(rest, path, 0, image.content).headers["Suitd-Image"] == image.digest


def test_wrong_digest_ends_the_upload(rest, image):
    path = create(rest, len(image.content), "sha256:" + "0" * 64)
    patch(rest, path, 0, image.content, 422)
    rest.head(path, 404, headers=TUS)
    rest.get(f"/api/v1/images/{image.digest}", 404)


def test_empty_image(rest):
    image = suit.Image(b"")
    path = create(rest, 0, image.digest)
    assert rest.head(path, 200, headers=TUS).headers["Suitd-Image"] == image.digest


def test_wrong_offset(rest, image):
    path = create(rest, len(image.content))
    patch(rest, path, 0, image.content[:1000])
    for offset in (0, 999, 1001, 600_000):
        reply = patch(rest, path, offset, image.content[1000:], 409)
        assert reply.headers["Upload-Offset"] == "1000"
    for offset in ("", "-1", "x", "99999999999999999999"):
        patch(rest, path, offset, image.content[1000:], 400)
    assert offset_of(rest, path) == 1000


def test_more_than_announced(rest, image):
    path = create(rest, 1000)
    patch(rest, path, 0, image.content[:1001], 413)
    assert offset_of(rest, path) <= 1000


def test_a_cut_keeps_what_came(sandbox, rest, image):
    path = create(rest, len(image.content), image.digest)
    lines = [f"{name}: {value}" for name, value in {**TUS, **TYPE}.items()]
    lines += ["Upload-Offset: 0", f"Content-Length: {len(image.content)}"]
    with connect(sandbox) as connection:
        connection.sendall(head("PATCH", path, *lines, token=sandbox.token))
        connection.sendall(image.content[:400_000])
        eventually(lambda: offset_of(rest, path) > 0)
    at = eventually(lambda: resumed_at(rest, path, image))
    assert 0 < at <= 400_000
    assert rest.get(f"/api/v1/images/{image.digest}").json()["size"] == len(image.content)


def resumed_at(rest, path, image):
    """The offset at which the upload could go on, and did; None while the cut one is not through."""
    at = offset_of(rest, path)
    reply = patch(rest, path, at, image.content[at:], (204, 409, 423))
    return at if reply.status_code == 204 else None


def test_restart(fresh, image):
    path = create(fresh.rest, len(image.content), image.digest)
    patch(fresh.rest, path, 0, image.content[:123_456])
    fresh.restart()
    assert offset_of(fresh.rest, path) == 123_456
    reply = patch(fresh.rest, path, 123_456, image.content[123_456:])
    assert reply.headers["Suitd-Image"] == image.digest


@pytest.mark.parametrize("name", ["sha1", "sha256"])
def test_checksum(rest, image, name):
    path = create(rest, len(image.content), image.digest)
    first, rest_of_it = image.content[:300_000], image.content[300_000:]
    patch(rest, path, 0, first, 204, **{"Upload-Checksum": checksum(first, name)})
    wrong = {"Upload-Checksum": checksum(b"other", name)}
    patch(rest, path, 300_000, rest_of_it, 460, **wrong)
    assert offset_of(rest, path) == 300_000
    right = {"Upload-Checksum": checksum(rest_of_it, name)}
    patch(rest, path, 300_000, rest_of_it, 204, **right)
    rest.get(f"/api/v1/images/{image.digest}")


@pytest.mark.parametrize("value", ["md5 AAAA", "sha1", "sha1 !!", "AAAA", ""])
def test_bad_checksum_headers(rest, image, value):
    path = create(rest, len(image.content))
    patch(rest, path, 0, image.content, 400, **{"Upload-Checksum": value})
    assert offset_of(rest, path) == 0


def test_a_cut_under_a_checksum_keeps_nothing(sandbox, rest, image):
    path = create(rest, len(image.content))
    patch(rest, path, 0, image.content[:1000])
    lines = [f"{name}: {value}" for name, value in {**TUS, **TYPE}.items()]
    lines += ["Upload-Offset: 1000", f"Content-Length: {len(image.content) - 1000}"]
    lines += [f"Upload-Checksum: {checksum(image.content[1000:])}"]
    with connect(sandbox) as connection:
        connection.sendall(head("PATCH", path, *lines, token=sandbox.token))
        connection.sendall(image.content[1000:400_000])
        eventually(lambda: offset_of(rest, path) > 1000)
    eventually(lambda: offset_of(rest, path) == 1000)


def test_termination(rest, sandbox, image):
    path = create(rest, len(image.content))
    patch(rest, path, 0, image.content[:1000])
    name = path.rsplit("/", 1)[1]
    assert (sandbox.storage / "upload" / name).exists()
    rest.delete(path, 204, headers=TUS)
    assert not (sandbox.storage / "upload" / name).exists()
    rest.head(path, 404, headers=TUS)
    patch(rest, path, 1000, image.content[1000:], 404)


def test_expired(rest, sandbox, image):
    path = create(rest, len(image.content))
    name = path.rsplit("/", 1)[1]
    sandbox.sql("UPDATE upload SET expires_at = now() - interval '1 s' WHERE id = %s", name)
    rest.head(path, 404, headers=TUS)
    patch(rest, path, 0, image.content, 404)


def test_other_versions(rest):
    for headers in ({}, {"Tus-Resumable": "0.2.2"}):
        reply = rest.post(URL, 412, headers={"Upload-Length": "1", **headers})
        assert reply.headers["Tus-Version"] == "1.0.0"


@pytest.mark.parametrize(
    "headers, status",
    [
        ({}, 400),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": "x"}, 400),
        ({"Upload-Length": "999999999999999999"}, 413),
        ({"Upload-Length": "1", "Upload-Metadata": "digest !!"}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "digest YWJj"}, 400),
    ],
)
def test_bad_creations(rest, headers, status):
    rest.post(URL, status, headers={**TUS, **headers})


def test_another_type_of_body(rest):
    path = create(rest, 10)
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": "application/octet-stream"}
    rest.patch(path, 415, data=b"x", headers=headers)


def test_two_writers(sandbox, rest, image):
    path = create(rest, len(image.content))
    lines = [f"{name}: {value}" for name, value in {**TUS, **TYPE}.items()]
    lines += ["Upload-Offset: 0", f"Content-Length: {len(image.content)}"]
    with connect(sandbox) as connection:
        connection.sendall(head("PATCH", path, *lines, token=sandbox.token))
        connection.sendall(image.content[:400_000])
        eventually(lambda: offset_of(rest, path) > 0)
        patch(rest, path, offset_of(rest, path), b"x", 423)
        rest.delete(path, 423, headers=TUS)
        connection.sendall(image.content[400_000:])
        assert connection.recv(100).startswith(b"HTTP/1.1 204")
    rest.get(f"/api/v1/images/{image.digest}")
