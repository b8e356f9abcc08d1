"""`make bench`: every figure in one session, written to build/bench.md as well."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "build" / "bench.md"
BENCHES = (
    ("Encrypted pushes over HTTP, PostgreSQL", "bench.callback"),
    ("Pushes stored together and alone", "bench.together"),
    ("Codec", "bench.codec"),
    ("Keywords", "bench.keywords"),
    ("Pay notice", "bench.pay_notice"),
    ("Reconciliation of one day", "bench.reconcile"),
    ("The busiest pages, small and large", "bench.pages"),
    ("Campaign", "bench.campaign"),
    ("Pushes and pay notices beside a campaign", "bench.beside"),
    ("Poster", "bench.poster"),
    ("Start of the web process", "bench.startup"),
)


def main() -> int:
    """Run all benches one after another; 0 when every one of them could be run."""
    REPORT.parent.mkdir(exist_ok=True)
    parts, failed = [_heading()], False
    for number, (title, module) in enumerate(BENCHES, 1):
        print(f"[{number}/{len(BENCHES)}] {title} ...", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", module], cwd=ROOT, capture_output=True, text=True, check=False
        )
        failed |= done.returncode != 0
        text = done.stdout.rstrip() if done.returncode == 0 else f"FAILED\n{done.stderr[-2000:]}"
        print(text, flush=True)
        parts.append(f"## {title}\n\n```\n{text}\n```\n")
    REPORT.write_text("\n".join(parts), "utf-8")
    print(f"\nwritten to {REPORT.relative_to(ROOT)}")
    return int(failed)


def _heading() -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    now = datetime.now(UTC)  # noqa: TID251 - when the report was made, nothing of the business
    return (
        f"# Figures\n\n{now:%Y-%m-%d %H:%M} UTC, commit {commit}, {platform.python_implementation()} "
        f"{platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores. The load generator and the "
        "database share these cores with the server. Quote ratios, not absolute figures.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
