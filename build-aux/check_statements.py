#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Names in sql/queries against their uses; that each can be prepared is a test of the store."""

import re
from collections import Counter

from checklib import Tap, exists, files, read, skip_all, without_comments


def pieces(kind):
    """(name, path, text) of each statement ("name") or of each part that statements share ("part")."""
    for path in files("sql/queries", ".sql"):
        found = re.split(r"^-- (name|part):[ \t]*(\S+)[ \t]*$", read(path), flags=re.MULTILINE)
        for its_kind, name, text in zip(found[1::3], found[2::3], found[3::3]):
            if its_kind == kind:
                yield name, path, re.sub(r"--[^\n]*", "", text)


def uses_of_parts(statements):
    return {part for _, _, text in statements for part in re.findall(r"\s:([a-z]\w*)", text)}


def used_names():
    text = "".join(without_comments(read(path)) for path in files("src", ".c", ".h"))
    return {word.lower() for word in re.findall(r"\bSTATEMENT_([A-Z0-9_]+)\b", text)}


def gaps_in_parameters(text):
    numbers = {int(number) for number in re.findall(r"\$(\d+)", text)}
    return sorted(set(range(1, max(numbers, default=0) + 1)) - numbers)


def faults_of_text(name, path, text):
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        yield f"{path}: {name} is not in lower case"
    if not text.strip():
        yield f"{path}: {name} is empty"
    if re.search(r"\bSELECT\s+(\w+\.)?\*(?!\s+FROM\s+unnest\()|\bRETURNING\s+\*", text, re.IGNORECASE):
        yield f"{path}: {name} does not list its columns"
    for number in gaps_in_parameters(text):
        yield f"{path}: {name} has no parameter ${number}"


def unlisted_sql():
    lists = read("src/store/Makefile.inc")
    return [f"{path} is not in src/store/Makefile.inc"
            for path in files("sql", ".sql") if path not in lists]


def main():
    if not exists("sql/queries"):
        skip_all("there is no sql/queries yet")
    statements, parts = list(pieces("name")), list(pieces("part"))
    counts = Counter(name for name, _, _ in statements + parts)
    used = used_names()
    tap = Tap()
    tap.note(f"{len(statements)} statements")
    tap.result("names of statements are unique",
               [f"{name} is there {n} times" for name, n in sorted(counts.items()) if n > 1])
    tap.result("each statement is used",
               [f"{path}: nothing uses {name}" for name, path, _ in statements if name not in used])
    tap.result("each part is taken up",
               [f"{path}: nothing takes up {name}" for name, path, _ in parts
                if name not in uses_of_parts(statements)])
    tap.result("statements list their columns and number their parameters",
               [fault for row in statements + parts for fault in faults_of_text(*row)])
    tap.result("each file of SQL is built in", unlisted_sql())
    tap.done()


main()
