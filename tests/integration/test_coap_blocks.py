# SPDX-License-Identifier: Apache-2.0
"""Block1 and Block2: every size, every disorder, and bytes that are no CoAP at all."""

import hashlib
import os
import random

import pytest
import suit_oracle as suit
from coap_raw import coap_client, get_block, is_alive, open_socket, post_block
from device import (
    ACCEPT,
    BLOCK2,
    CON,
    CONTENT_FORMAT,
    ETAG,
    GET,
    SIZE1,
    SIZE2,
    CoapPeer,
    Message,
    encode_uint,
    parse_block,
)
from sandbox import eventually


@pytest.fixture
def image(rest, unique):
    made = suit.Image(random.Random(unique("image")).randbytes(3001))
    rest.put_image(made)
    return made


@pytest.fixture
def peer(sandbox):
    made = CoapPeer(sandbox.coap)
    yield made
    made.close()


def blob_path(image):
    return "/blob/" + hashlib.sha256(image.content).hexdigest()


def big_registration():
    """Larger than two blocks of the largest size, and valid."""
    components = [suit.installed(component=(bytes([n]) * 60,), version=(n, 1)) for n in range(32)]
    return suit.registration(components)


# Block2


@pytest.mark.parametrize("szx", range(7))
def test_download_in_blocks_of(peer, image, szx):
    reply = peer.get(blob_path(image), szx=szx)
    assert reply.payload == image.content
    assert reply.option(ETAG) == hashlib.sha256(image.content).digest()[:8]
    assert int.from_bytes(reply.option(SIZE2), "big") == len(image.content)
    assert reply.option(CONTENT_FORMAT) == b"\x2a"


def test_download_backwards_and_without_token(peer, image):
    count = (len(image.content) + 63) // 64
    parts = {}
    for number in random.Random(1).sample(range(count), count):
        options = peer.target(blob_path(image)) + [(BLOCK2, encode_uint(number << 4 | 2))]
        reply = peer.exchange(GET, options, token=b"")
        assert parse_block(reply.option(BLOCK2)) == (number, number < count - 1, 2)
        parts[number] = reply.payload
    assert b"".join(parts[n] for n in range(count)) == image.content


def test_blocks_that_are_not_there(peer, image):
    assert get_block(peer, blob_path(image), 3, 6).status == "4.00"
    assert get_block(peer, blob_path(image), 0xFFFFF, 6).status == "4.00"
    assert get_block(peer, blob_path(image), 0, 7).status == "4.00"
    assert peer.get("/blob/" + "0" * 64).status == "4.04"
    assert peer.get("/blob/xyz").status == "4.04"
    assert peer.get("/fw/nothing.bin").status == "4.04"
    assert peer.exchange(GET, peer.target(blob_path(image)) + [(ACCEPT, b"\x32")]).status == "4.06"


def test_valid_etag(peer, image):
    etag = hashlib.sha256(image.content).digest()[:8]
    reply = peer.exchange(GET, peer.target(blob_path(image)) + [(ETAG, etag)])
    assert (reply.status, reply.payload) == ("2.03", b"")


def test_public_path(sandbox, trusted, peer, unique):
    image = suit.Image(os.urandom(1500), f"/fw/{unique('path')} v1.bin".replace(" ", "%20"))
    envelope = suit.update(trusted, 1, [image], klass=suit.uuid.uuid4())
    sandbox.rest.publish(envelope, [image])
    path = image.uri.replace("%20", " ")
    # The table of paths is loaded anew when the database tells that it changed.
    eventually(lambda: peer.get(path, szx=2).payload == image.content)


@pytest.mark.parametrize("size", [16, 64, 256, 1024])
def test_libcoap_client(sandbox, image, tmp_path, size):
    out = tmp_path / "image"
    coap_client("-m", "get", "-b", size, "-o", out, sandbox.coap + blob_path(image))
    assert out.read_bytes() == image.content


def test_download_goes_on_after_a_restart(fresh):
    image = suit.Image(os.urandom(5000))
    fresh.rest.put_image(image)
    peer = CoapPeer(fresh.coap)
    first = [get_block(peer, blob_path(image), n, 6) for n in range(2)]
    fresh.kill()
    fresh.start()
    peer = CoapPeer(fresh.coap)
    rest = [get_block(peer, blob_path(image), n, 6) for n in range(2, 5)]
    assert b"".join(reply.payload for reply in first + rest) == image.content
    assert len({reply.option(ETAG) for reply in first + rest}) == 1


# Block1


@pytest.mark.parametrize("szx", [0, 2, 6])
@pytest.mark.parametrize("size1", [False, True])
def test_upload_in_blocks(sandbox, peer, unique, szx, size1):
    endpoint, body, size = unique("upload"), big_registration(), 16 << szx
    for at in range(0, len(body), size):
        more = at + size < len(body)
        reply = post_block(
            peer,
            "/rd",
            (f"ep={endpoint}",),
            body[at : at + size],
            at // size,
            more,
            szx,
            len(body) if size1 and at == 0 else None,
        )
        assert reply.status == ("2.31" if more else "2.01"), reply.payload
    assert len(sandbox.rest.device(endpoint)["components"]) == 32


