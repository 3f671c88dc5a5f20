# SPDX-License-Identifier: Apache-2.0
"""Envelopes that a correct reader accepts, with what it must find in them."""
import hashlib
import uuid
from base64 import urlsafe_b64encode

import cbor2
from oracle import (DIRECT, HASHES, Key, Severed, component_text, enc, envelope, seq, sign,
                    sign1)

KEYS = {name: Key(name, kind) for name, kind in (
    ("author-p256", "P-256"), ("author-p384", "P-384"), ("author-p521", "P-521"),
    ("author-ed25519", "Ed25519"), ("operator-ed25519", "Ed25519"), ("device-p256", "P-256"),
    ("stranger-p256", "P-256"), ("shared-hmac", "HMAC"))}


def jwk(key):
    """The public half as a JSON Web Key."""
    values = [urlsafe_b64encode(c).decode().rstrip("=") for c in key.coordinates()]
    return {"kty": "OKP" if key.kind == "Ed25519" else "EC", "crv": key.kind,
            **dict(zip("xy", values))}


VENDOR = uuid.uuid5(uuid.NAMESPACE_DNS, "example.com")
SENSOR = uuid.uuid5(VENDOR, "sensor-1")
METER = uuid.uuid5(VENDOR, "meter-2")
DEVICE = uuid.uuid5(VENDOR, "serial 0001")
PEN_VENDOR = cbor2.CBORTag(112, bytes.fromhex("83da7a"))


def uuid5_of_bytes(namespace, name):
    """uuid.uuid5 takes text only before Python 3.12."""
    digest = hashlib.sha1(namespace.bytes + name).digest()
    return uuid.UUID(bytes=digest[:16], version=5)


# suit-manifest section 8.4.8.2: the vendor's UUID, derived from its private enterprise number.
PEN_NAMESPACE = uuid5_of_bytes(uuid.NAMESPACE_OID, bytes.fromhex("d86f452b06010401"))
PEN_VENDOR_ID = uuid5_of_bytes(PEN_NAMESPACE, cbor2.dumps(PEN_VENDOR))


APP = b"The application of the sensor. " * 40
APP_B = b"The application, linked for slot B. " * 36
BOOT = b"A boot loader. " * 16
RADIO = b"Firmware of the radio. " * 24

DIGEST_ALGS = {"sha256": -16, "sha384": -43, "sha512": -44, "shake128": -18, "shake256": -45}

SLOT = [b"\0"]
RP = 15  # reporting policy: everything


def by(key, alg, **more):
    """A block of an authentication wrapper: COSE_Sign1, or COSE_Mac0 with a secret."""
    tag = 17 if KEYS[key].kind == "HMAC" else 18
    return lambda digest: sign1(KEYS[key], digest, alg, **{"tag": tag, **more})


AUTHOR = by("author-p256", "ESP256")


def digest_of(image, alg=-16):
    """Parameter image-digest: a bstr-wrapped SUIT_Digest of the image itself."""
    return enc([alg, HASHES[alg](image)])


def image_params(image, uri=None, alg=-16):
    params = {3: digest_of(image, alg), 14: len(image)}
    if uri:
        params[21] = uri
    return params


def image(component, content, uri, alg="sha256"):
    """What a survey of the manifest finds."""
    digest = HASHES[DIGEST_ALGS[alg]](content).hex()
    return {"component": component_text(component), "digest": f"{alg}:{digest}",
            "size": len(content), "uri": uri}


IDENTITY = {1: VENDOR.bytes, 2: SENSOR.bytes}
CHECK_IDENTITY = (1, RP, 2, RP)


def common(components, *shared, dependencies=None):
    members = {2: components, 4: seq(*shared)}
    if dependencies:
        members[1] = dependencies
    return enc(members)


