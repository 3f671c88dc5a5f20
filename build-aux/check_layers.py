#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Include directions: folders see only what lies below them, libraries have one home each."""

import os
import re

from checklib import LAYERS, Tap, exists, files, line_of, read, without_comments

# A library header, and the folders that may include it.
HOMES = [
    (r"event2/|event\.h", ["base"]),
    (r"systemd/sd-journal\.h", ["base"]),
    (r"openssl/ssl\.h|openssl/err\.h", ["suit", "server"]),
    (r"openssl/(?!ssl\.h|err\.h)", ["suit"]),
    (r"libical/", ["policy"]),
    (r"libpq-fe\.h", ["store"]),
    (r"microhttpd\.h", ["server"]),
    (r"coap3/", ["server", "tools"]),
    (r"curl/", ["tools"]),
    (r"ini\.h", ["daemon"]),
]

# Functions that only some layers may call: time is an argument below, and pure code never logs.
CALLS = [
    (r"\bsu_clock_(?:wall|mono)_ms\s*\(", ["base", "server", "daemon", "tools"]),
    (r"\bsu_log(?:_fields)?\s*\(", ["base", "store", "tracker", "server", "daemon", "tools"]),
]

SQL = re.compile(
    r'"\s*(?:SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|CREATE\s+TABLE\s'
    r"|ALTER\s+TABLE\s|WITH\s+\w+\s+AS\s*\()"
)

RANK = {folder: rank for rank, row in enumerate(LAYERS) for folder in row}


def folder_of(path):
    return path.split("/")[1]


def includes_of(path):
    """(line, name, is a header of the project) of each #include."""
    pattern = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
    text = without_comments(read(path))
    return [
        (line_of(text, match.start()), match.group(2), match.group(1) == '"')
        for match in pattern.finditer(text)
    ]


def unknown_folders(sources):
    return sorted({folder_of(path) for path in sources} - set(RANK))


def wrong_directions(path, own):
    for line, name, _ in own:
        if not exists("src/" + name) and not name.endswith(".inc"):  # those are built
            yield f"{path}:{line}: {name} is not a header under src/"
            continue
        here, there = folder_of(path), name.split("/")[0]
        if there not in RANK or here not in RANK:
            continue
        if here != there and RANK[there] >= RANK[here]:
            way = "upward" if RANK[there] > RANK[here] else "sideways"
            yield f"{path}:{line}: {here} includes {name} {way}"


def strayed_libraries(path, foreign):
    for line, name, _ in foreign:
        for pattern, homes in HOMES:
            if re.match(pattern, name) and folder_of(path) not in homes:
                yield f"{path}:{line}: <{name}> belongs to {' and '.join(homes)}"


def cycles(graph):
    """Each cycle once, as a chain of headers."""
    found, done = [], set()

    def visit(header, chain):
        if header in chain:
            found.append(" -> ".join(chain[chain.index(header):] + [header]))
            return
        if header in done:
            return
        for below in graph.get(header, []):
            visit(below, chain + [header])
        done.add(header)

    for header in sorted(graph):
        visit(header, [])
    return found


def strayed_calls(path, text):
    for pattern, homes in CALLS:
        if folder_of(path) in homes:
            continue
        for match in re.finditer(pattern, text):
            name = match.group(0).rstrip("( \t")
            yield f"{path}:{line_of(text, match.start())}: {name} is not for {folder_of(path)}"


def strayed_sql(path, text):
    if folder_of(path) == "store":
        return
    for match in SQL.finditer(text):
        yield f"{path}:{line_of(text, match.start())}: SQL outside src/store and sql/"


def main():
    sources = files("src", ".c", ".h")
    directions, libraries, calls, sql, graph = [], [], [], [], {}
    for path in sources:
        includes = includes_of(path)
        own = [include for include in includes if include[2]]
        text = without_comments(read(path))
        directions += wrong_directions(path, own)
        libraries += strayed_libraries(path, [i for i in includes if not i[2]])
        calls += strayed_calls(path, text)
        sql += strayed_sql(path, text)
        if path.endswith(".h"):
            graph[os.path.relpath(path, "src")] = [name for _, name, _ in own]

    tap = Tap()
    tap.result("every folder of src is a known layer", unknown_folders(sources))
    tap.result("includes point down, never up or sideways", directions)
    tap.result("headers do not include each other in a circle", cycles(graph))
    tap.result("each library is used in its own layer only", libraries)
    tap.result("clock and log are not used below their layers", calls)
    tap.result("no SQL outside the store", sql)
    tap.done()


main()
