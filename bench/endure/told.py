"""What a command of the demo says in its last line."""

import json
import subprocess
import sys
from typing import Any

from bench.endure.ground import ROOT, Broken


def told_by(module: str, *options: str) -> dict[str, Any]:
    """Run `python -m module`; its one JSON line. Raises Broken with how it ended otherwise."""
    done = subprocess.run(
        (sys.executable, "-m", module, *options),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        asked = " ".join((module, *options))
        raise Broken(f"{asked} ended with {done.returncode}: {done.stderr[-2000:]}")
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said