def simple(sequence_number=1, content=APP, uri="coap://firmware.example.com/app.bin", alg=-16):
    """One component, fetched and checked."""
    return {1: 1, 2: sequence_number,
            3: common([SLOT], 20, {**IDENTITY, **image_params(content, alg=alg)}, *CHECK_IDENTITY),
            7: seq(3, RP), 9: seq(23, 2),
            20: seq(20, {21: uri}, 21, 2, 3, RP)}


SIMPLE_IMAGES = [image(SLOT, APP, "coap://firmware.example.com/app.bin")]
TEXT = enc({
    "en": {1: "A sensor's application", 2: "Fixes the clock",
           (b"\0",): {1: "Example Ltd", 2: "Sensor 1", 3: "example.com", 6: "1.4.0"}},
    "de-AT": {1: "Das Programm eines Fühlers", 2: "Stellt die Uhr richtig",
              (b"\0",): {1: "Beispiel GmbH", 2: "Fühler 1", 3: "example.com", 6: "1.4.0"}}})
COSWID = enc({0: uuid.uuid5(VENDOR, "swid").bytes, 1: "sensor-1 application",
              2: {31: "Example Ltd", 33: [1, 2]}, 12: 0, 13: "1.4.0"})


def algorithms():
    """One envelope for each algorithm and structure."""
    for name, key, alg in (
            ("es256", "author-p256", "ES256"), ("esp256", "author-p256", "ESP256"),
            ("es384", "author-p384", "ES384"), ("esp384", "author-p384", "ESP384"),
            ("es512", "author-p521", "ES512"), ("esp512", "author-p521", "ESP512"),
            ("eddsa", "author-ed25519", "EdDSA"), ("ed25519", "author-ed25519", "Ed25519"),
            ("mac0-hmac256", "shared-hmac", "HMAC-256")):
        yield name, envelope(simple(), [by(key, alg)]), dict(images=SIMPLE_IMAGES, signers=[[key]])
    yield ("mac-direct", envelope(simple(), [by("shared-hmac", "HMAC-256", tag=97,
                                                recipients=DIRECT)]),
           dict(images=SIMPLE_IMAGES, signers=[["shared-hmac"]]))
    yield ("sign-two-signers",
           envelope(simple(), [lambda d: sign([(KEYS["author-p256"], "ES256", b"author"),
                                               (KEYS["operator-ed25519"], "EdDSA", None)], d)]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256", "operator-ed25519"]]))
    yield ("sign-body-protected",
           envelope(simple(), [lambda d: sign([(KEYS["author-p384"], "ESP384", None)], d,
                                              body_protected=enc({3: 60}))]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p384"]]))
    yield ("two-blocks", envelope(simple(), [by("author-p256", "ESP256"),
                                             by("operator-ed25519", "Ed25519")]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"], ["operator-ed25519"]]))
    yield ("signature-and-mac", envelope(simple(), [by("author-p256", "ESP256"),
                                                    by("shared-hmac", "HMAC-256")]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"], ["shared-hmac"]]))
    yield ("with-hss-lms", envelope(simple(), [
        lambda d: cbor2.dumps(cbor2.CBORTag(18, [enc({1: -46}), {}, None, bytes(100)])), AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[[None], ["author-p256"]],
                note="the first block's algorithm is known but not supported"))
    yield ("with-unknown-alg", envelope(simple(), [
        lambda d: cbor2.dumps(cbor2.CBORTag(18, [enc({1: -999}), {}, None, bytes(64)])), AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[[None], ["author-p256"]]))
    yield ("kid", envelope(simple(), [by("author-p256", "ESP256",
                                         kid=KEYS["author-p256"].thumbprint())]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]]))
    yield ("unsigned", envelope(simple()), dict(images=SIMPLE_IMAGES, signers=[]))
    yield ("untagged", envelope(simple(), [AUTHOR], tag=None),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]], needs="allow_untagged"))
    for name, alg in list(DIGEST_ALGS.items())[1:]:
        yield (f"digest-{name}", envelope(simple(alg=alg), [AUTHOR], digest_alg=alg),
               dict(images=[image(SLOT, APP, "coap://firmware.example.com/app.bin", name)],
                    signers=[["author-p256"]]))


def members():
    """Severed and integrated members, text, dependencies, identity."""
    severable = {**simple(2), 4: "https://firmware.example.com/full.suit"}
    fetch = seq(20, {21: "coap://firmware.example.com/app.bin"}, 21, 2, 3, RP)
    install = seq(3, RP)
    for name, hidden in (("severed-present", False), ("severed-absent", True)):
        parts = {**severable, 14: Severed(COSWID, hidden), 16: Severed(fetch, hidden),
                 20: Severed(install, hidden), 23: Severed(TEXT, hidden)}
        yield (name, envelope(parts, [AUTHOR]),
               dict(images=[image(SLOT, APP, None)] if hidden else SIMPLE_IMAGES, signers=[["author-p256"]]))
    parts = {**severable, 16: Severed(fetch), 20: install, 23: Severed(TEXT, True)}
    yield ("severed-mixed", envelope(parts, [AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]]))
    yield ("severed-sha384", envelope({**parts, 23: Severed(TEXT)}, [AUTHOR], digest_alg=-43),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]]))
    yield ("text-inline", envelope({**simple(3), 23: TEXT}, [AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]]))
    yield ("integrated", envelope(simple(4, uri="#app"), [AUTHOR], integrated={"#app": APP}),
           dict(images=[image(SLOT, APP, "#app")], signers=[["author-p256"]]))
    yield ("integrated-by-uri", envelope(simple(4), [AUTHOR], integrated={
        "coap://firmware.example.com/app.bin": APP}),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]]))
    yield ("largest-sequence-number", envelope(simple(2 ** 64 - 1), [AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]]))
    yield ("manifest-component-id",
           envelope({**simple(5), 5: [b"sensor", b"app"], 6: enc([1, 4, 0])}, [AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]]))
    yield ("prerelease-version", envelope({**simple(5), 6: enc([1, 4, -1, 2])}, [AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]]))
    yield ("vendor-pen", envelope({
        **simple(6), 3: common([SLOT], 20, {1: PEN_VENDOR, 2: SENSOR.bytes, **image_params(APP)},
                               *CHECK_IDENTITY)}, [AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]], vendor_ids=[str(PEN_VENDOR_ID)]))
    yield ("no-identity", envelope({
        **simple(7), 3: common([SLOT], 20, image_params(APP))}, [AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]], vendor_ids=[], class_ids=[]))
    yield ("device-identity", envelope({
        **simple(8), 3: common([SLOT], 20, {**IDENTITY, **image_params(APP), 24: DEVICE.bytes},
                               *CHECK_IDENTITY, 24, RP)}, [AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]], device_ids=[str(DEVICE)]))
    yield ("two-classes", envelope({
        **simple(9), 3: common([SLOT], 20, {1: VENDOR.bytes, **image_params(APP)}, 1, RP,
                               15, [seq(20, {2: SENSOR.bytes}, 2, RP),
                                    seq(20, {2: METER.bytes}, 2, RP)])}, [AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]],
                class_ids=[str(SENSOR), str(METER)]))


