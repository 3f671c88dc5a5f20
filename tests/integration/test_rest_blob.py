# SPDX-License-Identifier: Apache-2.0
"""The firmware server over HTTP: ranges, conditions, HEAD, and paths of manifests' own URIs."""

import os

import pytest
import suit_oracle as suit

SIZE = 100_000


@pytest.fixture(scope="module")
def blob(sandbox):
    image = suit.Image(os.urandom(SIZE))
    sandbox.rest.put_image(image)
    return image


def url_of(image):
    return "/blob/" + image.digest[7:]


def test_whole(sandbox, blob):
    reply = sandbox.anonymous().get(url_of(blob))
    assert reply.content == blob.content
    assert reply.headers["ETag"] == f'"{blob.digest[7:]}"'
    assert reply.headers["Accept-Ranges"] == "bytes"
    assert reply.headers["Content-Length"] == str(SIZE)
    upper = sandbox.anonymous().get("/blob/" + blob.digest[7:].upper())
    assert upper.content == blob.content


def test_head(sandbox, blob):
    reply = sandbox.anonymous().head(url_of(blob))
    assert reply.headers["Content-Length"] == str(SIZE) and reply.content == b""
    assert reply.headers["ETag"] == f'"{blob.digest[7:]}"'


RANGES = [
    ("bytes=0-0", 0, 1),
    ("bytes=0-99", 0, 100),
    ("bytes=99999-", 99_999, 1),
    ("bytes=-500", SIZE - 500, 500),
    ("bytes=50000-9999999", 50_000, 50_000),
    ("bytes=-9999999", 0, SIZE),
]


@pytest.mark.parametrize("value, offset, length", RANGES)
def test_ranges(sandbox, blob, value, offset, length):
    reply = sandbox.anonymous().get(url_of(blob), 206, headers={"Range": value})
    assert reply.content == blob.content[offset : offset + length]
    assert reply.headers["Content-Range"] == f"bytes {offset}-{offset + length - 1}/{SIZE}"
    assert reply.headers["Content-Length"] == str(length)
    only_head = sandbox.anonymous().head(url_of(blob), 206, headers={"Range": value})
    assert only_head.headers["Content-Length"] == str(length)


@pytest.mark.parametrize("value", ["bytes=0-0,2-3", "bytes=5-4", "lines=1-2", "bytes=x", ""])
def test_ranges_that_are_not_honoured(sandbox, blob, value):
    reply = sandbox.anonymous().get(url_of(blob), 200, headers={"Range": value})
    assert reply.content == blob.content


@pytest.mark.parametrize("value", [f"bytes={SIZE}-", "bytes=-0", "bytes=99999999999999999999-"])
def test_unsatisfiable(sandbox, blob, value):
    reply = sandbox.anonymous().get(url_of(blob), 416, headers={"Range": value})
    assert reply.headers["Content-Range"] == f"bytes */{SIZE}"


def test_if_range(sandbox, blob):
    etag = f'"{blob.digest[7:]}"'
    part = {"Range": "bytes=10-19"}
    reply = sandbox.anonymous().get(url_of(blob), 206, headers={**part, "If-Range": etag})
    assert reply.content == blob.content[10:20]
    for other in ('"other"', f"W/{etag}", "Sat, 21 Nov 2026 09:00:00 GMT"):
        reply = sandbox.anonymous().get(url_of(blob), 200, headers={**part, "If-Range": other})
        assert reply.content == blob.content


def test_if_none_match(sandbox, blob):
    etag = f'"{blob.digest[7:]}"'
    for value in (etag, f'"x", {etag}', "*", f"W/{etag}"):
        reply = sandbox.anonymous().get(url_of(blob), 304, headers={"If-None-Match": value})
        assert reply.content == b"" and reply.headers["ETag"] == etag
    sandbox.anonymous().get(url_of(blob), 200, headers={"If-None-Match": '"x"'})


@pytest.mark.parametrize("name", ["0" * 64, "00", "x", "0" * 63, "0" * 65, "..%2f..%2fetc"])
def test_blobs_that_are_not_there(sandbox, name):
    sandbox.anonymous().get(f"/blob/{name}", 404)


def test_only_reading(sandbox, blob):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        reply = sandbox.rest.request(method, url_of(blob), 405)
        assert reply.headers["Allow"] == "GET, HEAD"


def test_path_of_the_manifests_own_uri(sandbox, trusted, product, unique):
    image = suit.Image(os.urandom(5000), f"/fw/{unique('path')}/app%20v1.bin")
    sandbox.rest.put_image(image)
    envelope = suit.update(trusted, 1, [image], klass=product)
    sandbox.rest.post_manifest(envelope, 201)
    reply = sandbox.anonymous().get(image.uri)
    assert reply.content == image.content
    assert reply.headers["ETag"] == f'"{image.digest[7:]}"'
    part = sandbox.anonymous().get(image.uri, 206, headers={"Range": "bytes=100-199"})
    assert part.content == image.content[100:200]
    assert sandbox.anonymous().head(image.uri).headers["Content-Length"] == "5000"
    assert sandbox.anonymous().get(image.uri + "?cache=no").content == image.content
    sandbox.anonymous().post(image.uri, (404, 405))


def test_image_that_has_not_come(sandbox, trusted, product, unique):
    image = suit.Image(os.urandom(5000), f"/fw/{unique('late')}.bin")
    envelope = suit.update(trusted, 1, [image], klass=product)
    assert sandbox.rest.post_manifest(envelope, 201).json()["state"] == "incomplete"
    sandbox.anonymous().get(image.uri, 404)
    sandbox.rest.put_image(image)
    assert sandbox.anonymous().get(image.uri).content == image.content


def test_other_paths(sandbox):
    for path in ("/", "/fw/nothing.bin", "/..", "/fw/%00", "/fw/%zz"):
        sandbox.anonymous().get(path, (400, 404))
