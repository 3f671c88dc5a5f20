#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the formatter cannot see: heads of files, typedefs, notes to oneself."""

import re

from checklib import Tap, files, line_of, read, without_comments

SPDX = "SPDX-License-Identifier: Apache-2.0"


def head_faults(path, text):
    lines = text.splitlines()
    if not lines or lines[0] != f"/* {SPDX} */":
        yield f"{path}:1: the first line must be /* {SPDX} */"
    elif len(lines) < 2 or not lines[1].startswith("/*"):
        yield f"{path}:2: a comment must say what the file is responsible for"
    if path.endswith(".h") and "\n#pragma once\n" not in text:
        yield f"{path}: lacks #pragma once"


def typedef_faults(path, text):
    """Function pointers are the exception: typedef T (*name)(...) or typedef T name(...)."""
    for match in re.finditer(r"^[ \t]*typedef\b([^;{]*)[;{]", text, re.MULTILINE):
        if "(" not in match.group(1):
            yield f"{path}:{line_of(text, match.start())}: typedef of what is not a function"


def comment_faults(path, text):
    for match in re.finditer(r"\b(?:TODO|FIXME|XXX)\b(?!.*#\d)|/\*{2,}|[-=*]{5,}", text):
        yield f"{path}:{line_of(text, match.start())}: {match.group(0)}"


def main():
    heads, typedefs, comments = [], [], []
    for path in files("src", ".c", ".h") + files("tests", ".c", ".h"):
        text = read(path)
        heads += head_faults(path, text)
        typedefs += typedef_faults(path, without_comments(text))
        comments += comment_faults(path, only_comments(text))
    tap = Tap()
    tap.result("files begin with licence and purpose; headers are guarded", heads)
    tap.result("typedefs name function pointers only", typedefs)
    tap.result("no banners, no open notes without an issue number", comments)
    tap.done()


def only_comments(text):
    code = without_comments(text)
    return "".join(a if a != b or a == "\n" else " " for a, b in zip(text, code))


main()
