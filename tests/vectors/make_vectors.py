#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes every vector below this folder, and index.json, which says what each of them is.

usage: make_vectors.py [--check]    --check: compares instead of writing, fails on a difference
"""
import json
import os
import sys
from base64 import urlsafe_b64encode

sys.dont_write_bytecode = True

import bad_envelopes
import good_envelopes
import messages
import oracle

HERE = os.path.dirname(os.path.abspath(__file__))


def key_files():
    index, files = {}, {}
    for name, key in good_envelopes.KEYS.items():
        entry = {"type": key.kind}
        if key.kind == "HMAC":
            entry["secret"] = key.secret.hex()
        else:
            files[f"keys/{name}.pem"] = key.private_pem()
            files[f"keys/{name}.pub.pem"] = key.public_pem()
            entry.update(private=f"keys/{name}.pem", public=f"keys/{name}.pub.pem",
                         spki=key.spki().hex(), thumbprint=key.thumbprint().hex(),
                         jwk=jwk(key))
        index[name] = entry
    return index, files


def jwk(key):
    values = [urlsafe_b64encode(c).decode().rstrip("=") for c in key.coordinates()]
    kty = "OKP" if key.kind == "Ed25519" else "EC"
    return {"kty": kty, "crv": key.kind, **dict(zip("xy", values))}


def everything():
    """(index, files): paths relative to this folder to their text."""
    index, files = {}, {}
    index["keys"], files = key_files()
    index["envelopes"] = {}
    for name, data, expected in good_envelopes.everything():
        path = f"envelopes/{name}.hex"
        assert path not in files, path
        files[path] = oracle.to_hex(data)
        index["envelopes"][path] = {**oracle.describe(data), **expected}
    for group, rows in (("bad", bad_envelopes.everything()), ("cose", messages.cose()),
                        ("reports", messages.reports())):
        index[group] = {}
        for name, data, expected in rows:
            path = f"{group}/{name}.hex"
            assert path not in files, path
            files[path] = oracle.to_hex(data)
            index[group][path] = {"bytes": len(data), **expected}
    files["index.json"] = json.dumps(index, indent=1, ensure_ascii=False) + "\n"
    return files


def stored():
    found = set()
    for folder, _, names in os.walk(HERE):
        for name in names:
            if name.endswith((".hex", ".pem", "index.json")):
                found.add(os.path.relpath(os.path.join(folder, name), HERE))
    return found


def main():
    files = everything()
    check = "--check" in sys.argv
    stale = sorted(stored() - set(files))
    wrong = []
    for path, text in files.items():
        full = os.path.join(HERE, path)
        old = open(full, encoding="utf-8").read() if os.path.exists(full) else None
        if old == text:
            continue
        wrong.append(path)
        if not check:
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as out:
                out.write(text)
    for path in wrong:
        print(("differs: " if check else "written: ") + path)
    for path in stale:
        print("no longer made: " + path)
    return 1 if stale or (check and wrong) else 0


if __name__ == "__main__":
    sys.exit(main())
