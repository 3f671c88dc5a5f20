#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Length of functions and files, and the number of parameters; prints the figures."""

import json
import re
import shutil
import statistics
import subprocess

from checklib import ROOT, Tap, files, read

MEDIAN_LINES = 16
P90_LINES = 45
MAX_LINES = 80
MAX_MAIN_LINES = 50
AIM_PARAMETERS = 5
MAX_PARAMETERS = 7
FOREIGN_SIGNATURES = {"on_request"}  # libmicrohttpd says what it is given
MAX_SOURCE_LINES = 500
MAX_HEADER_LINES = 150


def functions(paths):
    """Of every function definition: path, line, name, length, number of parameters."""
    command = ["ctags", "--options=NONE", "--languages=C", "--langmap=C:.c.h", "--kinds-C=f",
               "--output-format=json", "--fields=+neS", "-I", "SU_MUST_CHECK", "-L", "-"]
    tags = subprocess.run(command, cwd=ROOT, input="\n".join(paths), capture_output=True,
                          text=True, check=True).stdout
    found = []
    for tag in map(json.loads, tags.splitlines()):
        if tag.get("_type") == "tag" and "end" in tag:
            found.append((tag["path"], tag["line"], tag["name"], tag["end"] - tag["line"] + 1,
                          count_parameters(tag.get("signature", "()"))))
    return found


def count_parameters(signature):
    """Commas between parentheses belong to the type of a function pointer. err is not counted."""
    flat = re.sub(r"\([^()]*\)", "", re.sub(r"\([^()]*\)", "", signature.strip()[1:-1]))
    parameters = [parameter.strip() for parameter in flat.split(",")]
    return len([parameter for parameter in parameters
                if parameter not in ("", "void") and not re.search(r"su_error \*\s*err$", parameter)])


def percentile(values, share):
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def too_long_files(paths):
    for path in paths:
        length = len(read(path).splitlines())
        limit = MAX_HEADER_LINES if path.endswith(".h") else MAX_SOURCE_LINES
        if length > limit:
            yield f"{path}: {length} lines, {limit} allowed"


def too_long_functions(found):
    for path, line, name, length, _ in found:
        limit = MAX_MAIN_LINES if name == "main" and path.startswith("src/") else MAX_LINES
        if length > limit:
            yield f"{path}:{line}: {name} has {length} lines, {limit} allowed"


def too_many_parameters(found):
    for path, line, name, _, count in found:
        if count > MAX_PARAMETERS and name not in FOREIGN_SIGNATURES:
            yield f"{path}:{line}: {name} has {count} parameters, {MAX_PARAMETERS} allowed"


def code_lines(paths):
    return sum(1 for path in paths for line in read(path).splitlines() if line.strip())


def main():
    sources, tests = files("src", ".c", ".h"), files("tests", ".c", ".h")
    tap = Tap()
    tap.result(f"no .c above {MAX_SOURCE_LINES} and no .h above {MAX_HEADER_LINES} lines",
               list(too_long_files(sources + tests)))

    if not shutil.which("ctags"):
        tap.skip("length of functions", "universal-ctags is not installed")
        tap.done()
    version = subprocess.run(["ctags", "--version"], capture_output=True, text=True, check=False)
    if "Universal Ctags" not in version.stdout or "+json" not in version.stdout:
        tap.skip("length of functions", "ctags is not Universal Ctags with JSON")
        tap.done()

    found, found_tests = functions(sources), functions(tests)
    lengths = [length for _, _, _, length, _ in found]
    median, p90 = statistics.median(lengths), percentile(lengths, 90)
    tap.note(f"{len(sources)} files, {len(found)} functions: median {median:g}, "
             f"90 % up to {p90}, longest {max(lengths)} lines")
    many = sum(1 for function in found if function[4] > AIM_PARAMETERS)
    tap.note(f"{many} functions with more than {AIM_PARAMETERS} parameters beside err")
    python = files("tests", ".py")
    ratio = code_lines(tests + python) / code_lines(sources)
    tap.note(f"{code_lines(sources)} lines of production, {code_lines(tests)} of tests in C and "
             f"{code_lines(python)} in Python: ratio {ratio:.2f}")
    tap.result(f"median length of functions at most {MEDIAN_LINES}",
               [f"{median:g} lines"] if median > MEDIAN_LINES else [])
    tap.result(f"90 % of the functions have at most {P90_LINES} lines",
               [f"{p90} lines"] if p90 > P90_LINES else [])
    tap.result(f"no function above {MAX_LINES} lines, main above {MAX_MAIN_LINES}",
               list(too_long_functions(found + found_tests)))
    tap.result(f"at most {MAX_PARAMETERS} parameters beside err", list(too_many_parameters(found)))
    tap.done()


main()
