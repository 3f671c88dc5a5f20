# SPDX-License-Identifier: Apache-2.0
"""COSE messages and SUIT_Reports, good and bad."""
import cbor2
from good_envelopes import APP, IDENTITY, KEYS, SLOT, digest_of, simple
from oracle import DIRECT, digest_of_bstr, enc, manifest_bytes, sign, sign1

CONTENT = b"What is signed."


def cose():
    """name, bytes, expected: status of decoding ("decode") or of verifying ("verify")."""
    def row(name, data, key, **more):
        return name, data, {"key": key, "decode": "ok", "verify": "ok", **more}

    author, ed = KEYS["author-p256"], KEYS["author-ed25519"]
    for name, key, alg in (("es256", "author-p256", "ES256"), ("esp256", "author-p256", "ESP256"),
                           ("es384", "author-p384", "ES384"), ("esp384", "author-p384", "ESP384"),
                           ("es512", "author-p521", "ES512"), ("esp512", "author-p521", "ESP512"),
                           ("eddsa", "author-ed25519", "EdDSA"),
                           ("ed25519", "author-ed25519", "Ed25519")):
        yield row(f"sign1-{name}", sign1(KEYS[key], CONTENT, alg, attached=True), key)
    yield row("mac0", sign1(KEYS["shared-hmac"], CONTENT, "HMAC-256", attached=True, tag=17),
              "shared-hmac")
    yield row("mac-direct", sign1(KEYS["shared-hmac"], CONTENT, "HMAC-256", attached=True, tag=97,
                                  recipients=DIRECT), "shared-hmac")
    yield row("sign", sign([(author, "ESP256", b"one")], CONTENT, attached=True), "author-p256")
    yield row("detached", sign1(ed, CONTENT, "Ed25519"), "author-ed25519",
              payload=CONTENT.hex())
    yield row("external-aad", sign1(ed, CONTENT, "Ed25519", attached=True, external_aad=b"\1\2"),
              "author-ed25519", external_aad="0102")
    yield row("untagged", sign1(author, CONTENT, "ES256", attached=True, tag=None), "author-p256",
              allow_untagged=True)
    yield row("kid", sign1(author, CONTENT, "ES256", attached=True, kid=b"author"), "author-p256",
              kid=b"author".hex())
    yield row("kid-protected", sign1(author, CONTENT, -7, attached=True,
                                     protected=enc({1: -7, 4: b"author"})), "author-p256",
              kid=b"author".hex())
    yield row("critical-known", sign1(author, CONTENT, -7, attached=True,
                                      protected=enc({1: -7, 2: [3], 3: 60})), "author-p256")
    yield row("header-order", sign1(author, CONTENT, -7, attached=True,
                                    protected=bytes.fromhex("a203000126")), "author-p256")
    yield row("text-header", sign1(author, CONTENT, -7, attached=True,
                                   protected=enc({1: -7, "app": [1, {2: 3}]})), "author-p256")
    yield row("alg-unprotected", sign1(author, CONTENT, -7, attached=True, protected=b"",
                                       unprotected={1: -7}), "author-p256", verify="invalid",
              verify_lax="ok")
    yield row("protected-empty-map", sign1(author, CONTENT, -7, attached=True, protected=b"\xa0",
                                           unprotected={1: -7}), "author-p256", verify="invalid",
              verify_lax="ok")
    yield row("wrong-key", sign1(KEYS["stranger-p256"], CONTENT, "ES256", attached=True),
              "author-p256", verify="unauthentic")
    yield row("mac-wrapped-key", sign1(KEYS["shared-hmac"], CONTENT, "HMAC-256", attached=True,
                                       tag=97, recipients=[[b"", {1: -3}, bytes(40)]]),
              "shared-hmac", verify="unsupported")
    yield row("curve-mismatch", sign1(KEYS["author-p384"], CONTENT, "ES256", attached=True),
              "author-p384", verify="invalid")

    def bad(name, value, status="invalid"):
        data = value if isinstance(value, bytes) else cbor2.dumps(value)
        return name, data, {"key": None, "decode": status}

    tag, header, zeros = cbor2.CBORTag, enc({1: -7}), bytes(64)
    yield bad("bad-tag", tag(998, [header, {}, CONTENT, zeros]))
    yield bad("bad-untagged", [header, {}, CONTENT, zeros])
    yield bad("bad-encrypt0", tag(16, [header, {}, CONTENT]), "unsupported")
    yield bad("bad-three-items", tag(18, [header, {}, CONTENT]))
    yield bad("bad-five-items", tag(18, [header, {}, CONTENT, zeros, 0]))
    yield bad("bad-protected-map", tag(18, [{1: -7}, {}, CONTENT, zeros]))
    yield bad("bad-protected-array", tag(18, [enc([1, -7]), {}, CONTENT, zeros]))
    yield bad("bad-protected-trailing", tag(18, [header + b"\0", {}, CONTENT, zeros]))
    yield bad("bad-unprotected-array", tag(18, [header, [], CONTENT, zeros]))
    yield bad("bad-payload-text", tag(18, [header, {}, "text", zeros]))
    yield bad("bad-payload-true", tag(18, [header, {}, True, zeros]))
    yield bad("bad-signature-text", tag(18, [header, {}, CONTENT, "text"]))
    yield bad("bad-header-twice", tag(18, [bytes.fromhex("a201260126"), {}, CONTENT, zeros]))
    yield bad("bad-header-in-both", tag(18, [header, {1: -7}, CONTENT, zeros]))
    yield bad("bad-kid-text", tag(18, [header, {4: "kid"}, CONTENT, zeros]))
    yield bad("bad-critical-unknown", tag(18, [enc({1: -7, 2: [99], 99: 0}), {}, CONTENT, zeros]),
              "unsupported")
    yield bad("bad-critical-text", tag(18, [enc({1: -7, 2: ["x"], "x": 0}), {}, CONTENT, zeros]),
              "unsupported")
    yield bad("bad-critical-empty", tag(18, [enc({1: -7, 2: []}), {}, CONTENT, zeros]))
    yield bad("bad-critical-unprotected", tag(18, [header, {2: [1]}, CONTENT, zeros]))
    yield bad("bad-header-bomb", tag(18, [enc({i: 0 for i in range(10, 40)}), {}, CONTENT, zeros]),
              "too-large")
    yield bad("bad-sign-without-signer", tag(98, [b"", {}, CONTENT, []]))
    yield bad("bad-sign-many-signers", tag(98, [b"", {}, CONTENT, [[header, {}, zeros]] * 17]),
              "too-large")
    yield bad("bad-signer-two-items", tag(98, [b"", {}, CONTENT, [[header, {}]]]))
    yield bad("bad-mac-without-recipient", tag(97, [enc({1: 5}), {}, CONTENT, bytes(32), []]))
    yield bad("bad-mac-direct-not-alone",
              tag(97, [enc({1: 5}), {}, CONTENT, bytes(32), DIRECT * 2]))
    yield bad("bad-mac-direct-ciphertext",
              tag(97, [enc({1: 5}), {}, CONTENT, bytes(32), [[b"", {1: -6}, b"x"]]]))
    yield bad("bad-trailing", cbor2.dumps(tag(18, [header, {}, CONTENT, zeros])) + b"\0")
    yield bad("bad-indefinite", b"\xd2\x9f" + cbor2.dumps([header, {}, CONTENT, zeros])[1:] + b"\xff")
    yield bad("bad-empty", b"")


