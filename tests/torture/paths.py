# SPDX-License-Identifier: Apache-2.0
"""Imported first: the torture uses the sandbox and the devices of the integration tests."""

import pathlib
import sys

INTEGRATION = pathlib.Path(__file__).resolve().parents[1] / "integration"
if str(INTEGRATION) not in sys.path:
    sys.path.append(str(INTEGRATION))
