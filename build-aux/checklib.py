# SPDX-License-Identifier: Apache-2.0
"""What the checks of the source tree share: where the files are, and TAP."""

import os
import re
import sys

ROOT = os.path.abspath(os.environ.get("srcdir") or os.path.join(os.path.dirname(__file__), ".."))

# From the bottom up; folders of one row must not include each other.
LAYERS = [
    ["base"],
    ["model"],
    ["suit", "policy"],
    ["store"],
    ["tracker"],
    ["server"],
    ["daemon", "tools"],
]


def files(folder, *endings):
    """Paths relative to the root of the tree, sorted."""
    found = []
    for where, folders, names in os.walk(os.path.join(ROOT, folder)):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.endswith(endings) and not name.startswith("."):
                found.append(os.path.relpath(os.path.join(where, name), ROOT))
    return sorted(found)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def exists(path):
    return os.path.exists(os.path.join(ROOT, path))


def without_comments(text):
    """The C text with comments blanked; line numbers and string literals stay."""
    pattern = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*'

    def blank(match):
        found = match.group(0)
        return found if found[0] in "\"'" else re.sub(r"[^\n]", " ", found)

    return re.sub(pattern, blank, text, flags=re.DOTALL)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


class Tap:
    """One result for each question; the faults of a question are its diagnostics."""

    def __init__(self):
        self.count = 0
        self.failed = False

    def result(self, question, faults):
        self.count += 1
        self.failed = self.failed or bool(faults)
        print(f"{'not ok' if faults else 'ok'} {self.count} - {question}")
        for fault in faults:
            print(f"# {fault}")

    def skip(self, question, reason):
        self.count += 1
        print(f"ok {self.count} - {question} # SKIP {reason}")

    def note(self, text):
        print(f"# {text}")

    def done(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failed else 0)


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)
