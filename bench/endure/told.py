"""What a command says: all of it, or the JSON of its last line."""

import json
import subprocess
import sys
from typing import Any

from bench.endure.ground import ROOT, Broken


def said_by(module: str, *options: str) -> str:
    """Run `python -m module`; what it prints. Raises Broken with how it ended, if not well."""
    done = subprocess.run(
        (sys.executable, "-m", module, *options),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        asked = " ".join((module, *options))
        ended = f"{done.stdout[-1000:]}{done.stderr[-2000:]}"
        raise Broken(f"{asked} ended with {done.returncode}: {ended}")
    return done.stdout


def told_by(module: str, *options: str) -> dict[str, Any]:
    """Run a command of the demo; its one JSON line."""
    said: dict[str, Any] = json.loads(said_by(module, *options).splitlines()[-1])
    return said
