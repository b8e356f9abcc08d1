"""What all endurance runs of one commit came to, beside what is stated of the service: one table."""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from bench.endure.claims import CLAIMS, Claim
from bench.endure.ground import ROOT
from bench.endure.runs import Runs
from bench.machine import commit, heading

JOURNAL: Final = ROOT / "build" / "endure.jsonl"
TABLE: Final = ROOT / "build" / "endure.md"
_HEAD: Final = (
    "| claim | stated | reached, worst of the runs | effective faults | command | runs |\n"
    "|---|---|---|---|---|---|"
)


def play_all(plays: Iterable[str], asked: argparse.Namespace) -> int:
    """Everything with each seed in turn, then the table; 0 when everything held."""
    journal = asked.journal or JOURNAL
    options = [
        *("--seconds", f"{asked.seconds:g}", "--database", asked.database),
        *("--journal", str(journal)),
    ]
    failed = 0
    for seed in range(asked.seed, asked.seed + asked.rounds):
        for what in plays:
            print(f"{what}, seed {seed} ...", file=sys.stderr, flush=True)
            command = [sys.executable, "-m", "bench.endure", what, "--seed", str(seed), *options]
            failed += subprocess.run(command, cwd=ROOT, check=False).returncode != 0
    write_table(journal)
    return int(failed > 0)


def write_table(journal: Path | None) -> int:
    """Write `build/endure.md` from the runs of this commit."""
    here = commit()
    runs = [each for each in _read(journal or JOURNAL) if each["commit"] == here]
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(f"{heading()}\n{table(runs)}\n", "utf-8")
    print(f"{len(runs)} runs of {here}; written to {TABLE.relative_to(ROOT)}")
    return 0


def table(runs: Sequence[dict[str, Any]]) -> str:
    """All claims in one table."""
    return "\n".join([_HEAD, *(_row(claim, runs) for claim in CLAIMS)])


def _row(claim: Claim, runs: Sequence[dict[str, Any]]) -> str:
    mine = Runs([each for each in runs if each["what"] == claim.what])
    return f"| {' | '.join((claim.name, claim.stated, *_found(claim, mine)))} |"


def _found(claim: Claim, runs: Runs) -> tuple[str, str, str, str]:
    if not runs.all:
        return "not measured", "", claim.command, ""
    reached = claim.reached(runs)
    if broken := runs.broken():
        reached = f"**BROKEN**: {broken}; {reached}"
    elif not claim.is_reached(runs):
        reached = f"**not reached**: {reached}"
    return reached, claim.faults(runs), claim.command, runs.told()


def _read(journal: Path) -> list[dict[str, Any]]:
    if not journal.exists():
        return []
    return [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
