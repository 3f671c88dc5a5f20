# SPDX-License-Identifier: Apache-2.0
"""Images by PUT: the digest decides, nothing half-done is kept, and memory stays small."""

import os
import pathlib

import pytest
import suit_oracle as suit
from rest_raw import connect, head, is_closed, read_reply
from sandbox import SANITIZED, eventually


def stored_files(sandbox):
    return sum(1 for path in (sandbox.storage / "temp").glob("*") if path.is_file())


def test_put_twice(rest):
    image = suit.Image(os.urandom(300_000))
    made = rest.put_image(image, 201).json()
    assert made["digest"] == image.digest and made["size"] == 300_000
    assert made["uploaded_by"] == "administrator" and made["uploaded_at"].endswith("Z")
    assert rest.put_image(image, 200).json() == made
    assert rest.get(f"/api/v1/images/{image.digest}").json() == made


@pytest.mark.parametrize("size", [0, 1, 262_143, 262_144, 262_145, 1_000_000])
def test_sizes_around_the_buffer(rest, sandbox, size):
    image = suit.Image(os.urandom(size))
    assert rest.put_image(image).json()["size"] == size
    assert sandbox.anonymous().get("/blob/" + image.digest[7:]).content == image.content


def test_chunked_upload(rest):
    image = suit.Image(os.urandom(700_000))
    pieces = (image.content[at : at + 99_999] for at in range(0, 700_000, 99_999))
    assert rest.put(f"/api/v1/images/{image.digest}", 201, data=pieces).json()["size"] == 700_000


@pytest.mark.parametrize("length", [1, 999, 16_384, 100_000, 262_144, 300_000])
def test_chunks_of_every_size(sandbox, length):
    """Several chunks in one segment, and chunks that end with the buffer."""
    image = suit.Image(os.urandom(20_000 if length == 1 else 1_200_000))
    pieces = [image.content[at : at + length] for at in range(0, len(image.content), length)]
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    path = f"/api/v1/images/{image.digest}"
    with connect(sandbox) as connection:
        connection.sendall(head("PUT", path, "Transfer-Encoding: chunked", token=sandbox.token))
        connection.sendall(body)
        assert read_reply(connection)[0] == 201
    assert sandbox.anonymous().get("/blob/" + image.digest[7:]).content == image.content


def test_wrong_digest_leaves_nothing(rest, sandbox):
    image, other = suit.Image(os.urandom(500_000)), suit.Image(os.urandom(10))
    problem = rest.put(f"/api/v1/images/{other.digest}", 422, data=image.content).json()
    assert problem["field"] == "digest"
    rest.get(f"/api/v1/images/{other.digest}", 404)
    rest.get(f"/api/v1/images/{image.digest}", 404)
    sandbox.anonymous().get("/blob/" + image.digest[7:], 404)
    sandbox.anonymous().get("/blob/" + other.digest[7:], 404)


@pytest.mark.parametrize("name", ["sha256:00", "sha256:" + "g" * 64, "md5:" + "0" * 32, "x"])
def test_names_that_are_no_digest(rest, name):
    rest.put(f"/api/v1/images/{name}", 404, data=b"x")
    rest.get(f"/api/v1/images/{name}", 404)


def test_other_digests_are_no_names(rest):
    rest.put("/api/v1/images/sha512:" + "0" * 128, 400, data=b"x")


def test_pages(sandbox, rest):
    for number in range(5):
        rest.put_image(suit.Image(b"page %d" % number))
    everything = rest.get("/api/v1/images", params={"limit": 1000}).json()["items"]
    found, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = rest.get("/api/v1/images", params=params).json()
        assert len(page["items"]) <= 2
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == everything
    assert [image["digest"] for image in found] == sorted(image["digest"] for image in found)
    rest.get("/api/v1/images", 400, params={"cursor": "nonsense"})


def test_a_client_that_goes_away(fresh):
    image = suit.Image(os.urandom(2_000_000))
    with connect(fresh) as connection:
        length = f"Content-Length: {len(image.content)}"
        path = f"/api/v1/images/{image.digest}"
        connection.sendall(head("PUT", path, length, token=fresh.token))
        connection.sendall(image.content[:1_000_000])
        eventually(lambda: stored_files(fresh) == 1)
    eventually(lambda: stored_files(fresh) == 0)
    fresh.rest.get(path, 404)


def peak_memory(sandbox):
    text = pathlib.Path(f"/proc/{sandbox.pid}/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM"))


@pytest.mark.skipif(SANITIZED, reason="sanitizers need memory of their own")
def test_memory_does_not_grow_with_the_image(fresh):
    """400 MiB of zeros; in kilobytes the process may not have grown by a hundredth of that."""
    block = bytes(1 << 20)
    fresh.rest.put_image(suit.Image(bytes(3 << 20)), 201)
    before = peak_memory(fresh)
    wrong = "sha256:" + "0" * 64
    fresh.rest.put(f"/api/v1/images/{wrong}", 422, data=(block for _ in range(400)))
    assert peak_memory(fresh) - before < 4096


def test_too_large_is_told_early(make_sandbox):
    small = make_sandbox(http__max_image="1MiB")
    token = small.token
    path = "/api/v1/images/sha256:" + "0" * 64
    with connect(small) as connection:
        connection.sendall(head("PUT", path, "Content-Length: 1048577", token=token))
        assert read_reply(connection)[0] == 413
    with connect(small) as connection:
        expect = ["Content-Length: 9999999", "Expect: 100-continue"]
        connection.sendall(head("PUT", path, *expect, token=token))
        assert read_reply(connection)[0] == 413
    small.rest.put(path, 413, data=(bytes(65536) for _ in range(17)))
    with connect(small) as connection:
        connection.sendall(head("PUT", path, "Transfer-Encoding: chunked", token=token))
        chunk = b"10000\r\n" + bytes(65536) + b"\r\n"
        try:
            for _ in range(1000):
                connection.sendall(chunk)
        except OSError:
            pass
        else:
            assert is_closed(connection)
    # The last file goes when its worker hears of the cut.
    eventually(lambda: stored_files(small) == 0)
    small.rest.get("/api/v1/images")
