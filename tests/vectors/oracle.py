# SPDX-License-Identifier: Apache-2.0
"""An encoder and decoder of SUIT envelopes that shares no code with suitd: cbor2 and cryptography.

Everything is deterministic, signatures included (RFC 6979), so that the vectors can be made again
and compared.
"""
import hashlib
import hmac as hmac_module
import textwrap

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

# --- keys ---------------------------------------------------------------------------------------

CURVES = {
    "P-256": (ec.SECP256R1(), 1, 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
              "sha256"),
    "P-384": (ec.SECP384R1(), 2,
              (1 << 384) - 0x389cb27e0bc8d220a7e5f24db74f58851313e695333ad68d,
              "sha384"),
    "P-521": (ec.SECP521R1(), 3,
              (1 << 521) - 0x5ae79787c40d069948033feb708f65a2fc44a36477663b851449048e16ec79bf7,
              "sha512"),
}
ALGS = {"HMAC-256": 5, "ES256": -7, "EdDSA": -8, "ESP256": -9, "Ed25519": -19, "ES384": -35,
        "ES512": -36, "HSS-LMS": -46, "ESP384": -51, "ESP512": -52}


class Key:
    """A key that anybody can make again from its name: for tests only."""

    def __init__(self, name, kind):
        self.name, self.kind = name, kind
        seed = hashlib.sha512(("suitd test key " + name).encode()).digest()
        if kind == "HMAC":
            self.secret = seed[:32]
        elif kind == "Ed25519":
            self.private = ed25519.Ed25519PrivateKey.from_private_bytes(seed[:32])
        else:
            curve, _, order, _ = CURVES[kind]
            self.scalar = int.from_bytes(seed + seed[:8], "big") % (order - 1) + 1
            self.private = ec.derive_private_key(self.scalar, curve)

    def private_pem(self):
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()).decode()

    def _public(self, encoding, form):
        return self.private.public_key().public_bytes(encoding, form)

    def public_pem(self):
        return self._public(serialization.Encoding.PEM,
                            serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    def spki(self):
        return self._public(serialization.Encoding.DER,
                            serialization.PublicFormat.SubjectPublicKeyInfo)

    def coordinates(self):
        if self.kind == "Ed25519":
            return [self._public(serialization.Encoding.Raw, serialization.PublicFormat.Raw)]
        size = (CURVES[self.kind][0].key_size + 7) // 8
        numbers = self.private.public_key().public_numbers()
        return [n.to_bytes(size, "big") for n in (numbers.x, numbers.y)]

    def thumbprint(self):
        """RFC 9679: SHA-256 of the deterministic COSE_Key with its required members only."""
        cose_key = {1: 1, -1: 6} if self.kind == "Ed25519" else {1: 2, -1: CURVES[self.kind][1]}
        for label, value in zip((-2, -3), self.coordinates()):
            cose_key[label] = value
        return hashlib.sha256(enc(cose_key)).digest()

    def sign(self, message):
        if self.kind == "HMAC":
            return hmac_module.new(self.secret, message, hashlib.sha256).digest()
        if self.kind == "Ed25519":
            return self.private.sign(message)
        return ecdsa_sign(self.kind, self.scalar, message)


def ecdsa_sign(kind, scalar, message):
    """ECDSA with the nonce of RFC 6979; returns r || s."""
    curve, _, order, hash_name = CURVES[kind]
    size, bits = (order.bit_length() + 7) // 8, order.bit_length()
    digest = hashlib.new(hash_name, message).digest()

    def bits2int(data):
        value = int.from_bytes(data, "big")
        return value >> (len(data) * 8 - bits) if len(data) * 8 > bits else value

    def mac(key, data):
        return hmac_module.new(key, data, hash_name).digest()

    z = bits2int(digest)
    seed = scalar.to_bytes(size, "big") + (z % order).to_bytes(size, "big")
    v, k = b"\1" * len(digest), b"\0" * len(digest)
    for marker in (b"\0", b"\1"):
        k = mac(k, v + marker + seed)
        v = mac(k, v)
    while True:
        t = b""
        while len(t) < size:
            v = mac(k, v)
            t += v
        nonce = bits2int(t[:size])
        if 0 < nonce < order:
            r = ec.derive_private_key(nonce, curve).public_key().public_numbers().x % order
            s = pow(nonce, -1, order) * (z + r * scalar) % order
            if r and s:
                return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        k = mac(k, v + b"\0")
        v = mac(k, v)


# --- CBOR ---------------------------------------------------------------------------------------

def order(value):
    """The same value with every map sorted bytewise by encoded key (RFC 8949 section 4.2.1)."""
    if isinstance(value, dict):
        return {k: order(v) for k, v in sorted(value.items(), key=lambda kv: cbor2.dumps(kv[0]))}
    if isinstance(value, (list, tuple)):
        return type(value)(order(v) for v in value)
    if isinstance(value, cbor2.CBORTag):
        return cbor2.CBORTag(value.tag, order(value.value))
    return value


def enc(value):
    return cbor2.dumps(order(value))


HASHES = {
    -16: lambda data: hashlib.sha256(data).digest(),
    -18: lambda data: hashlib.shake_128(data).digest(32),
    -43: lambda data: hashlib.sha384(data).digest(),
    -44: lambda data: hashlib.sha512(data).digest(),
    -45: lambda data: hashlib.shake_256(data).digest(64),
}


def digest_of_bstr(content, alg=-16):
    """SUIT_Digest over a byte string with its head."""
    return [alg, HASHES[alg](cbor2.dumps(content))]


# --- COSE ---------------------------------------------------------------------------------------

def sign1(key, payload, alg, kid=None, attached=False, tag=18, protected=None, unprotected=None,
          external_aad=b"", recipients=None):
    """COSE_Sign1 (18), COSE_Mac0 (17) or COSE_Mac (97)."""
    context = {17: "MAC0", 18: "Signature1", 97: "MAC"}[tag or 18]
    if protected is None:
        protected = enc({1: ALGS.get(alg, alg)})
    if unprotected is None:
        unprotected = {4: kid} if kid else {}
    signed_header = b"" if protected == b"\xa0" else protected
    message = cbor2.dumps([context, signed_header, external_aad, payload])
    body = [protected, order(unprotected), payload if attached else None, key.sign(message)]
    if recipients is not None:
        body.append(recipients)
    return cbor2.dumps(cbor2.CBORTag(tag, body) if tag else body)


DIRECT = [[b"", {1: -6}, b""]]


def sign(signers, payload, body_protected=b"", attached=False):
    """COSE_Sign (98); signers: (key, alg, kid or None)."""
    blocks = []
    for key, alg, kid in signers:
        protected = enc({1: ALGS.get(alg, alg)})
        message = cbor2.dumps(["Signature", body_protected, protected, b"", payload])
        blocks.append([protected, {4: kid} if kid else {}, key.sign(message)])
    return cbor2.dumps(cbor2.CBORTag(98, [body_protected, {}, payload if attached else None,
                                          blocks]))


# --- envelopes ----------------------------------------------------------------------------------

class Severed:
    """A manifest member that travels in the envelope; hidden: not even there."""

    def __init__(self, content, hidden=False):
        self.content, self.hidden = content, hidden


def seq(*items):
    """A command sequence: the content of its byte string."""
    return enc(list(items))


def manifest_bytes(members, digest_alg=-16):
    return enc({key: digest_of_bstr(value.content, digest_alg) if isinstance(value, Severed)
                else value for key, value in members.items()})


def envelope(members, blocks=(), digest_alg=-16, integrated=None, tag=107, extra=None):
    """blocks: functions of the encoded SUIT_Digest that give one encoded COSE message each."""
    content = manifest_bytes(members, digest_alg)
    digest = enc(digest_of_bstr(content, digest_alg))
    wrapper = enc([digest] + [block(digest) for block in blocks])
    body = {2: wrapper, 3: content}
    for key, value in members.items():
        if isinstance(value, Severed) and not value.hidden:
            body[key] = value.content
    body.update(integrated or {})
    body.update(extra or {})
    return enc(cbor2.CBORTag(tag, body) if tag else body)


# --- decoding, for the index --------------------------------------------------------------------

SECTIONS = {7: "validate", 8: "load", 9: "invoke", 15: "dependency-resolution",
            16: "payload-fetch", 18: "candidate-verification", 20: "install", 24: "uninstall"}
MEMBERS = {**SECTIONS, 14: "coswid", 23: "text"}
COMMANDS = {
    1: "cond vendor-id", 2: "cond class-id", 3: "cond image-match", 4: "cond use-before",
    5: "cond component-slot", 6: "cond check-content", 7: "cond dependency-integrity",
    8: "cond is-dependency", 11: "dir process-dependency", 12: "dir set-component-index",
    14: "cond abort", 15: "dir try-each", 18: "dir write", 19: "dir set-parameters",
    20: "dir override-parameters", 21: "dir fetch", 22: "dir copy", 23: "dir invoke",
    24: "cond device-id", 25: "cond image-not-match", 26: "cond minimum-battery",
    27: "cond update-authorized", 28: "cond version", 29: "dir wait", 31: "dir swap",
    32: "dir run-sequence", 33: "dir unlink", 34: "dir override-multiple", 35: "dir copy-params"}


def component_text(segments):
    """CBOR diagnostic notation, printable ASCII without quote or backslash as text."""
    def one(segment):
        plain = segment and all(0x20 <= b < 0x7f and b not in b"'\\" for b in segment)
        return f"'{segment.decode()}'" if plain else f"h'{segment.hex()}'"
    return "[" + ", ".join(one(s) for s in segments) + "]"


def commands(section, content):
    """Every command with its offset from the start of the sequence's array."""
    items = cbor2.loads(content)
    offset = len(cbor2.dumps(items)) - sum(len(cbor2.dumps(order(i))) for i in items)
    found = []
    for code, arg in zip(items[::2], items[1::2]):
        found.append({"section": section, "offset": offset, "code": code,
                      "cmd": COMMANDS.get(code, "custom")})
        offset += len(cbor2.dumps(code)) + len(cbor2.dumps(arg))
        if code == 15:
            for n, branch in enumerate(a for a in arg if a is not None):
                found += commands(f"{section}/try[{n}]", branch)
        elif code == 32:
            found += commands(f"{section}/run", arg)
    return found


def describe_block(block):
    item = cbor2.loads(block)
    layers = [[b] for b in item.value[3]] if item.tag == 98 else [[item.value]]
    return {"tag": item.tag, "payload": "nil" if item.value[2] is None else "attached",
            "algs": [cbor2.loads(layer[0][0])[1] if layer[0][0] else None for layer in layers],
            "kids": [layer[0][1][4].hex() if 4 in layer[0][1] else None for layer in layers]}


def describe(data):
    """What a correct reader finds in a good envelope."""
    item = cbor2.loads(data)
    body = item.value if isinstance(item, cbor2.CBORTag) else item
    wrapper = cbor2.loads(body[2])
    alg, digest = cbor2.loads(wrapper[0])
    assert digest_of_bstr(body[3], alg)[1] == digest
    manifest = cbor2.loads(body[3])
    common = cbor2.loads(manifest[3])
    out = {
        "bytes": len(data), "tag": item.tag if isinstance(item, cbor2.CBORTag) else None,
        "envelope_keys": list(body), "manifest_len": len(body[3]),
        "manifest_keys": list(manifest), "version": manifest[1],
        # Text, because JSON readers differ beyond 2^53.
        "sequence_number": str(manifest[2]),
        "auth": {"digest_alg": alg, "digest": digest.hex(),
                 "blocks": [describe_block(block) for block in wrapper[1:]]},
        "components": [component_text(c) for c in common.get(2, [])],
        "dependencies": [{"index": index, "prefix": component_text(value[1]) if 1 in value else None}
                         for index, value in common.get(1, {}).items()],
        "reference_uri": manifest.get(4),
        "manifest_component_id": component_text(manifest[5]) if 5 in manifest else None,
        "set_version": cbor2.loads(manifest[6]) if 6 in manifest else None,
        "severed": {}, "commands": commands("shared", common[4]) if 4 in common else [],
        "integrated": {key: {"len": len(value), "sha256": hashlib.sha256(value).hexdigest()}
                       for key, value in body.items() if isinstance(key, str)}}
    for key, name in sorted(MEMBERS.items()):
        value = manifest.get(key)
        if isinstance(value, list):
            present = key in body
            out["severed"][name] = {"digest_alg": value[0], "digest": value[1].hex(),
                                    "present_in_envelope": present}
            if present:
                assert digest_of_bstr(body[key], value[0]) == value
            value = body.get(key)
        if value is not None and key in SECTIONS:
            out["commands"] += commands(name, value)
        if value is not None and key == 23:
            out["languages"] = list(cbor2.loads(value))
    return out


def to_hex(data):
    return "\n".join(textwrap.wrap(data.hex(), 64)) + "\n"
