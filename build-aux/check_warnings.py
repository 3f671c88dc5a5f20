#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The other compiler has no warnings either: each C file through both gcc and clang."""

import os
import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from checklib import ROOT, Tap, files

# The Makefile hands over the flags it compiles with.
FLAGS = shlex.split(os.environ.get("CHECK_CFLAGS", "-std=gnu11 -D_GNU_SOURCE -I src -Wall -Wextra"))


def is_other(compiler):
    """The build itself has shown what its own compiler says."""
    own = os.path.basename(shlex.split(os.environ.get("CC", "gcc"))[0])
    return not own.startswith(compiler)


def faults_of(compiler, path):
    command = [compiler, *FLAGS, "-fsyntax-only", "-Werror", os.path.join(ROOT, path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return []
    errors = [line for line in run.stderr.splitlines() if "error" in line]
    return errors or run.stderr.splitlines()


def main():
    paths = files("src", ".c") + files("tests", ".c")
    tap = Tap()
    for compiler in ("gcc", "clang"):
        if not is_other(compiler):
            continue
        question = f"{compiler} has no warnings about {len(paths)} files"
        if not shutil.which(compiler):
            tap.skip(question, f"{compiler} is not installed")
        else:
            with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
                faults = pool.map(lambda path: faults_of(compiler, path), paths)
                tap.result(question, [fault for found in faults for fault in found])
    tap.done()


main()
