"""Tests that count what they try, played once: how much each of them tried."""

import json
import subprocess
import sys

from bench.endure.ground import ROOT, Broken, Ground


def tried(ground: Ground, *options: str) -> int:
    """Add what each test tried to the counts; how much it was in all. Raises Broken with what pytest says."""
    tally = ground.folder / "tally.jsonl"
    done = subprocess.run(
        (sys.executable, "-m", "pytest", "-q", "-x", f"--tally={tally}", "--timeout=0", *options),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Broken(f"{' '.join(options)}: {done.stdout[-4000:]}")
    told = [json.loads(line) for line in tally.read_text("utf-8").splitlines()]
    tally.unlink()
    for name, count in told:
        ground.counts[name] += count
    return sum(count for _, count in told)
