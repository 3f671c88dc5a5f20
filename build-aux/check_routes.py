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


def served(prefix):
    """Rows of the tables in src/server/<prefix>*.c that begin with a method and a path."""
    row = re.compile(r'\{\s*(?:\.method\s*=\s*)?"(' + "|".join(METHODS) + r')",\s*'
                     r'(?:\.path\s*=\s*)?"(/[^"]*)"')
    found = set()
    for path in files("src/server", ".c"):
        if path.startswith(f"src/server/{prefix}"):
            found.update(row.findall(without_comments(read(path))))
    return found


def described_http():
    document = yaml.safe_load(read(OPENAPI))
    servers = document.get("servers") or [{"url": ""}]
    base = re.sub(r"^\w+://[^/]*", "", servers[0]["url"]).rstrip("/")
    return {(method.upper(), base + path)
            for path, item in document["paths"].items()
            for method in item if method.upper() in METHODS}


def described_coap():
    """Table rows of the manual: | `GET` | `/path` | ... ; several methods in one cell are fine."""
    found = set()
    for methods, path in re.findall(r"^\|([^|]*)\|\s*`(/[^`]*)`", read(MANUAL), re.MULTILINE):
        for method in re.findall(r"`(\w+)`", methods):
            found.add((method, path))
    return found


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
        tap.result(question, list(differences(http, described_http(), OPENAPI)))
    question = f"{MANUAL} describes exactly the routes of CoAP"
    if not coap or not exists(MANUAL):
        tap.skip(question, "there are no routes and description to compare yet")
    else:
        tap.result(question, list(differences(coap, described_coap(), MANUAL)))
    tap.done()


main()
