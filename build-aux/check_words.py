#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that are handed on name no place of one machine; tests may look for vectors beside the tree."""

import os
import subprocess

from checklib import ROOT, Tap, skip_all

# Put together here, so that this file does not find itself.
WORDS = ["/" + "work/", ".." + "/shared", "/" + "home/"]
BINARY = (".cbor", ".bin", ".der", ".png", ".suit")


def tracked_files():
    run = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True,
                         check=False)
    return [path for path in run.stdout.split("\0") if path] if run.returncode == 0 else None


def faults_of(path):
    try:
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (UnicodeDecodeError, FileNotFoundError):
        return
    for number, line in enumerate(lines, 1):
        for word in WORDS:
            if word in line:
                yield f"{path}:{number}: {word}"


def main():
    paths = tracked_files() if os.path.exists(os.path.join(ROOT, ".git")) else None
    if paths is None:
        skip_all("not a git work tree")
    paths = [path for path in paths if not path.startswith("tests/") and not path.endswith(BINARY)]
    tap = Tap()
    tap.result(f"{len(paths)} files name no place of one machine",
               [fault for path in paths for fault in faults_of(path)])
    tap.done()


main()
