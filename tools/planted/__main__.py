"""`make planted`: every known bug alone in a copy; a line each, 0 only if the tests caught them all.

Which test caught which is written to build/planted.md as well.
"""

import argparse
import sys
import time
from collections.abc import Sequence

from tools.environment import ROOT
from tools.planted import report
from tools.planted.beds import BUGS
from tools.planted.bug import Bug
from tools.planted.garden import Garden
from tools.planted.report import Verdict


def main() -> int:
    """Check first that the tests pass without any bug, then plant one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only bugs whose name contains one of these")
    chosen = _chosen(parser.parse_args().names)
    if not chosen:
        sys.exit("No planted bug has such a name.")
    with Garden() as garden:
        tests = sorted({test for bug in chosen for test in bug.caught_by})
        print(f"Without any bug: {len(tests)} tests ...", flush=True)
        if failing := garden.failures(tests):
            sys.exit("These fail without any bug:\n  " + "\n  ".join(sorted(failing)))
        verdicts = [_tried(garden, bug, number) for number, bug in enumerate(chosen, 1)]
    report.write(verdicts)
    caught = sum(verdict.is_caught for verdict in verdicts)
    print(f"{caught} of {len(chosen)} planted bugs were caught.")
    print(f"written to {report.REPORT.relative_to(ROOT)}")
    return 0 if caught == len(chosen) else 1


def _chosen(words: Sequence[str]) -> list[Bug]:
    return [bug for bug in BUGS if not words or any(word in bug.name for word in words)]


def _tried(garden: Garden, bug: Bug, number: int) -> Verdict:
    started = time.monotonic()
    blind = garden.survived(bug)
    verdict = Verdict(bug, frozenset(blind), time.monotonic() - started)
    said = "caught" if verdict.is_caught else "SURVIVED"
    tests = ", ".join(sorted(blind or bug.caught_by))
    print(f"{number:3} {said} {verdict.seconds:5.1f} s  {bug.name}: {tests}", flush=True)
    return verdict


if __name__ == "__main__":
    sys.exit(main())
