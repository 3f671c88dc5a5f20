#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is served against what is described: HTTP with OpenAPI, CoAP with the device manual."""

import re

from checklib import Tap, exists, files, read, without_comments

try:
    import yaml
except ImportError:
    yaml = None

OPENAPI = "api/openapi.yaml"
MANUAL = "docs/device-integration.md"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "FETCH"]


def literal(text, macros):
    """The value of adjacent string literals and macros that stand for one."""
    parts = re.findall(r'"([^"]*)"|(\w+)', text)
    return "".join(macros.get(name, name) if name else string for string, name in parts)


def rows(prefix, row):
    """What the two groups of row are in the tables of src/server/<prefix>*.c; macros resolved."""
    for path in files("src/server", ".c"):
        if path.startswith(f"src/server/{prefix}"):
            text = without_comments(read(path))
            macros = dict(re.findall(r'#define[ \t]+(\w+)[ \t]+"([^"]*)"', text))
            for first, second in re.findall(row, text):
                yield literal(first, macros), literal(second, macros)


def served(prefix):
    """{ "GET", "/path", ... or { "GET", PREFIX "/path", ..."""
    methods = "|".join(METHODS)
    return set(rows(prefix, r'\{\s*("(?:' + methods + r')"),\s*((?:\w+\s*)?"/[^"]*")'))


def described_http():
    """What OpenAPI has, and the twins of CoAP resources that the manual of devices has."""
    document = yaml.safe_load(read(OPENAPI))
    servers = document.get("servers") or [{"url": ""}]
    base = re.sub(r"^\w+://[^/]*", "", servers[0]["url"]).rstrip("/")
    found = {(method.upper(), base + path)
             for path, item in document["paths"].items()
             for method in item if method.upper() in METHODS}
    return found | {row for row in manual_rows() if row[1].startswith("/device/")}


def described_coap():
    return {row for row in manual_rows() if not row[1].startswith("/device/")}


def manual_rows():
    """Rows of the manual's tables: | `GET` | `/path` | ... ; a cell may hold several methods."""
    if not exists(MANUAL):
        return
    for methods, path in re.findall(r"^\|([^|]*)\|\s*`(/[^`]*)`", read(MANUAL), re.MULTILINE):
        for method in re.findall(r"`(\w+)`", methods):
            yield method, path


def without_implied(described, served):
    """A GET serves HEAD as well, described or not."""
    return {(method, path) for method, path in described
            if method != "HEAD" or ("GET", path) not in served}


def differences(code, page, where):
    for method, path in sorted(code - page):
        yield f"{method} {path} is not in {where}"
    for method, path in sorted(page - code):
        yield f"{method} {path} is in {where}, but nothing serves it"


def main():
    tap = Tap()
    http, coap = served("http"), served("coap")
    question = f"{OPENAPI} describes exactly the routes of HTTP"
    if not http or not exists(OPENAPI):
        tap.skip(question, "there are no routes and description to compare yet")
    elif yaml is None:
        tap.skip(question, "python3-yaml is not installed")
    else:
        tap.result(question, list(differences(http, without_implied(described_http(), http), OPENAPI)))
    question = f"{MANUAL} describes exactly the routes of CoAP"
    if not coap or not exists(MANUAL):
        tap.skip(question, "there are no routes and description to compare yet")
    else:
        tap.result(question, list(differences(coap, described_coap(), MANUAL)))
    tap.done()


main()
