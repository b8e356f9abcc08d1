"""`make bench`: every figure in one session, written to build/bench.md as well."""

import subprocess
import sys
from itertools import groupby
from pathlib import Path

from bench.goals import MARK, Told, table
from bench.machine import heading

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "build" / "bench.md"
BENCHES = (
    ("Encrypted pushes over HTTP, PostgreSQL", "bench.callback"),
    ("Pushes stored together and alone", "bench.together"),
    ("Codec", "bench.codec"),
    ("Keywords", "bench.keywords"),
    ("Pay notice", "bench.pay_notice"),
    ("An order from the mall to its commission", "bench.order"),
    ("Reconciliation of one day", "bench.reconcile"),
    ("The busiest pages, small and large", "bench.pages"),
    ("The pages under granian and under gunicorn", "bench.servers"),
    ("A push, an order, a message as the tables grow", "bench.growth"),
    ("Campaign", "bench.campaign"),
    ("A message of a campaign and WeChat's word on it", "bench.campaign_cost"),
    ("Pushes and pay notices beside a campaign", "bench.beside"),
    ("Poster", "bench.poster"),
    ("Start of the web process", "bench.startup"),
)


def main() -> int:
    """Run all benches one after another; 0 when every one of them could be run."""
    REPORT.parent.mkdir(exist_ok=True)
    parts, told, failed = [], list[Told](), False
    for number, (title, module) in enumerate(BENCHES, 1):
        print(f"[{number}/{len(BENCHES)}] {title} ...", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", module], cwd=ROOT, capture_output=True, text=True, check=False
        )
        failed |= done.returncode != 0
        text = done.stdout.rstrip() if done.returncode == 0 else f"FAILED\n{done.stderr[-2000:]}"
        print(text, flush=True)
        told += [each for line in text.splitlines() if (each := Told.read(line))]
        parts.append(f"## {title}\n\n`python -m {module}`\n\n{_as_markdown(text)}\n")
    missed = sum(each.is_missed for each in told)
    summary = f"## Every figure beside its goal\n\n{missed} missed.\n\n{table(told)}\n"
    REPORT.write_text("\n".join([heading(), summary, *parts]), "utf-8")
    print(f"\n{missed} of {len(told)} goals missed; written to {REPORT.relative_to(ROOT)}")
    return int(failed)


def _as_markdown(text: str) -> str:
    """A bench's own tables as they are, everything else as it was printed; goals stand above."""
    kept = [line for line in text.splitlines() if not line.startswith(MARK)]
    blocks = []
    for is_table, lines in groupby(kept, key=lambda line: line.startswith("|")):
        block = "\n".join(lines).strip("\n")
        if block:
            blocks.append(block if is_table else f"```\n{block}\n```")
    return "\n\n".join(blocks)


if __name__ == "__main__":
    sys.exit(main())
