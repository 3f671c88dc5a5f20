#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One stem, one pair of files; each source of a pure folder has its unit test."""

import os
from collections import defaultdict

from checklib import Tap, exists, files, read

PURE = ["base", "model", "suit", "policy"]


def shared_stems():
    homes = defaultdict(set)
    for path in files("src", ".c", ".h"):
        stem, _ = os.path.splitext(path)
        homes[os.path.basename(stem)].add(os.path.dirname(path))
    return [f"{stem} is in {' and '.join(sorted(where))}"
            for stem, where in sorted(homes.items()) if len(where) > 1]


def tests_of(path):
    """Its own test, or that of the stem it extends: manifest_text.c through manifest.h."""
    folder, name = path.split("/")[1:]
    words = os.path.splitext(name)[0].split("_")
    return [f"tests/unit/{folder}/test_{'_'.join(words[:n])}.c" for n in range(len(words), 0, -1)]


def sources_without_test():
    return [f"{path} has no {tests_of(path)[0]}"
            for folder in PURE for path in files(f"src/{folder}", ".c")
            if not any(exists(test) for test in tests_of(path))]


def unlisted_files():
    """A file that no Makefile.inc names is neither built nor distributed."""
    for root in ("src", "tests"):
        lists = "".join(read(path) for path in files(root, "Makefile.inc"))
        words = set(lists.split())
        for path in files(root, ".c", ".h"):
            if path not in words:
                yield f"{path} is in no Makefile.inc"


def main():
    tap = Tap()
    tap.result("stems are unique in src", shared_stems())
    tap.result("each source of a pure folder has a unit test", sources_without_test())
    tap.result("each C file stands in a Makefile.inc", list(unlisted_files()))
    tap.done()


main()
