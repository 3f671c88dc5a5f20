# SPDX-License-Identifier: Apache-2.0
"""The paths of manifests' own URIs, alike over HTTP and CoAP, and nothing besides."""

import os
import socket
import urllib.parse
import uuid

import pytest
import suit_oracle as suit
from device import BLOCK2, ETAG, GET, SIZE2, CoapPeer, block_option

SIZE = 100_000


@pytest.fixture(scope="module")
def image(sandbox, trusted):
    """Published under a path of its own, whose authority is one of the public names."""
    path = f"/Some%20where/{uuid.uuid4()}.bin"
    made = suit.Image(os.urandom(SIZE), f"coap://fw.example.com{path}?v=1")
    sandbox.rest.put_image(made)
    klass = uuid.uuid4()
    sandbox.rest.post_manifest(suit.update(trusted, 1, [made], klass=klass), 201)
    return made


def test_http_serves_the_path(sandbox, image):
    """However it is escaped; the query is no part of it."""
    path = urllib.parse.urlsplit(image.uri).path
    for spelling in (path, path + "?v=1", path + "?v=2", path.replace("where", "wh%65re")):
        reply = sandbox.anonymous().get(spelling)
        assert reply.content == image.content
        assert reply.headers["ETag"] == f'"{image.digest.split(":")[1]}"'


def test_coap_serves_the_same_path(sandbox, image):
    """Its segments are decoded: a client sends "Some where" for Some%20where (RFC 7252 6.4)."""
    peer = CoapPeer(sandbox.coap)
    uri = urllib.parse.urlsplit(image.uri)
    reply = peer.get(urllib.parse.unquote(uri.path))
    assert (reply.status, reply.payload) == ("2.05", image.content)
    assert int.from_bytes(reply.option(SIZE2), "big") == SIZE
    with_query = peer.get(urllib.parse.unquote(uri.path), (uri.query,), szx=5)
    assert with_query.payload == image.content
    peer.close()


def test_coap_etag_in_the_middle(sandbox, image):
    """Each block carries the tag by which a client knows that the content is still the same."""
    peer = CoapPeer(sandbox.coap)
    target = peer.target("/blob/" + image.digest.split(":")[1])
    tags = {
        peer.exchange(GET, target + [(BLOCK2, block_option(n, False, 2))]).option(ETAG)
        for n in (0, 7, 1562)
    }
    assert len(tags) == 1 and None not in tags
    peer.close()


def test_other_authorities_are_not_served(sandbox, trusted):
    path = f"/fw/{uuid.uuid4()}"
    image = suit.Image(os.urandom(100), f"https://firmware.example.net{path}")
    sandbox.rest.put_image(image)
    envelope = suit.update(trusted, 1, [image], klass=uuid.uuid4())
    release = sandbox.rest.post_manifest(envelope, 201).json()
    assert release["images"][0]["hosted"] is False
    sandbox.anonymous().get(path, 404)


@pytest.mark.parametrize(
    "path",
    ["/blob/", "/blob/abc", "/blob/" + "0" * 64, "/blob/../../../etc/passwd", "/fw/../suitd.conf",
     "/%2e%2e/%2e%2e/etc/passwd", "/fw/%00", "/fw/%zz", "/fw/" + "a" * 5000],
)  # fmt: skip
def test_nothing_else_is_served(sandbox, path):
    """Sent as it stands: a client library would tidy the path."""
    host = urllib.parse.urlsplit(sandbox.http)
    with socket.create_connection((host.hostname, host.port), timeout=30) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        reply = b""
        while piece := connection.recv(65536):
            reply += piece
    assert reply.split()[1] in (b"400", b"404", b"414", b"431")
    assert b"root:" not in reply and b"conninfo" not in reply


def test_a_path_is_served_once_its_manifest_is_acknowledged(sandbox, trusted):
    """Not a moment later: a device that finds nothing there gives the update up."""
    peer = CoapPeer(sandbox.coap)
    for _ in range(10):
        image = suit.Image(os.urandom(50), f"/fw/{uuid.uuid4()}")
        assert peer.get(image.uri).status == "4.04"
        sandbox.rest.put_image(image)
        sandbox.rest.post_manifest(suit.update(trusted, 1, [image], klass=uuid.uuid4()), 201)
        reply = peer.get(image.uri)
        assert (reply.status, reply.payload) == ("2.05", image.content)
        assert sandbox.anonymous().get(image.uri).content == image.content
    peer.close()
