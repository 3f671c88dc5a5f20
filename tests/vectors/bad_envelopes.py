# SPDX-License-Identifier: Apache-2.0
"""Envelopes that must be refused: what is wrong with each, at which stage that shows, and how.

Stage "decode": envelope_decode fails. Stage "verify": it decodes, and no signature holds.
Status is the word of su_status_name.
"""
import hashlib

import cbor2
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from good_envelopes import (APP, AUTHOR, CHECK_IDENTITY, IDENTITY, KEYS, RP, SLOT, TEXT, by,
                            common, image_params, simple)
from oracle import (Severed, digest_of_bstr, enc, envelope, manifest_bytes, seq, sign1)


def raw_map(pairs, tag=107):
    """A map exactly as written: unsorted, duplicate keys and all; values are encoded already."""
    head = bytes([0xa0 | len(pairs)])
    body = b"".join(cbor2.dumps(key) + value for key, value in pairs)
    return (cbor2.dumps(cbor2.CBORTag(tag, 0))[:-1] if tag else b"") + head + body


def parts(data):
    """The encoded values of a good envelope by key."""
    return {key: cbor2.dumps(value) for key, value in cbor2.loads(data).value.items()}


def wrap(content, wrapper=None, tag=107, rest=()):
    """An envelope around the bytes of a manifest, signed whatever they are."""
    digest = enc(digest_of_bstr(content))
    wrapper = wrapper if wrapper is not None else enc([digest, AUTHOR(digest)])
    return raw_map([(2, cbor2.dumps(wrapper)), (3, cbor2.dumps(content))] + list(rest), tag)


def flip(data, offset):
    return data[:offset] + bytes([data[offset] ^ 1]) + data[offset + 1:]


