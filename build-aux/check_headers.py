#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each header compiles alone, with each compiler there is."""

import os
import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from checklib import ROOT, Tap, files

# The Makefile hands over the flags it compiles with.
FLAGS = shlex.split(os.environ.get("CHECK_CFLAGS", "-std=gnu11 -D_GNU_SOURCE -I src -Wall -Wextra"))
FLAGS += ["-fsyntax-only", "-Werror", "-I", ROOT]


def fault_of(compiler, header):
    """Through a file that includes it, because #pragma once in a main file is a warning."""
    text = f'#include "{header}"\nextern int translation_units_must_not_be_empty;\n'
    run = subprocess.run([compiler, *FLAGS, "-x", "c", "-"], input=text, capture_output=True,
                         text=True, check=False)
    if run.returncode == 0:
        return None
    errors = [line for line in run.stderr.splitlines() if "error" in line]
    return f"{header}: {errors[0] if errors else run.stderr.strip()}"


def main():
    headers = files("src", ".h") + files("tests", ".h")
    tap = Tap()
    for compiler in ("gcc", "clang"):
        question = f"each of {len(headers)} headers compiles alone with {compiler}"
        if not shutil.which(compiler):
            tap.skip(question, f"{compiler} is not installed")
            continue
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            faults = pool.map(lambda header: fault_of(compiler, header), headers)
            tap.result(question, [fault for fault in faults if fault])
    tap.done()


main()
