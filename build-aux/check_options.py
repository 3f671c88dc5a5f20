#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Options in the schema, in the manual and in the sample configuration: the same ones."""

import re

from checklib import Tap, exists, read, without_comments

SCHEMA = "src/daemon/config_schema.c"
MANUAL = "docs/operations.md"
SAMPLE = "systemd/suitd.conf"


def schema_options():
    """(section, key) -> the value that holds when the file gives none."""
    text = without_comments(read(SCHEMA))
    rows = re.split(r'\{\s*"(\w+)",\s*"(\w+)",\s*CONFIG_', text)
    found = {}
    for section, key, rest in zip(rows[1::3], rows[2::3], rows[3::3]):
        found[section, key] = fallback_of(rest)
    return found


def fallback_of(rest):
    """Named, or the third of minimum, maximum, fallback; the help is named and not looked at."""
    rest = rest.split(".help")[0]
    match = re.search(r'\.fallback\s*=\s*"([^"]*)"', rest) or re.search(r'"([^"]*)"', rest)
    return match.group(1) if match else None


def manual_options():
    """`key` in the first cell of a table below a heading that names the [section]."""
    found, section = set(), None
    for line in read(MANUAL).splitlines():
        heading = re.match(r"#+ .*\[(\w+)\]", line)
        if line.startswith("#"):
            section = heading.group(1) if heading else None
        cell = re.match(r"\|\s*`(\w+)`\s*\|", line)
        if cell and section:
            found.add((section, cell.group(1)))
    return found


def sample_options():
    """Both set ones and those shown as a comment: "#key = value"."""
    found, section = {}, None
    for line in read(SAMPLE).splitlines():
        heading = re.match(r"\[(\w+)\]\s*$", line)
        if heading:
            section = heading.group(1)
        option = re.match(r"(#?)(\w+)\s*=\s*(.*?)\s*$", line)
        if option and section:
            found[section, option.group(2)] = (option.group(1) == "#", option.group(3))
    return found


def differences(here, options, where):
    for section, key in sorted(set(options) - set(here)):
        yield f"[{section}] {key} is not in {where}"
    for section, key in sorted(set(here) - set(options)):
        yield f"[{section}] {key} is in {where}, but is no option"


def wrong_defaults(sample, options):
    for option, (shown, value) in sorted(sample.items()):
        if shown and option in options and value != options[option]:
            yield f"[{option[0]}] {option[1]}: {SAMPLE} shows {value!r}, not {options[option]!r}"


def main():
    options = schema_options()
    tap = Tap()
    tap.result("the schema has options, each with its default",
               [] if options and None not in options.values() else [f"cannot read {SCHEMA}"])
    question = f"{MANUAL} has exactly the options of the schema"
    if exists(MANUAL):
        tap.result(question, list(differences(manual_options(), options, MANUAL)))
    else:
        tap.skip(question, "the manual is not written yet")
    question = f"{SAMPLE} has exactly the options of the schema, with their defaults"
    if exists(SAMPLE):
        sample = sample_options()
        tap.result(question, [*differences(sample, options, SAMPLE),
                              *wrong_defaults(sample, options)])
    else:
        tap.skip(question, "the sample is not written yet")
    tap.done()


main()
