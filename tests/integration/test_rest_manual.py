# SPDX-License-Identifier: Apache-2.0
"""Every command of docs/rest.md works as it stands, in its order."""

import os
import pathlib
import re

from sandbox import TOP, run

MANUAL = TOP / "docs" / "rest.md"


def test_commands_work_as_typed(sandbox, tmp_path):
    blocks = re.findall(r"^```sh\n(.*?)^```", MANUAL.read_text(), re.S | re.M)
    assert len(blocks) > 8
    tools = pathlib.Path(sandbox.env["SUITCTL"]).parent
    env = {**os.environ, **sandbox.env, "PATH": f"{tools}:{os.environ['PATH']}"}
    trap = "trap 'echo \"failed: $BASH_COMMAND\" >&2' ERR\n"
    script = "set -eEu -o pipefail\n" + trap + "".join(blocks)
    done = run("bash", "-c", script, cwd=tmp_path, env=env, check=False)
    output = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0, (done.stderr or done.stdout).decode()[-1000:]
    assert '"approved"' in output and '"cancelled"' in output, output
    assert "Suitd-Image: sha256:" in output, output
    assert output.rstrip().endswith("1000"), output


def test_links_lead_somewhere():
    for path in re.findall(r"\]\(([^)#:]+)\)", MANUAL.read_text()):
        assert (MANUAL.parent / path).exists(), path
