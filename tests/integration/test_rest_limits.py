# SPDX-License-Identifier: Apache-2.0
"""What one client may take: bodies, connections, time in which nothing moves, and plain noise."""

import os
import random
import re
import socket

import pytest
import requests
import suit_oracle as suit
import yaml
from rest_raw import connect, head, is_closed, read_reply
from sandbox import TOP, eventually

DOCUMENT = yaml.safe_load((TOP / "api" / "openapi.yaml").read_text())
METHODS = {"get", "head", "post", "put", "patch", "delete", "options"}
ROUTES = [
    (method.upper(), path)
    for path, item in DOCUMENT["paths"].items()
    for method in item
    if method in METHODS
]
SAMPLES = {
    "id": "00000000-0000-7000-8000-000000000000",
    "digest": "sha256:" + "0" * 64,
    "hex": "0" * 64,
    "endpoint": "noise",
    "version": "9999",
}


def sample(path):
    return re.sub(r"\{(\w+)\}", lambda match: SAMPLES[match[1]], path)


@pytest.mark.parametrize("method, path", ROUTES)
def test_random_bytes_at_every_route(sandbox, method, path):
    """With every media type that the route knows: an answer below 500, and suitd goes on."""
    chance = random.Random(f"{method} {path}")
    types = ["application/json", "application/cbor", "application/offset+octet-stream", None]
    for content_type in types:
        headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Upload-Length": "x"}
        if content_type:
            headers["Content-Type"] = content_type
        reply = sandbox.rest.request(
            method,
            sample(path),
            data=chance.randbytes(chance.randrange(1, 3000)),
            headers=headers,
        )
        assert reply.status_code < 500, reply.text
    sandbox.anonymous().get("/healthz")


