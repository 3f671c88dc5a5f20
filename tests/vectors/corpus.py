# SPDX-License-Identifier: Apache-2.0
"""Starting points for the fuzz targets: the vectors as raw bytes, without the huge and the cut ones."""
import json

import bad_envelopes
import cbor2
import good_envelopes
import messages
import oracle

LARGEST = 2500


def cbor_items():
    """Small items of every kind, then a few whole structures."""
    for text in ("00 1818 1903e8 1a000f4240 1b000000e8d4a51000 20 3903e7 3bffffffffffffffff 40 43010203 "
                 "60 62c3bc 80 83010203 a0 a201020304 a26161016162820203 c11a514b67b0 d86ba0 f4 f5 f6 f7 "
                 "f93c00 fb3ff199999999999a 5f4101ff 9f00ff bf0000ff 1817 a202000100 a201000100 "
                 "8181818181818181818181818181818181818181818181818101").split():
        yield f"item_{text[:16]}_{len(text) // 2}", bytes.fromhex(text)
    for name, data, _ in good_envelopes.everything():
        if name in ("severed-present", "dependency-integrated", "nested-branches"):
            yield name, data
            yield name + "_manifest", cbor2.loads(data).value[3]


def keys():
    for name, key in good_envelopes.KEYS.items():
        if key.kind == "HMAC":
            continue
        yield name + "_private_pem", key.private_pem().encode()
        yield name + "_public_pem", key.public_pem().encode()
        yield name + "_spki", key.spki()
        yield name + "_jwk", json.dumps(good_envelopes.jwk(key)).encode()
    yield "encrypted_pem", (b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
                            b"-----END ENCRYPTED PRIVATE KEY-----\n")


def envelopes():
    for name, data, _ in good_envelopes.everything():
        yield "good_" + name, data
    for name, data, expected in bad_envelopes.everything():
        if expected["stage"] != "verify" and not name.startswith("truncated"):
            yield "bad_" + name, data


def shown():
    """What can be shown, and text that would deceive whoever reads it."""
    for name, data, _ in good_envelopes.everything():
        yield name, data
    nasty = "\x1b[31mred\x1b[0m\r\u202egnp.exe\u0000\u2028<script>\ufeff" + "long " * 200
    text = oracle.enc({nasty[:40]: {1: nasty, 2: nasty, (b"\0",): {5: nasty}}})
    yield "deceiving_text", oracle.envelope({**good_envelopes.simple(), 23: text},
                                            [good_envelopes.AUTHOR])


def files():
    """The path below tests/fuzz/corpus and the bytes of every file."""
    for folder, rows in (("cbor", cbor_items()), ("key", keys()), ("envelope", envelopes()),
                         ("manifest_json", shown()),
                         ("cose", (row[:2] for row in messages.cose())),
                         ("report", (row[:2] for row in messages.reports()))):
        for name, data in rows:
            if data and len(data) <= LARGEST:
                yield f"{folder}/{name}", data
