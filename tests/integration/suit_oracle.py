# SPDX-License-Identifier: Apache-2.0
"""SUIT envelopes and reports made with cbor2 and cryptography alone, so that tests do not judge
suitd's decoder by suitd's own encoder. Numbers are those of draft-ietf-suit-manifest-37."""

import hashlib
import uuid

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ENVELOPE_TAG = 107
SHA256 = -16
ESP256, ED25519 = -9, -19
AUTHENTICATION, MANIFEST = 2, 3
VALIDATE, INVOKE, PAYLOAD_FETCH, INSTALL, TEXT = 7, 9, 16, 20, 23
VENDOR_ID, CLASS_ID, IMAGE_DIGEST, USE_BEFORE, IMAGE_SIZE, URI = 1, 2, 3, 4, 14, 21
CONDITION_VENDOR, CONDITION_CLASS, CONDITION_IMAGE_MATCH, CONDITION_USE_BEFORE = 1, 2, 3, 4
SET_COMPONENT_INDEX, OVERRIDE_PARAMETERS, FETCH = 12, 20, 21

VENDOR = uuid.uuid5(uuid.NAMESPACE_DNS, "suitd.example")
CLASS = uuid.uuid5(VENDOR, "lamp")


def encode(value):
    return cbor2.dumps(value, canonical=True)


def bstr(value):
    """The content of a `bstr .cbor value`."""
    return encode(value)


def suit_digest(data):
    return [SHA256, hashlib.sha256(data).digest()]