MANIFEST_DIGEST = digest_of_bstr(manifest_bytes(simple()))
REFERENCE = ["https://firmware.example.com/full.suit", MANIFEST_DIGEST]
CLAIM = {0: SLOT, **IDENTITY, 3: digest_of(APP), 14: len(APP)}
RECORD = [[], 20, 36, 0, {3: digest_of(APP)}]


def raw_report(*pairs):
    return bytes([0xa0 | len(pairs)]) + b"".join(enc(k) + enc(v) for k, v in pairs)


def reports():
    """name, bytes, expected."""
    digest = "sha256:" + MANIFEST_DIGEST[1].hex()

    def good(name, data, **more):
        expected = {"open": "ok", "decode": "ok", "success": True, "manifest_digest": digest,
                    "reference_uri": REFERENCE[0], "nonce": "", "records": 0, "claims": 0,
                    "signed": False, "key": None, "code": 0, "reason": 0,
                    "duplicate_keys": False, "capability": False, "canonical": True}
        return name, data, {**expected, **more}

    success = {99: REFERENCE, 3: [CLAIM], 4: True}
    failure = {99: REFERENCE, 2: bytes(range(16)), 3: [RECORD, CLAIM],
               4: {5: -7, 6: [[0, 1], 16, 40, 1, {}], 7: 11}}
    yield good("success", enc(success), claims=1)
    yield good("failure", enc(failure), success=False, nonce=bytes(range(16)).hex(), records=1,
               claims=1, code=-7, reason=11)
    yield good("failure-without-record", enc({99: REFERENCE, 3: [], 4: {5: 3, 7: 4}}),
               success=False, code=3, reason=4)
    yield good("invoke-pending", enc({99: REFERENCE, 3: [], 4: {5: 0, 6: RECORD, 7: 12}}),
               success=False, reason=12)
    yield good("mixed-records", enc({99: REFERENCE, 3: [RECORD, CLAIM, RECORD, CLAIM], 4: True}),
               records=2, claims=2, canonical=False)
    yield good("capability", enc({99: REFERENCE, 3: [], 4: True,
                                  8: {1: [b"\0", True], 2: [1, 2, 3], 3: [1, 2], 4: [-9, -16],
                                      (1, 2): [3]}}), capability=True)
    yield good("sha384", enc({99: ["", digest_of_bstr(manifest_bytes(simple(), -43), -43)], 3: [],
                              4: True}), reference_uri="",
               manifest_digest="sha384:" + digest_of_bstr(manifest_bytes(simple(), -43), -43)[1].hex())
    yield good("unsorted", raw_report((99, REFERENCE), (3, [CLAIM]), (4, True)), claims=1,
               canonical=False)
    yield good("duplicate-keys", raw_report((99, REFERENCE), (3, [CLAIM]), (4, True), (4, False)),
               claims=1, duplicate_keys=True, canonical=False)
    claim = b"\xa3" + enc(0) + enc(SLOT) + enc(14) + enc(7) + enc(14) + enc(8)
    yield good("duplicate-claims", b"\xa3" + enc(99) + enc(REFERENCE) + enc(3) + b"\x81" + claim +
               enc(4) + enc(True), claims=1, duplicate_keys=True, canonical=False, image_size=7)
    yield good("unknown-key", enc({99: REFERENCE, 3: [], 4: True, 200: "later"}), canonical=False)
    device = KEYS["device-p256"]
    payload = enc(success)
    yield good("sign1", sign1(device, payload, "ESP256", attached=True, kid=device.thumbprint()),
               claims=1, signed=True, key="device-p256", tag=18)
    yield good("sign1-untagged", sign1(device, payload, "ESP256", attached=True, tag=None),
               claims=1, signed=True, key="device-p256", tag=18)
    mac = KEYS["shared-hmac"]
    yield good("mac0", sign1(mac, payload, "HMAC-256", attached=True, tag=17), claims=1,
               signed=True, key="shared-hmac", tag=17)
    untagged_mac = sign1(mac, payload, "HMAC-256", attached=True, tag=17)[1:]
    yield good("mac0-untagged", untagged_mac, claims=1, signed=True, key="shared-hmac", tag=17)

    def bad(name, data, status="invalid", stage="decode"):
        return f"bad-{name}", data, {"open": status if stage == "open" else "ok",
                                     "decode": status if stage == "decode" else None}

    yield bad("empty", b"", stage="open")
    yield bad("text", enc("report"), stage="open")
    yield bad("detached", sign1(device, payload, "ESP256"), stage="open")
    yield bad("encrypt0", enc(cbor2.CBORTag(16, [enc({1: 1}), {5: bytes(12)}, b"x"])),
              "unsupported", "open")
    yield bad("encrypted-inside", sign1(device, enc(cbor2.CBORTag(16, [enc({1: 1}), {}, b"x"])),
                                        "ESP256", attached=True), "unsupported", "open")
    yield bad("cose-sign", sign([(device, "ESP256", None)], payload, attached=True),
              "unsupported", "open")
    yield bad("trailing", enc(success) + b"\0")
    yield bad("truncated", enc(success)[:-1])
    yield bad("no-reference", enc({3: [], 4: True}))
    yield bad("no-records", enc({99: REFERENCE, 4: True}))
    yield bad("no-result", enc({99: REFERENCE, 3: []}))
    yield bad("result-false", enc({99: REFERENCE, 3: [], 4: False}))
    yield bad("result-without-reason", enc({99: REFERENCE, 3: [], 4: {5: 0}}))
    yield bad("reference-of-three", enc({99: REFERENCE + [1], 3: [], 4: True}))
    yield bad("digest-wrapped", enc({99: ["", enc(MANIFEST_DIGEST)], 3: [], 4: True}))
    yield bad("digest-short", enc({99: ["", [-16, bytes(31)]], 3: [], 4: True}))
    yield bad("digest-unknown", enc({99: ["", [2, bytes(32)]], 3: [], 4: True}), "unsupported")
    yield bad("record-of-four", enc({99: REFERENCE, 3: [RECORD[:4]], 4: True}))
    yield bad("record-of-six", enc({99: REFERENCE, 3: [RECORD + [0]], 4: True}))
    yield bad("record-text", enc({99: REFERENCE, 3: ["x"], 4: True}))
    yield bad("claim-without-component", enc({99: REFERENCE, 3: [{14: 1}], 4: True}))
    yield bad("claim-bad-component", enc({99: REFERENCE, 3: [{0: ["x"]}], 4: True}))
    yield bad("claim-bad-parameter", enc({99: REFERENCE, 3: [{0: SLOT, 14: "x"}], 4: True}))
    yield bad("negative-offset", enc({99: REFERENCE, 3: [[[], 20, -1, 0, {}]], 4: True}))
    yield bad("nonce-text", enc({99: REFERENCE, 2: "n", 3: [], 4: True}))
    yield bad("long-head", b"\xa3\x18\x03\x80\x04\xf5" + enc(99) + enc(REFERENCE))
    yield bad("indefinite", b"\xbf" + enc(success)[1:] + b"\xff")
    deep = {}
    for _ in range(30):
        deep = [deep]
    yield bad("deep-claims", enc({99: REFERENCE, 3: [{0: SLOT, 200: deep}] * 8, 4: True}))
    yield bad("many-records", enc({99: REFERENCE, 3: [[[], 20, 0, 0, {}]] * 1100, 4: True}),
              "too-large")