def components():
    """Several components, slots, dependencies."""
    app, radio = [b"app"], [b"radio", b"\1\2"]
    two = {1: 1, 2: 10,
           3: common([app, radio], 12, True, 20, IDENTITY, *CHECK_IDENTITY,
                     12, 0, 20, image_params(APP), 12, 1, 20, image_params(RADIO)),
           7: seq(12, True, 3, RP), 9: seq(12, 0, 23, 2),
           16: seq(12, 0, 20, {21: "#app"}, 21, 2, 3, RP,
                   12, 1, 20, {21: "http://firmware.example.com/radio.bin"}, 21, 2, 3, RP),
           20: seq(12, [0, 1], 3, RP)}
    two_images = [image(app, APP, "#app"),
                  image(radio, RADIO, "http://firmware.example.com/radio.bin")]
    yield ("two-components", envelope(two, [AUTHOR], integrated={"#app": APP}),
           dict(images=two_images, signers=[["author-p256"]]))

    def slots(component, index):
        choices = ((0, APP, "http://firmware.example.com/a.bin"),
                   (1, APP_B, "http://firmware.example.com/b.bin"))
        return [15, [seq(12, index, 20, {5: slot}, 5, RP, 20, image_params(content, uri))
                     for slot, content, uri in choices]], \
            [image(component, content, uri) for _, content, uri in choices]

    try_app, app_images = slots(app, 0)
    yield ("slots-a-b", envelope({
        1: 1, 2: 11, 3: common([app], 20, IDENTITY, *CHECK_IDENTITY), 7: seq(3, RP),
        20: seq(15, [seq(20, {5: slot}, 5, RP, 20, image_params(content, uri))
                     for slot, content, uri in (
                         (0, APP, "http://firmware.example.com/a.bin"),
                         (1, APP_B, "http://firmware.example.com/b.bin"))],
                21, 2, 3, RP)}, [AUTHOR]),
           dict(images=app_images, signers=[["author-p256"]]))
    try_radio, radio_images = slots(radio, 1)
    yield ("slots-a-b-two-components", envelope({
        1: 1, 2: 12, 3: common([app, radio], 12, True, 20, IDENTITY, *CHECK_IDENTITY),
        7: seq(12, True, 3, RP),
        20: seq(12, 0, *try_app, 12, 0, 21, 2, 3, RP, 12, 1, *try_radio, 12, 1, 21, 2, 3, RP)},
        [AUTHOR]), dict(images=app_images + radio_images, signers=[["author-p256"]]))
    yield ("copy-swap-unlink", envelope({
        1: 1, 2: 13, 3: common([app, [b"staging"]], 12, True, 20, IDENTITY, *CHECK_IDENTITY,
                               12, 1, 20, image_params(APP)),
        7: seq(12, 0, 20, image_params(APP), 3, RP),
        16: seq(12, 1, 20, {21: "#app"}, 21, 2, 3, RP),
        20: seq(12, 0, 20, {22: 1}, 31, 2, 12, 1, 33, 0), 24: seq(12, 0, 33, 0)}, [AUTHOR],
        integrated={"#app": APP}),
           dict(images=[image([b"staging"], APP, "#app"), image(app, APP, None)],
                signers=[["author-p256"]]))
    inner = envelope(simple(1, BOOT, "http://firmware.example.com/boot.bin"), [AUTHOR])
    inner_digest = cbor2.loads(cbor2.loads(cbor2.loads(inner).value[2])[0])
    for name, uri, integrated in (
            ("dependency", "http://firmware.example.com/boot.suit", {}),
            ("dependency-integrated", "#boot.suit", {"#boot.suit": inner})):
        parts = {1: 1, 2: 14, 5: [b"system"],
                 3: common([app], 12, 0, 20, {**IDENTITY, **image_params(APP)}, *CHECK_IDENTITY,
                           dependencies={1: {1: [b"boot.suit"]}}),
                 7: seq(12, 1, 7, RP, 11, 0, 12, 0, 3, RP),
                 15: seq(12, 1, 20, {3: enc(inner_digest), 14: len(inner), 21: uri},
                         21, 2, 7, RP),
                 20: seq(12, 1, 8, RP, 11, 0, 12, 0, 20, {21: "http://firmware.example.com/a.bin"},
                         21, 2, 3, RP)}
        dependency = {"component": None, "digest": "sha256:" + inner_digest[1].hex(),
                      "size": len(inner), "uri": uri, "is_dependency": True}
        yield (name, envelope(parts, [AUTHOR], integrated=integrated),
               dict(images=[dependency, image(app, APP, "http://firmware.example.com/a.bin")],
                    signers=[["author-p256"]]))


