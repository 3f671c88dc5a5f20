# SPDX-License-Identifier: Apache-2.0
"""Below device.py: datagrams as they are, blocks one by one, and libcoap's own client with DTLS."""

import socket
import subprocess
import urllib.parse

from device import (
    BLOCK1,
    BLOCK2,
    CBOR,
    CONTENT_FORMAT,
    GET,
    POST,
    SIZE1,
    CoapPeer,
    block_option,
    encode_uint,
)

CLIENT = "coap-client-openssl"


def open_socket(uri, timeout=2.0):
    parsed = urllib.parse.urlsplit(uri)
    family = socket.AF_INET6 if ":" in parsed.hostname else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.settimeout(timeout)
    sock.connect((parsed.hostname, parsed.port))
    return sock


def is_alive(sandbox):
    """Answers a client that it has never seen."""
    peer = CoapPeer(sandbox.coap)
    try:
        return peer.get("/.well-known/core").status == "2.05"
    finally:
        peer.close()


def post_block(peer, path, query, payload, number, more, szx=6, size1=None, tag=None):
    """One block of an upload and its answer."""
    options = peer.target(path, query) + [
        (CONTENT_FORMAT, encode_uint(CBOR)),
        (BLOCK1, block_option(number, more, szx)),
    ]
    if size1 is not None:
        options.append((SIZE1, encode_uint(size1)))
    if tag is not None:
        options.append((292, tag))
    return peer.exchange(POST, options, payload)


def get_block(peer, path, number, szx, query=(), options=()):
    asked = peer.target(path, query) + [(BLOCK2, block_option(number, False, szx))]
    return peer.exchange(GET, asked + list(options))


def coap_client(*args, identity=None, key=None, timeout=20):
    """libcoap's client; its standard output and error."""
    security = ["-u", identity, "-k", key] if identity is not None else []
    done = subprocess.run(
        [CLIENT, "-B", "5", *security, *[str(arg) for arg in args]],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    return done.stdout, done.stderr

