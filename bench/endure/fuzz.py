"""The fuzzers round by round, each with the next seed: how many inputs every reader and door has borne."""

import json
import subprocess
import sys
from typing import Final

from bench.endure.ground import ROOT, Broken, Ground

A_ROUND: Final = 500


def play(ground: Ground) -> None:
    """As many inputs as there is time for; what one of them finds is told as pytest tells it."""
    tally = ground.folder / "tally.jsonl"
    while not ground.is_over:
        seed = ground.seed + ground.counts["rounds"]
        options = (
            f"--examples={A_ROUND}",
            f"--fuzz-seed={seed}",
            f"--tally={tally}",
            "--timeout=0",
        )
        done = subprocess.run(
            (sys.executable, "-m", "pytest", "-q", "-x", *options, "tests/fuzzing"),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Broken(f"seed {seed}: {done.stdout[-4000:]}")
        for line in tally.read_text("utf-8").splitlines():
            name, executions = json.loads(line)
            ground.counts[name] += executions
            ground.counts["executions"] += executions
        tally.unlink()
        ground.counts["rounds"] += 1