def test_the_same_upload_again_and_again(sandbox, peer, unique):
    """Without Size1, on one pair of addresses: libcoap's own reassembly dies of this."""
    endpoint, body = unique("again"), big_registration()
    for _ in range(20):
        assert post_block(peer, "/rd", (f"ep={endpoint}",), body[:64], 0, True, 2).status == "2.31"
    for _ in range(3):
        reply = peer.post("/rd", body, (f"ep={endpoint}",), szx=2)
        assert reply.status == "2.01"
    assert is_alive(sandbox)


def test_blocks_out_of_order(peer, unique):
    query = (f"ep={unique('order')}",)
    full = bytes(64)
    assert post_block(peer, "/rd", query, full, 1, True, 2).status == "4.08"
    assert post_block(peer, "/rd", query, full, 0, True, 2).status == "2.31"
    assert post_block(peer, "/rd", query, full, 2, True, 2).status == "4.08"
    assert post_block(peer, "/rd", query, full, 0, True, 2).status == "2.31"
    assert post_block(peer, "/rd", query, b"short", 1, True, 2).status == "4.00"
    assert post_block(peer, "/rd", query, full, 0, True, 7).status == "4.00"


def test_uploads_side_by_side(sandbox, peer, unique):
    """Two bodies for one resource at the same time are told apart by Request-Tag."""
    query, body = (f"ep={unique('tags')}",), suit.registration(serial="S" * 60)
    for tag in (b"a", b"b"):
        assert post_block(peer, "/rd", query, body[:64], 0, True, 2, tag=tag).status == "2.31"
    assert post_block(peer, "/rd", query, body[64:], 1, False, 2, tag=b"a").status == "2.01"
    assert post_block(peer, "/rd", query, body[64:], 1, False, 2, tag=b"b").status == "2.01"


def test_too_large(peer, unique):
    query = (f"ep={unique('large')}",)
    reply = post_block(peer, "/rd", query, bytes(1024), 0, True, 6, size1=10**6)
    assert reply.status == "4.13" and int.from_bytes(reply.option(SIZE1), "big") == 65536
    for number in range(64):
        assert post_block(peer, "/rd", query, bytes(1024), number, True).status == "2.31"
    assert post_block(peer, "/rd", query, bytes(1024), 64, True).status == "4.13"
    assert post_block(peer, "/rd", query, b"", 65, False).status in ("4.08", "4.13")


def test_uploads_that_never_end(make_sandbox):
    sandbox = make_sandbox(coap__max_bodies="8", coap__body_timeout="PT2S")
    peers = [CoapPeer(sandbox.coap) for _ in range(4)]
    answers = []
    for number, peer in enumerate(peers):
        for tag in b"abcde":
            reply = post_block(
                peer, "/rd", (f"ep=endless-{number}",), bytes(64), 0, True, 2, tag=bytes([tag])
            )
            answers.append(reply.status)
    assert answers.count("2.31") == 8, "at most 8 in all, and 4 of one peer"
    assert set(answers) == {"2.31", "5.03"} and answers[4] == "5.03"
    body = suit.registration([suit.installed(component=(bytes(60),))])
    late = CoapPeer(sandbox.coap)

    def upload():
        return late.post("/rd", body, ("ep=patient",), szx=2).status == "2.01"

    assert eventually(upload), "those that were not fed make room"
    assert is_alive(sandbox)


# Bytes


def test_random_bytes(sandbox):
    source = random.Random(7)
    sock = open_socket(sandbox.coap, 0.01)
    for _ in range(2000):
        sock.send(source.randbytes(source.randrange(0, 200)))
    for _ in range(2000):
        head = bytes([0x40 | source.randrange(64), source.randrange(256)])
        sock.send(head + source.randbytes(source.randrange(2, 120)))
    sock.close()
    assert is_alive(sandbox)


ENTRIES = [
    (2, "/rd"),
    (2, "/rd/00000000-0000-0000-0000-000000000000"),
    (4, "/rd/00000000-0000-0000-0000-000000000000"),
    (1, "/suit/manifest"),
    (2, "/suit/status"),
    (2, "/suit/report"),
    (1, "/blob/" + "ab" * 32),
    (1, "/.well-known/core"),
]


@pytest.mark.parametrize("method, path", ENTRIES)
def test_broken_requests_at_each_entry(sandbox, unique, method, path):
    """Truncated everywhere, and each byte changed."""
    source = random.Random(path)
    sock = open_socket(sandbox.coap, 0.01)
    body = suit.registration([suit.installed(suit.Image(b"x"), 1)], serial="S")
    whole = Message(
        method,
        CoapPeer.target(path, (f"ep={unique('broken')}",)) + [(CONTENT_FORMAT, b"\x3c")],
        body if method == 2 else b"",
        CON,
        b"tk",
        1,
    ).encode()
    for end in range(len(whole)):
        sock.send(whole[:end])
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1 << source.randrange(8)
        sock.send(changed)
    sock.close()
    assert is_alive(sandbox)


def test_random_bodies(sandbox, peer, unique):
    source = random.Random(11)
    query = (f"ep={unique('random')}",)
    assert peer.post("/rd", suit.registration(), query).status == "2.01"
    for path in ("/rd", "/suit/status", "/suit/report"):
        for _ in range(40):
            reply = peer.post(path, source.randbytes(source.randrange(1, 300)), query)
            assert reply.status[0] == "4", reply.status
    assert is_alive(sandbox)


def test_unknown_critical_option(peer):
    reply = peer.exchange(GET, peer.target("/.well-known/core") + [(2049, b"x")])
    assert reply.status == "4.02"
