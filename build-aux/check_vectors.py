#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The test vectors are what their generator makes: nobody edited one to suit the code."""

import os
import sys

from checklib import ROOT, Tap, skip_all

try:
    import cbor2  # noqa: F401
    import cryptography  # noqa: F401
except ImportError as missing:
    skip_all(f"{missing.name} is not installed")

sys.path.insert(0, os.path.join(ROOT, "tests", "vectors"))
import make_vectors  # noqa: E402

_, wrong, stale = make_vectors.compare()
tap = Tap()
tap.result("every vector is as make_vectors.py writes it", wrong)
tap.result("no vector is left over from an older make_vectors.py", stale)
tap.done()