def encoding():
    good = envelope(simple(), [AUTHOR])
    value = parts(good)
    yield "empty", b"", "invalid", "no bytes at all"
    for n in (1, 2, 3, 40, len(good) // 2, len(good) - 1):
        yield f"truncated-{n}", good[:n], "invalid", f"the first {n} bytes only"
    yield "trailing-byte", good + b"\0", "invalid", "one byte follows the envelope"
    yield "trailing-envelope", good + good, "invalid", "a second envelope follows"
    yield "tag-108", raw_map([(2, value[2]), (3, value[3])], 108), "invalid", "tag 108"
    yield "tag-1070", envelope(simple(), [AUTHOR], tag=1070), "invalid", "the tag of a manifest"
    yield "tag-twice", bytes.fromhex("d86b") + good, "invalid", "tag 107 twice"
    yield "untagged", envelope(simple(), [AUTHOR], tag=None), "invalid", "no tag"
    yield "not-a-map", bytes.fromhex("d86b8102"), "invalid", "an array"
    yield "duplicate-key-3", raw_map([(2, value[2]), (3, value[3]), (3, value[3])]), "invalid", \
        "key 3 twice"
    yield "unsorted-keys", raw_map([(3, value[3]), (2, value[2])]), "invalid", \
        "the manifest before the authentication wrapper"
    yield "long-head-key", good[:3] + b"\x18\x02" + good[4:], "invalid", "key 2 in two bytes"
    yield "long-head-map", b"\xd8\x6b\xb8\x02" + good[3:], "invalid", "a map head of two bytes"
    yield "long-head-tag", b"\xd9\x00\x6b" + good[2:], "invalid", "the tag in two bytes"
    yield "indefinite-map", b"\xd8\x6b\xbf" + good[3:] + b"\xff", "invalid", "indefinite length"
    chunked = b"\x5f" + value[3] + b"\xff"
    yield "indefinite-string", raw_map([(2, value[2]), (3, chunked)]), "invalid", \
        "the manifest in chunks"
    yield "size-bomb-map", bytes.fromhex("d86bbb00ffffffffffffff02"), "invalid", "2^56 pairs"
    yield "size-bomb-string", bytes.fromhex("d86ba1025bffffffffffffffff00"), "invalid", \
        "a string of 2^64-1 bytes"
    yield "size-bomb-array", wrap(cbor2.dumps(0), bytes.fromhex("9b00ffffffffffffff")), \
        "invalid", "2^56 authentication blocks"
    yield "depth-bomb", bytes.fromhex("d86ba102") + b"\x81" * 5000 + b"\0", "invalid", \
        "5000 arrays inside each other"
    yield "tag-bomb", b"\xd8\x6b" * 3000 + good, "invalid", "3000 tags before the map"
    yield "key-is-simple", raw_map([(2, value[2]), (3, value[3]), (True, value[3])]), "invalid", \
        "the key true"
    yield "random", bytes((i * i * 31 + i * 17 + 5) % 251 for i in range(300)), "invalid", "noise"


def layout():
    good = envelope(simple(), [AUTHOR])
    value = parts(good)
    content = cbor2.loads(value[3])
    digest = enc(digest_of_bstr(content))
    yield "no-manifest", raw_map([(2, value[2])]), "invalid", "key 3 missing"
    yield "no-authentication", raw_map([(3, value[3])]), "invalid", "key 2 missing"
    yield "manifest-not-wrapped", raw_map([(2, value[2]), (3, content)]), "invalid", \
        "the manifest as a map, not in a byte string"
    yield "unknown-key", raw_map([(2, value[2]), (3, value[3]), (99, value[3])]), "invalid", \
        "envelope key 99"
    yield "unknown-negative-key", raw_map([(2, value[2]), (3, value[3]), (-1, value[3])]), \
        "invalid", "envelope key -1"
    yield "delegation-key", raw_map([(1, value[2]), (2, value[2]), (3, value[3])]), "invalid", \
        "envelope key 1, reserved"
    yield "integrated-not-bytes", raw_map([(2, value[2]), (3, value[3]), ("#a", b"\x61a")]), \
        "invalid", "an integrated payload that is text"
    yield "empty-wrapper", wrap(content, enc([])), "invalid", "no digest in the wrapper"
    yield "wrapper-trailing", wrap(content, enc([digest, AUTHOR(digest)]) + b"\0"), "invalid", \
        "a byte follows the wrapper's array"
    yield "digest-not-wrapped", wrap(content, enc([digest_of_bstr(content)])), "invalid", \
        "the digest outside a byte string"
    yield "digest-short", wrap(content, enc([enc([-16, bytes(31)])])), "invalid", \
        "a SHA-256 of 31 bytes"
    yield "digest-long", wrap(content, enc([enc([-16, bytes(33)])])), "invalid", \
        "a SHA-256 of 33 bytes"
    yield "digest-unknown-alg", wrap(content, enc([enc([-14, bytes(20)])])), "unsupported", \
        "SHA-1"
    attached = sign1(KEYS["author-p256"], digest, "ESP256", attached=True)
    yield "payload-attached", wrap(content, enc([digest, attached])), "invalid", \
        "the digest attached in the COSE_Sign1"
    bare = sign1(KEYS["author-p256"], digest, "ESP256", tag=None)
    yield "block-untagged", wrap(content, enc([digest, bare])), "invalid", "a block without a tag"
    yield "block-encrypted", wrap(content, enc([digest, enc(cbor2.CBORTag(16, [b"", {}, b"x"]))])), \
        "unsupported", "a COSE_Encrypt0 as a block"
    crit = sign1(KEYS["author-p256"], digest, -9, protected=enc({1: -9, 2: [100], 100: 1}))
    yield "block-critical-header", wrap(content, enc([digest, crit])), "unsupported", \
        "a critical header that nobody knows"
    twice = sign1(KEYS["author-p256"], digest, -9, protected=bytes.fromhex("a201280128"))
    yield "block-duplicate-header", wrap(content, enc([digest, twice])), "invalid", \
        "two algorithms in one header"


def digests():
    good = envelope(simple(), [AUTHOR])
    yield "wrong-digest", flip(good, 15), "unauthentic", "a bit of the stated digest"
    yield "manifest-changed", flip(good, len(good) - 1), "unauthentic", "a bit of the manifest"
    content = manifest_bytes(simple())
    over_content = enc([-16, hashlib.sha256(content).digest()])
    yield "digest-without-head", wrap(content, enc([over_content, AUTHOR(over_content)])), \
        "unauthentic", "the digest over the content without its head"
    other = parts(envelope(simple(2), [AUTHOR]))
    value = parts(good)
    yield "wrapper-of-another", raw_map([(2, other[2]), (3, value[3])]), "unauthentic", \
        "the wrapper of another manifest"
    severed = {**simple(), 23: Severed(TEXT, hidden=True)}
    yield "severed-changed", envelope(severed, [AUTHOR], extra={23: TEXT + b"\0"}), \
        "unauthentic", "severed text that is not the one of the digest"
    yield "severed-of-another", envelope({**simple(), 20: Severed(seq(3, RP), hidden=True)},
                                         [AUTHOR], extra={20: seq(3, 0)}), "unauthentic", \
        "an install sequence that is not the one of the digest"
    yield "severed-without-digest", envelope(simple(), [AUTHOR], extra={23: TEXT}), "invalid", \
        "text in the envelope that the manifest does not know"
    yield "severed-and-inline", envelope({**simple(), 23: TEXT}, [AUTHOR], extra={23: TEXT}), \
        "invalid", "text in the manifest and in the envelope"
    yield "severed-not-severable", envelope({**simple(), 7: digest_of_bstr(seq(3, RP))}, [AUTHOR]), \
        "invalid", "a digest in the place of validate"


def manifests():
    good = simple()

    def changed(**members):
        update = {int(key[1:]): value for key, value in members.items()}
        merged = {**good, **update}
        return envelope({k: v for k, v in merged.items() if v is not None}, [AUTHOR])

    yield "version-2", changed(m1=2), "unsupported", "manifest version 2"
    yield "version-0", changed(m1=0), "invalid", "manifest version 0"
    yield "no-version", changed(m1=None), "invalid", "no manifest version"
    yield "no-sequence-number", changed(m2=None), "invalid", "no sequence number"
    yield "negative-sequence-number", changed(m2=-1), "invalid", "sequence number -1"
    yield "sequence-number-bignum", changed(m2=2 ** 64), "invalid", "sequence number 2^64"
    yield "no-common", changed(m3=None), "invalid", "no common part"
    yield "no-components", changed(m3=enc({4: seq(1, RP)})), "invalid", "no components"
    yield "empty-components", changed(m3=enc({2: []})), "invalid", "an empty list of components"
    yield "component-not-bytes", changed(m3=enc({2: [["app"]]})), "invalid", \
        "a component identifier of text"
    yield "component-empty", changed(m3=enc({2: [[]]})), "invalid", "an empty identifier"
    yield "component-twice", changed(m3=enc({2: [SLOT, SLOT]})), "invalid", \
        "the same component twice"
    yield "unknown-member", changed(m99=1), "invalid", "manifest key 99"
    yield "unknown-common-member", changed(m3=enc({2: [SLOT], 9: 1})), "invalid", "common key 9"
    yield "reference-uri-not-text", changed(m4=b"http://x"), "invalid", "a reference-uri of bytes"
    unsorted = raw_map([(2, b"\x01"), (1, b"\x01"), (3, cbor2.dumps(good[3]))], None)
    yield "manifest-unsorted", wrap(unsorted), "invalid", "unsorted keys in the manifest"
    double = raw_map([(1, b"\x01"), (2, b"\x01"), (2, b"\x02"), (3, cbor2.dumps(good[3]))], None)
    yield "manifest-duplicate-key", wrap(double), "invalid", "two sequence numbers"
    yield "manifest-trailing", wrap(manifest_bytes(good) + b"\0"), "invalid", \
        "a byte follows the manifest inside its byte string"
    yield "manifest-long-head", wrap(raw_map([(1, b"\x01"), (2, b"\x18\x01"),
                                              (3, cbor2.dumps(good[3]))], None)), "invalid", \
        "the sequence number in two bytes"
    floats = raw_map([(1, b"\x01"), (2, b"\xf9\x3c\x00"), (3, cbor2.dumps(good[3]))], None)
    yield "manifest-float", wrap(floats), "invalid", "the sequence number 1.0"
    yield "text-not-a-map", changed(m23=enc([1])), "invalid", "text that is an array"
    yield "set-version-empty", changed(m6=enc([])), "invalid", "a version without parts"


def sequences():
    good = simple()

    def install(*items):
        return envelope({**good, 20: seq(*items)}, [AUTHOR])

    def shared(*items):
        return envelope({**good, 3: common([SLOT], *items)}, [AUTHOR])

    fetch = (20, {21: "#a"}, 21, 2)
    yield "odd-sequence", install(*fetch, 3), "invalid", "a command without its argument"
    yield "empty-sequence", install(), "invalid", "a sequence without a command"
    yield "unknown-command", install(*fetch, 99, 0), "invalid", "command 99"
    yield "command-zero", install(0, 0), "invalid", "command 0"
    yield "command-minus-one", install(-1, 0), "invalid", "command -1, neither known nor custom"
    yield "command-text", install("fetch", 2), "invalid", "a command by name"
    yield "policy-negative", install(20, {21: "#a"}, 21, -1), "invalid", "reporting policy -1"
    yield "policy-text", install(20, {21: "#a"}, 21, "x"), "invalid", "a reporting policy of text"
    yield "index-out-of-range", install(12, 7, *fetch), "invalid", "component index 7 of 1"
    yield "index-text", install(12, "a", *fetch), "invalid", "a component index of text"
    yield "parameters-not-a-map", install(20, [21, "#a"]), "invalid", "parameters in an array"
    yield "unknown-parameter", install(20, {99: 1}), "invalid", "parameter 99"
    yield "vendor-of-15-bytes", shared(20, {1: bytes(15)}, 1, RP), "invalid", "a short UUID"
    yield "digest-parameter-bare", install(20, {3: digest_of_bstr(APP)}), "invalid", \
        "image-digest not in a byte string"
    yield "digest-parameter-length", install(20, {3: enc([-16, bytes(20)])}), "invalid", \
        "a SHA-256 of 20 bytes as image-digest"
    yield "size-negative", install(20, {14: -1}), "invalid", "image size -1"
    yield "wait-info-not-wrapped", install(20, {29: {5: 1}}), "invalid", \
        "wait-info as a map, not in a byte string"
    yield "wait-info-array", install(20, {29: enc([5, 1])}), "invalid", "wait-info in an array"
    yield "wait-info-time-text", install(20, {29: enc({5: "noon"})}), "invalid", \
        "a time of text to wait for"
    yield "wait-info-trailing", install(20, {29: enc({5: 1}) + b"\0"}), "invalid", \
        "a byte follows wait-info inside its byte string"
    yield "metadata-time-untagged", install(20, {30: enc({6: 1700000000})}), "invalid", \
        "a modification time without tag 1"
    yield "metadata-file-type", install(20, {30: enc({5: 4})}), "invalid", "file type 4"
    yield "encryption-info-untagged", install(20, {19: enc([b"", {}, None, []])}), "invalid", \
        "a COSE_Encrypt without its tag"
    yield "encryption-info-sign1", install(20, {19: enc(cbor2.CBORTag(18, [b"", {}, None, b""]))}), \
        "invalid", "a COSE_Sign1 as encryption-info"
    yield "version-comparison", install(20, {28: enc([6, [1]])}), "invalid", "comparison 6"
    yield "version-without-parts", install(20, {28: enc([1, []])}), "invalid", "no version parts"
    yield "uri-bytes", install(20, {21: b"#a"}), "invalid", "a URI of bytes"
    yield "uri-bad-utf8", wrap(manifest_bytes(good).replace(b"coap://firm", b"coap://f\xff\xfem")), \
        "invalid", "a URI that is not UTF-8"
    yield "parameters-duplicate", wrap(manifest_bytes({**good, 20: seq(20, {4: 1, 5: 2}, 4, RP)})
                                       .replace(b"\xa2\x04\x01\x05\x02", b"\xa2\x04\x01\x04\x02")), \
        "invalid", "use-before twice in one map"
    yield "parameters-unsorted", wrap(manifest_bytes({**good, 20: seq(20, {4: 1, 5: 2}, 4, RP)})
                                      .replace(b"\xa2\x04\x01\x05\x02", b"\xa2\x05\x01\x04\x02")), \
        "invalid", "unsorted parameters"
    yield "try-each-one-branch", install(15, [seq(*fetch)]), "invalid", \
        "one alternative and nothing else"
    yield "try-each-nil-first", install(15, [None, seq(*fetch), seq(*fetch)]), "invalid", \
        "nil before other alternatives"
    yield "try-each-not-wrapped", install(15, [[21, 2], [21, 2]]), "invalid", \
        "alternatives outside byte strings"
    yield "run-sequence-not-wrapped", install(32, [21, 2]), "invalid", \
        "a sequence outside a byte string"
    yield "shared-fetch", shared(20, {**IDENTITY, **image_params(APP, "#a")}, *CHECK_IDENTITY,
                                 21, 2), "invalid", "a fetch in the shared sequence"
    yield "shared-set-parameters", shared(19, IDENTITY, *CHECK_IDENTITY), "invalid", \
        "set-parameters in the shared sequence"
    yield "shared-custom", shared(20, IDENTITY, -300, 0), "invalid", \
        "a custom command in the shared sequence"
    yield "shared-fetch-in-branch", shared(15, [seq(21, 2), seq(1, RP)]), "invalid", \
        "a fetch in a branch of the shared sequence"
    deep = seq(21, 2)
    for _ in range(40):
        deep = seq(32, deep)
    yield "deep-run-sequence", envelope({**good, 20: deep}, [AUTHOR]), "invalid", \
        "40 sequences inside each other"
    yield "many-commands", install(*([21, 2] * 2000)), "invalid", "2000 commands"
    wide = []
    for _ in range(24):
        wide += [15, [seq(20, {5: 0}), seq(20, {5: 1})]]
    yield "many-paths", envelope({**good, 20: seq(*wide)}, [AUTHOR]), "too-large", \
        "2^24 paths through the alternatives", "survey"


def old_drafts():
    """Numbers of drafts before -28 that look like current ones."""
    shared = common([SLOT], 20, {**IDENTITY, **image_params(APP)}, *CHECK_IDENTITY)
    fetch = seq(20, {21: "http://example.com/app.bin"}, 21, 2, 3, RP)
    base = {1: 1, 2: 1, 3: shared}
    yield "install-key-9", envelope({**base, 9: fetch, 10: seq(3, RP)}, [AUTHOR]), \
        "install under key 9, validate under 10 (to draft -17)"
    yield "install-key-17", envelope({**base, 7: seq(3, RP), 17: fetch}, [AUTHOR]), \
        "install under key 17 (drafts -18 to -26)"
    yield "install-key-9-alone", envelope({**base, 9: fetch}, [AUTHOR]), \
        "a fetch under key 9, which is invoke now"
    yield "run-key-12", envelope({**base, 12: seq(23, 2)}, [AUTHOR]), "run under key 12"
    yield "text-key-13", envelope({**base, 7: seq(3, RP), 13: TEXT}, [AUTHOR]), "text under key 13"
    content = manifest_bytes(base)
    digest = enc([2, digest_of_bstr(content)[1]])
    yield "digest-id-2", wrap(content, enc([digest, AUTHOR(digest)])), "digest algorithm 2"


def verification():
    """They decode, but nobody's signature holds."""
    good = simple()
    other = enc(digest_of_bstr(manifest_bytes(simple(2))))
    key = KEYS["author-p256"]
    for name, block, status, key_name, why in (
            ("signature-changed", lambda d: flip(AUTHOR(d), len(AUTHOR(d)) - 1), "unauthentic",
             "author-p256", "a bit of the signature"),
            ("signature-of-another-manifest", lambda d: AUTHOR(other), "unauthentic",
             "author-p256", "the block of another manifest"),
            ("stranger", by("stranger-p256", "ESP256"), "unauthentic", "author-p256",
             "signed by a key that is not trusted"),
            ("alg-eddsa-with-p256", lambda d: sign1(key, d, "EdDSA"), "invalid", "author-p256",
             "EdDSA stated, made and to be verified with a P-256 key"),
            ("alg-es384-with-p256", lambda d: sign1(key, d, "ES384"), "invalid", "author-p256",
             "ES384 stated, made with a P-256 key"),
            ("alg-unknown", lambda d: sign1(key, d, -999), "unsupported", "author-p256",
             "algorithm -999"),
            ("alg-text", lambda d: sign1(key, d, 0, protected=enc({1: "ES256"})), "unsupported",
             "author-p256", "the algorithm by name"),
            ("alg-missing", lambda d: sign1(key, d, 0, protected=b""), "unsupported",
             "author-p256", "no algorithm"),
            ("alg-unprotected", lambda d: sign1(key, d, 0, protected=b"", unprotected={1: -9}),
             "invalid", "author-p256", "the algorithm in the unprotected header only"),
            ("alg-hss-lms", lambda d: sign1(key, d, "HSS-LMS"), "unsupported", "author-p256",
             "HSS-LMS"),
            ("mac-in-sign1", lambda d: sign1(KEYS["shared-hmac"], d, "HMAC-256", tag=18),
             "invalid", "shared-hmac", "HMAC as the algorithm of a COSE_Sign1"),
            ("signature-in-mac0", lambda d: sign1(key, d, "ESP256", tag=17), "invalid",
             "author-p256", "ESP256 as the algorithm of a COSE_Mac0"),
            ("signature-der", lambda d: der_signature(key, d), "unauthentic", "author-p256",
             "the signature in DER"),
            ("signature-short", lambda d: cut_signature(AUTHOR(d)), "unauthentic", "author-p256",
             "63 bytes of signature"),
            ("signature-zero", lambda d: fixed_signature(bytes(64)), "unauthentic", "author-p256",
             "r and s are 0"),
            ("signature-order", lambda d: fixed_signature(ORDER * 2), "unauthentic", "author-p256",
             "r and s are the order of the group"),
            ("signature-empty", lambda d: fixed_signature(b""), "unauthentic", "author-p256",
             "no signature"),
            ("external-aad", lambda d: sign1(key, d, "ESP256", external_aad=b"x"), "unauthentic",
             "author-p256", "signed with external data"),
            ("payload-twice-wrapped", lambda d: sign1(key, cbor2.dumps(d), "ESP256"),
             "unauthentic", "author-p256", "the digest wrapped once more before signing")):
        yield name, envelope(good, [block]), status, key_name, why


ORDER = bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")


def fixed_signature(signature):
    return enc(cbor2.CBORTag(18, [enc({1: -9}), {}, None, signature]))


def cut_signature(block):
    item = cbor2.loads(block)
    return fixed_signature(item.value[3][:-1])


def der_signature(key, payload):
    raw = cbor2.loads(sign1(key, payload, "ESP256")).value[3]
    return fixed_signature(encode_dss_signature(int.from_bytes(raw[:32], "big"),
                                                int.from_bytes(raw[32:], "big")))


def everything():
    for group in (encoding, layout, digests, manifests, sequences):
        for name, data, status, why, *stage in group():
            yield name, data, {"status": status, "why": why,
                               "stage": stage[0] if stage else "decode"}
    for name, data, why in old_drafts():
        yield "old-" + name, data, {"status": "unsupported", "why": why, "stage": "decode"}
    for name, data, status, key, why in verification():
        yield name, data, {"status": status, "why": why, "stage": "verify", "key": key}