def digest_text(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Key:
    """A signing key; kind "p256" or "ed25519"."""

    def __init__(self, kind="p256"):
        self.kind = kind
        self.private = (
            ec.generate_private_key(ec.SECP256R1())
            if kind == "p256"
            else ed25519.Ed25519PrivateKey.generate()
        )

    @property
    def alg(self):
        return ESP256 if self.kind == "p256" else ED25519

    def public_pem(self):
        return (
            self.private.public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode()
        )

    def private_pem(self):
        return self.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    def sign(self, message):
        if self.kind != "p256":
            return self.private.sign(message)
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def cose_sign1(key, payload, detached=True):
    protected = encode({1: key.alg})
    signature = key.sign(encode(["Signature1", protected, b"", payload]))
    return encode(
        cbor2.CBORTag(18, [protected, {}, None if detached else payload, signature])
    )


def sequence(*pairs):
    """(code, argument) pairs as one flat array."""
    return [item for pair in pairs for item in pair]


def envelope(manifest, keys=(), members=None):
    """manifest: a map, or its encoding. members: what stands beside it in the envelope."""
    content = manifest if isinstance(manifest, bytes) else encode(manifest)
    digest = encode(suit_digest(encode(content)))
    wrapper = encode([digest, *[cose_sign1(key, digest) for key in keys]])
    return encode(
        cbor2.CBORTag(ENVELOPE_TAG, {AUTHENTICATION: wrapper, MANIFEST: content, **(members or {})})
    )


def manifest_digest(envelope_bytes):
    """The name of the release that this envelope becomes: over the manifest's whole byte string."""
    decoded = cbor2.loads(envelope_bytes)
    decoded = decoded.value if isinstance(decoded, cbor2.CBORTag) else decoded
    return digest_text(encode(decoded[MANIFEST]))


def reference(envelope_bytes):
    """The SUIT_Digest by which a report names the manifest."""
    decoded = cbor2.loads(envelope_bytes)
    return cbor2.loads(cbor2.loads(decoded.value[AUTHENTICATION])[0])


class Image:
    def __init__(self, content, uri="/fw/app.bin", component=(b"\x00",)):
        self.content = content
        self.uri = uri
        self.component = list(component)

    @property
    def digest(self):
        return digest_text(self.content)


def update_manifest(
    sequence_number,
    images,
    vendor=VENDOR,
    klass=CLASS,
    check_target=True,
    parameters=None,
    conditions=(),
    extra=None,
):
    """A manifest that fetches each image into its component and verifies it.

    parameters, conditions: more of them for the shared sequence; extra: more members of the manifest.
    """
    images = list(images)
    several = len(images) > 1
    shared, install, validate = [], [], []
    for index, image in enumerate(images):
        select = [(SET_COMPONENT_INDEX, index)] if several else []
        told = {
            VENDOR_ID: vendor.bytes,
            CLASS_ID: klass.bytes,
            IMAGE_DIGEST: bstr(suit_digest(image.content)),
            IMAGE_SIZE: len(image.content),
            **(parameters or {}),
        }
        shared += [*select, (OVERRIDE_PARAMETERS, told)]
        if check_target:
            shared += [(CONDITION_VENDOR, 15), (CONDITION_CLASS, 15)]
        shared += [(condition, 15) for condition in conditions]
        install += [
            *select,
            (OVERRIDE_PARAMETERS, {URI: image.uri}),
            (FETCH, 2),
            (CONDITION_IMAGE_MATCH, 15),
        ]
        validate += [*select, (CONDITION_IMAGE_MATCH, 15)]
    common = {2: [image.component for image in images], 4: bstr(sequence(*shared))}
    return {
        1: 1,
        2: sequence_number,
        3: bstr(common),
        VALIDATE: bstr(sequence(*validate)),
        INSTALL: bstr(sequence(*install)),
        **(extra or {}),
    }


def update(key, sequence_number, images, **options):
    """A signed envelope over update_manifest()."""
    return envelope(update_manifest(sequence_number, images, **options), [key])


def report(envelope_bytes, success=True, uri="", reason=10, key=None, nonce=None):
    """A SUIT_Report (draft-ietf-suit-report); bare, or in COSE_Sign1 when key is given."""
    body = {99: [uri, reference(envelope_bytes)], 3: [], 4: True}
    if not success:
        body[4] = {5: 0, 6: [[], INSTALL, 0, 0, {}], 7: reason}
    if nonce is not None:
        body[2] = nonce
    payload = encode(body)
    return cose_sign1(key, payload, detached=False) if key else payload


def installed(image=None, sequence_number=None, component=(b"\x00",), version=None):
    """An entry of characteristics' components (api/device.cddl)."""
    entry = {1: list(component)}
    if image is not None:
        entry = {1: image.component, 2: suit_digest(image.content), 5: len(image.content)}
    if sequence_number is not None:
        entry[3] = sequence_number
    if version is not None:
        entry[4] = list(version)
    return entry


def characteristics(components=(), vendor=VENDOR, klass=CLASS, **more):
    """more: serial=, battery_mwh=, free_memory_bytes=, site= and so on."""
    keys = {
        "device_id": 3,
        "serial": 4,
        "manufacturer": 5,
        "model": 6,
        "hardware_version": 7,
        "site": 8,
        "battery_mwh": 9,
        "free_memory_bytes": 10,
        "profile": 12,
    }
    told = {1: [vendor.bytes], 2: [klass.bytes], 11: list(components)}
    told.update({keys[name]: value for name, value in more.items()})
    return told


def registration(components=(), lifetime=None, severed=None, **more):
    """The CBOR body of POST /rd."""
    body = {3: characteristics(components, **more)}
    if lifetime is not None:
        body[1] = lifetime
    if severed is not None:
        body[2] = 1 if severed else 0
    return encode(body)


STATES = {
    "deferred": 2,
    "accepted": 3,
    "downloading": 4,
    "downloaded": 5,
    "installing": 6,
    "rebooting": 7,
    "failed": 9,
    "rejected": 10,
}


def status(
    state=None, progress=None, reason=None, components=None, deployment=None, release=None, **more
):
    """The CBOR body of POST /suit/status; more: of the characteristics, as klass=."""
    body = {}
    if components is not None:
        body[3] = characteristics(components, **more)
    if deployment is not None:
        body[4] = uuid.UUID(deployment).bytes
    if release is not None:
        body[5] = reference(release)
    if state is not None:
        body[6] = STATES[state]
    if progress is not None:
        body[7] = progress
    if reason is not None:
        body[8] = reason
    return encode(body)
