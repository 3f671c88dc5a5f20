# SPDX-License-Identifier: Apache-2.0
"""docs/conformance.md is honest: every requirement is in it, and every test that it names exists."""

import re

import pytest
from sandbox import TOP

WANTED = (
    [f"Z{n}" for n in range(1, 13)] + [f"A{n}" for n in range(1, 20)] + [f"D{n}" for n in range(1, 10)]
)
ROW = re.compile(r"^\| (\w+) \| (.+?) \| (holds|partly|open) \|(.*?)\|$", re.M)


def rows():
    return ROW.findall((TOP / "docs" / "conformance.md").read_text())


def test_every_requirement_stands_once():
    assert [row[0] for row in rows()] == WANTED


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_row_is_shown_by_tests_or_open(row):
    _, words, state, shown = row
    assert len(words) > 30
    tests = re.findall(r"`([\w/.]+)::(\w+)`", shown)
    if state == "open":
        assert not tests
    else:
        assert tests
    if state == "partly":
        assert "Missing:" in shown
    for path, name in tests:
        text = (TOP / "tests" / path).read_text()
        assert re.search(rf"\b{name}\b\(", text), f"tests/{path} has no {name}"


def test_table_has_no_broken_rows():
    lines = [
        line
        for line in (TOP / "docs" / "conformance.md").read_text().splitlines()
        if re.match(r"\| [ZAD]\d", line)
    ]
    assert len(lines) == len(rows())