def management():
    """suit-update-management and suit-firmware-encryption."""
    wait = enc({1: -3, 2: 1, 3: 2, 5: 1800000000, 6: 7200, 7: 0, 8: 3600, 9: 6})
    metadata = enc({1: 0o7, 5: 1, 6: cbor2.CBORTag(1, 1700000000)})
    install = seq(20, {4: 1800000000, 21: "coap://firmware.example.com/app.bin", 26: 500, 27: -10,
                       28: enc([2, [1, 2, 0]]), 29: wait, 30: metadata},
                  4, RP, 26, RP, 27, RP, 28, RP, 25, RP, 29, 0, 21, 2, 3, RP)
    yield ("update-management", envelope({**simple(20), 6: enc([1, 4, 0]), 20: install}, [AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]], update_priority=-10,
                use_before=1800000000, minimum_battery=500))
    fetch = seq(21, 2, 3, RP)
    nested = seq(20, {27: 4, 4: 1900000000}, 27, RP)
    branches = {**simple(21),
                16: Severed(seq(20, {27: -2}, 20, {21: "coap://firmware.example.com/app.bin"})),
                20: seq(15, [seq(20, {27: 7, 26: 10}, 32, nested), seq(20, {27: -5, 26: 90})],
                        32, fetch)}
    yield ("priority-in-branches", envelope(branches, [AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]], update_priority=-5,
                use_before=1900000000, minimum_battery=90))
    yield ("priority-zero", envelope({
        **simple(22), 20: seq(20, {21: "coap://firmware.example.com/app.bin", 27: 0},
                              27, RP, 21, 2, 3, RP)}, [AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]], update_priority=0))
    everything_to_wait_for = enc({
        1: 5, 2: -1, 3: 0, 4: [b"the other device", [[2, [1, 2]], [5, [2, 0, -1, 1]]]],
        5: 1900000001, 6: 86399, 7: 6, 8: 0, 9: 0})
    every_metadata = enc({
        1: 0o17777, 2: {"root": 7, b"\1": 0}, 3: {cbor2.CBORTag(37, VENDOR.bytes): 5, 1000: 4},
        4: {"operator": 1}, 5: 3, 6: cbor2.CBORTag(1, 1700000000), 7: cbor2.CBORTag(1, 0),
        8: cbor2.CBORTag(37, DEVICE.bytes)})
    yield ("wait-and-metadata", envelope({
        **simple(30), 20: seq(20, {21: "coap://firmware.example.com/app.bin",
                                   29: everything_to_wait_for, 30: every_metadata},
                              29, 0, 21, 2, 3, RP)}, [AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]], update_priority=5))
    app, radio = [b"app"], [b"radio"]
    yield ("override-multiple", envelope({
        1: 1, 2: 23, 3: common([app, radio], 12, True, 20, IDENTITY, *CHECK_IDENTITY),
        7: seq(12, True, 3, RP),
        20: seq(12, 0, 34, {0: image_params(APP, "#app"), 1: image_params(RADIO, "#radio")},
                12, True, 21, 2, 3, RP)}, [AUTHOR],
        integrated={"#app": APP, "#radio": RADIO}),
           dict(images=[image(app, APP, "#app"), image(radio, RADIO, "#radio")],
                signers=[["author-p256"]]))
    yield ("copy-params", envelope({
        1: 1, 2: 24, 3: common([app, radio], 12, True, 20, IDENTITY, *CHECK_IDENTITY),
        7: seq(12, True, 3, RP),
        20: seq(12, 0, 20, {**image_params(APP, "#app"), 4: 1700000000, 27: -1}, 12, 1,
                35, {0: [3, 4, 14, 21, 27]}, 12, True, 27, RP, 21, 2, 3, RP)}, [AUTHOR],
        integrated={"#app": APP}),
           dict(images=[image(app, APP, "#app"), image(radio, APP, "#app")], update_priority=-1,
                use_before=1700000000, signers=[["author-p256"]]))
    info = enc(cbor2.CBORTag(96, [enc({1: 1}), {5: bytes(12)}, None,
                                  [[b"", {1: -3, 4: b"kid-1"}, bytes(24)]]]))
    cipher = bytes(range(200))
    yield ("encrypted", envelope({
        **simple(25), 3: common([SLOT, [b"staging"]], 12, True, 20, IDENTITY, *CHECK_IDENTITY),
        7: seq(12, 0, 20, image_params(APP), 3, RP),
        16: seq(12, 1, 20, {21: "http://firmware.example.com/app.enc", 3: digest_of(cipher),
                            14: len(cipher)}, 21, 2, 3, RP),
        9: seq(12, 0, 23, 2),
        20: seq(12, 0, 20, {**image_params(APP), 19: info, 22: 1}, 22, 2, 3, RP)}, [AUTHOR]),
           dict(images=None, signers=[["author-p256"]]))
    ephemeral = {1: 2, -1: 1, -2: bytes(32), -3: bytes(32)}
    ecdh = enc(cbor2.CBORTag(96, [b"", {1: -65534, 5: bytes(16)}, None,
                                  [[enc({1: -29}), {-1: ephemeral, 4: b"kid-2"}, bytes(24)],
                                   [enc({1: -29}), {-1: ephemeral}, bytes(24)]]]))
    yield ("encrypted-for-two", envelope({
        **simple(25), 3: common([SLOT], 20, IDENTITY, *CHECK_IDENTITY),
        7: seq(20, image_params(APP), 3, RP),
        20: seq(20, {**image_params(APP), 18: cipher, 19: ecdh}, 18, 2, 3, RP)}, [AUTHOR]),
           dict(images=None, signers=[["author-p256"]]))
    yield ("write-content", envelope({
        **simple(26), 3: common([SLOT], 20, IDENTITY, *CHECK_IDENTITY),
        7: seq(20, image_params(b"hello"), 3, RP),
        20: seq(20, {18: b"hello", **image_params(b"hello")}, 18, 2, 3, RP, 6, RP)}, [AUTHOR]),
           dict(images=None, signers=[["author-p256"]]))
    yield ("custom-command", envelope({
        **simple(27), 20: seq(20, {21: "coap://firmware.example.com/app.bin", -300: b"custom"},
                              -300, "argument", 21, 2, 3, RP)}, [AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]]))
    yield ("try-each-nil", envelope({
        **simple(28), 20: seq(15, [seq(20, {21: "coap://firmware.example.com/app.bin"}, 25, RP,
                                       21, 2, 3, RP), None])}, [AUTHOR]),
           dict(images=SIMPLE_IMAGES, signers=[["author-p256"]]))
    yield ("nested-branches", envelope({
        **simple(29), 20: seq(15, [
            seq(15, [seq(20, {5: 0}, 5, RP, 20, {21: "#a"}), seq(20, {5: 1}, 5, RP, 20, {21: "#b"})]),
            seq(32, seq(20, {21: "#c"}))], 21, 2, 3, RP)}, [AUTHOR],
        integrated={"#a": APP, "#b": APP, "#c": APP}),
           dict(images=[image(SLOT, APP, uri) for uri in ("#a", "#b", "#c")],
                signers=[["author-p256"]]))


def everything():
    for group in (algorithms, members, components, management):
        for name, data, expected in group():
            expected.setdefault("vendor_ids", [str(VENDOR)])
            expected.setdefault("class_ids", [str(SENSOR)])
            expected.setdefault("device_ids", [])
            for absent in ("update_priority", "use_before", "minimum_battery"):
                expected.setdefault(absent, None)
            yield name, data, expected
