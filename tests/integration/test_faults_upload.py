# SPDX-License-Identifier: Apache-2.0
"""suitd is killed in the middle of an upload: nothing half-done is seen, nothing acknowledged is lost."""

import base64
import os
import socket
import urllib.parse

import pytest
import suit_oracle as suit
from sandbox import eventually

HALF = 700_000
TUS = {"Tus-Resumable": "1.0.0"}


def open_upload(sandbox, method, path, length, headers=()):
    """A connection on which the head of a request with a body of this length was sent."""
    parsed = urllib.parse.urlsplit(sandbox.http)
    connection = socket.create_connection((parsed.hostname, parsed.port), timeout=30)
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {parsed.netloc}",
        f"Authorization: Bearer {sandbox.token}",
        f"Content-Length: {length}",
        *headers,
    ]
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return connection


def bytes_on_disk(sandbox):
    return sum(
        path.stat().st_size
        for folder in ("temp", "upload")
        for path in (sandbox.storage / folder).glob("*")
        if path.is_file()
    )


@pytest.fixture
def image():
    return suit.Image(os.urandom(2 * HALF))


def test_put_leaves_nothing_behind(fresh, image):
    kept = suit.Image(os.urandom(5000))
    fresh.rest.put_image(kept, 201)
    path = f"/api/v1/images/{image.digest}"
    with open_upload(fresh, "PUT", path, len(image.content)) as connection:
        connection.sendall(image.content[:HALF])
        eventually(lambda: bytes_on_disk(fresh) > 0)
        fresh.kill()
    fresh.start()
    fresh.rest.get(path, 404)
    fresh.anonymous().get("/blob/" + image.digest.split(":")[1], 404)
    assert bytes_on_disk(fresh) == 0
    assert fresh.anonymous().get("/blob/" + kept.digest.split(":")[1]).content == kept.content
    fresh.rest.put_image(image, 201)
    assert fresh.rest.get(path).json()["size"] == len(image.content)


def create_upload(sandbox, image):
    metadata = "digest " + base64.b64encode(image.digest.encode()).decode()
    reply = sandbox.rest.post(
        "/api/v1/uploads",
        201,
        headers={**TUS, "Upload-Length": str(len(image.content)), "Upload-Metadata": metadata},
    )
    return urllib.parse.urlsplit(reply.headers["Location"]).path


def patch(sandbox, path, image, offset, length):
    return sandbox.rest.patch(
        path,
        204,
        data=image.content[offset : offset + length],
        headers={
            **TUS,
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        },
    )


def test_resumable_upload_goes_on_after_a_kill(fresh, image):
    path = create_upload(fresh, image)
    patch(fresh, path, image, 0, 100_000)
    headers = [
        "Tus-Resumable: 1.0.0",
        "Upload-Offset: 100000",
        "Content-Type: application/offset+octet-stream",
    ]
    with open_upload(fresh, "PATCH", path, len(image.content) - 100_000, headers) as connection:
        connection.sendall(image.content[100_000:HALF])
        eventually(lambda: bytes_on_disk(fresh) > 100_000)
        fresh.kill()
    fresh.start()
    offset = int(fresh.rest.head(path, 200, headers=TUS).headers["Upload-Offset"])
    assert 100_000 <= offset <= HALF
    fresh.rest.get(f"/api/v1/images/{image.digest}", 404)
    reply = patch(fresh, path, image, offset, len(image.content))
    assert reply.headers["Suitd-Image"] == image.digest
    blob = fresh.anonymous().get("/blob/" + image.digest.split(":")[1])
    assert blob.content == image.content
