#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every C file is formatted as .clang-format says; other versions of the tool differ in detail."""

import re
import shutil
import subprocess

from checklib import ROOT, Tap, files, skip_all

VERSION = 14


def tool():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        if shutil.which(name):
            text = subprocess.run([name, "--version"], capture_output=True, text=True,
                                  check=False).stdout
            match = re.search(r"version (\d+)\.", text)
            if match and int(match.group(1)) == VERSION:
                return name
    return None


def main():
    name = tool()
    if not name:
        skip_all(f"clang-format {VERSION} is not installed")
    paths = files("src", ".c", ".h") + files("tests", ".c", ".h")
    command = [name, "--dry-run", "--Werror", "--ferror-limit=1", "--style=file"]
    run = subprocess.run(command + paths, cwd=ROOT, capture_output=True, text=True, check=False)
    faults = [line for line in run.stderr.splitlines() if " error: " in line]
    tap = Tap()
    tap.result(f"{len(paths)} files are formatted (else: make format)",
               faults if run.returncode else [])
    tap.done()


main()
