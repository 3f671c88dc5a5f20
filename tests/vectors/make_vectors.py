#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes every vector below this folder, index.json, which says what each of them is, and the
same bytes as starting points for the fuzz targets, below tests/fuzz/corpus.

usage: make_vectors.py [--check]    --check: compares instead of writing, fails on a difference
"""
import json
import os
import sys

sys.dont_write_bytecode = True

import bad_envelopes
import corpus
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
                         jwk=good_envelopes.jwk(key))
        index[name] = entry
    return index, files


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
    """The files of earlier runs. A fuzzer's corpus may hold more: what it found."""
    return {f"{folder}/{name}" for folder in ("keys", "envelopes", "bad", "cose", "reports")
            if os.path.isdir(os.path.join(HERE, folder))
            for name in os.listdir(os.path.join(HERE, folder))}


def compare():
    """(files, wrong, stale): what there should be, what is missing or differs, what is too much."""
    files = {path: text.encode() for path, text in everything().items()}
    files.update((f"../fuzz/corpus/{path}", data) for path, data in corpus.files())
    wrong = []
    for path, data in files.items():
        full = os.path.join(HERE, path)
        if not os.path.exists(full):
            wrong.append(path)
            continue
        with open(full, "rb") as old:
            if old.read() != data:
                wrong.append(path)
    return files, wrong, sorted(stored() - set(files))


def main():
    files, wrong, stale = compare()
    check = "--check" in sys.argv
    for path in wrong:
        print(("differs: " if check else "written: ") + path)
        if not check:
            full = os.path.join(HERE, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "wb") as out:
                out.write(files[path])
    for path in stale:
        print("no longer made: " + path)
    return 1 if stale or (check and wrong) else 0


if __name__ == "__main__":
    sys.exit(main())