@pytest.mark.parametrize("seed", range(30))
def test_random_bytes_instead_of_http(sandbox, seed):
    chance = random.Random(seed)
    with connect(sandbox) as connection:
        try:
            connection.sendall(chance.randbytes(chance.randrange(1, 50_000)))
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        assert is_closed(connection)
    sandbox.anonymous().get("/healthz")


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/9.9",
        b"GET",
        b"G\0T / HTTP/1.1",
        b"GET /%00 HTTP/1.1",
        b"GET /api/v1/devices/%zz HTTP/1.1",
        b"GET /" + b"a" * 60_000 + b" HTTP/1.1",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 60_000,
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000,
        b"POST /api/v1/tokens HTTP/1.1\r\nContent-Length: -1",
        b"POST /api/v1/tokens HTTP/1.1\r\nContent-Length: 99999999999999999999999",
        b"POST /api/v1/tokens HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=lambda line: line[:20].decode().replace("\0", "0"),
)
def test_malformed_requests(sandbox, line):
    with connect(sandbox) as connection:
        try:
            connection.sendall(line + b"\r\nHost: x\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        status, _ = read_reply(connection)
        assert status is None or 400 <= status < 500 or status == 505
    sandbox.anonymous().get("/healthz")


def test_long_json_bodies(sandbox):
    url = "/api/v1/tokens"
    long = '{"name":"' + "x" * (2 << 20) + '"}'
    headers = {"Content-Type": "application/json"}
    sandbox.rest.post(url, 413, data=long, headers=headers)
    pieces = (long[at : at + 10_000].encode() for at in range(0, len(long), 10_000))
    with connect(sandbox) as connection:
        lines = ["Content-Type: application/json", "Transfer-Encoding: chunked"]
        connection.sendall(head("POST", url, *lines, token=sandbox.token))
        try:
            for piece in pieces:
                connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            connection.sendall(b"0\r\n\r\n")
        except OSError:
            pass
        assert read_reply(connection)[0] in (413, None)


@pytest.mark.parametrize(
    "body, position",
    [
        ('{"name":', "line 1"),
        ('{"name": "a"\n "role": "viewer"}', "line 2, column 7"),
        ('{"name": "a", "name": "b"}', "duplicate"),
        ("[" * 10_000, "depth"),
        ("[]", "object"),
        ('"x"', "expected"),
        ("{} x", "end of file"),
        ('{"name": "\ud800"}'.encode("utf-8", "surrogatepass"), "decode byte"),
    ],
    ids=range(8),
)
def test_bad_json(rest, body, position):
    headers = {"Content-Type": "application/json"}
    problem = rest.post("/api/v1/tokens", 400, data=body, headers=headers).json()
    assert position in problem["detail"]


def test_bodies_where_none_belongs(rest):
    rest.request("GET", "/api/v1/devices", 400, data=b"x")
    rest.request("DELETE", "/api/v1/tokens/x", 400, data=b"x")


def test_unknown_paths_and_methods(sandbox, rest):
    for path in ("/api/v1", "/api/v1/", "/api/v2/tokens", "/api/v1/tokens/", "/device/v1/nothing"):
        assert rest.get(path, 404).headers["Content-Type"] == "application/problem+json"
    reply = rest.put("/api/v1/tokens", 405)
    assert reply.headers["Allow"] == "GET, HEAD, POST"
    rest.post("/healthz", 405)


def test_connections_of_one_address(make_sandbox):
    small = make_sandbox(http__max_connections_per_address="5")
    held = [connect(small) for _ in range(5)]
    for connection in held:
        connection.sendall(head("GET", "/healthz"))
        assert read_reply(connection)[0] == 200
    with connect(small, timeout=10) as refused:
        assert is_closed(refused)
    held.pop().close()
    eventually(lambda: small.anonymous().get("/healthz"))
    for connection in held:
        connection.close()


@pytest.fixture
def impatient(make_sandbox):
    return make_sandbox(http__idle_timeout="PT2S", http__min_progress="256")


def test_idle_connections_are_closed(impatient):
    with connect(impatient) as silent, connect(impatient) as used, connect(impatient) as begun:
        used.sendall(head("GET", "/healthz"))
        assert read_reply(used)[0] == 200
        begun.sendall(b"GET /heal")
        for connection in (silent, used, begun):
            assert is_closed(connection)
    assert "connections_cut_total 3" in impatient.anonymous().get("/metrics").text


def test_more_parameters_than_fit(impatient):
    with connect(impatient) as connection:
        connection.sendall(b"GET /?" + b"&" * 25_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert is_closed(connection)
    impatient.anonymous().get("/healthz")


def test_a_header_that_drips(impatient):
    with connect(impatient, timeout=0.2) as connection:
        assert drip(connection, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 200)


def test_a_body_that_drips(impatient):
    path = "/api/v1/images/sha256:" + "0" * 64
    with connect(impatient, timeout=0.2) as connection:
        connection.sendall(head("PUT", path, "Content-Length: 1000", token=impatient.token))
        assert drip(connection, bytes(200))
    leftovers = impatient.storage / "temp"
    eventually(lambda: not any(path.is_file() for path in leftovers.glob("*")))


def drip(connection, data):
    """One byte each time the other side stays silent; true when it hangs up before the end."""
    for byte in data:
        try:
            connection.sendall(bytes([byte]))
            if not connection.recv(1000):
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


def test_a_reader_that_drips_is_cut_and_others_go_on(impatient):
    image = suit.Image(os.urandom(24 << 20))
    impatient.rest.put_image(image)
    impatient.rest.session.close()
    with connect(impatient, receive_buffer=4096) as connection:
        connection.sendall(head("GET", "/blob/" + image.digest[7:]))
        assert connection.recv(1)
        assert get_once(impatient, "/blob/" + image.digest[7:]).content == image.content
        eventually(lambda: "connections_cut_total 1" in get_once(impatient, "/metrics").text)
        received = read_to_end(connection)
    assert received < len(image.content)


def get_once(sandbox, path):
    """On a connection that is not left open."""
    return sandbox.anonymous().get(path, headers={"Connection": "close"})


def read_to_end(connection):
    received = 0
    try:
        while piece := connection.recv(1 << 20):
            received += len(piece)
    except OSError:
        pass
    return received


def test_a_slow_download_is_not_cut(impatient):
    """Longer than several idle times, but it moves: the reader takes a little at a time."""
    image = suit.Image(os.urandom(8 << 20))
    impatient.rest.put_image(image)
    pause = socket.socketpair()
    pause[0].settimeout(0.1)
    received = bytearray()
    with connect(impatient, receive_buffer=65536) as connection:
        connection.sendall(head("GET", "/blob/" + image.digest[7:]))
        for _ in range(80):
            received += connection.recv(60_000)
            with pytest.raises(TimeoutError):
                pause[0].recv(1)
        while len(received) < len(image.content):
            piece = connection.recv(1 << 20)
            assert piece, "it was cut"
            received += piece
    assert received.endswith(image.content[-1000:])
    for end in pause:
        end.close()


def test_many_requests_on_one_connection(sandbox):
    session = requests.Session()
    session.trust_env = False
    for _ in range(200):
        assert session.get(sandbox.http + "/healthz", timeout=10).status_code == 200
    with connect(sandbox) as connection:
        connection.sendall(head("GET", "/healthz") * 19 + head("GET", "/x", "Connection: close"))
        received = b""
        while piece := connection.recv(65536):
            received += piece
        assert received.count(b"HTTP/1.1 200 OK") == 19


def test_refusals_are_heard_while_sending(sandbox):
    """The client sends all of a long body before it reads, as simple ones do."""
    lines = ["Content-Type: application/json", f"Content-Length: {30 << 20}"]
    with connect(sandbox) as connection:
        connection.sendall(head("POST", "/api/v1/tokens", *lines, token=sandbox.token))
        connection.sendall(bytes(30 << 20))
        assert read_reply(connection)[0] == 413
        assert is_closed(connection)


def test_refusals_keep_the_connection(sandbox):
    with connect(sandbox) as connection:
        for _ in range(3):
            lines = ["Content-Type: application/json", "Content-Length: 3"]
            connection.sendall(head("POST", "/api/v1/tokens", *lines) + b"{}\n")
            assert read_reply(connection)[0] == 401
