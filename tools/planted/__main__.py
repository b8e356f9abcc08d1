"""`make planted`: every known bug alone in a copy; a line each, 0 only if the tests caught them all."""

import argparse
import sys
import time
from collections.abc import Sequence

from tools.planted.beds import BUGS
from tools.planted.bug import Bug
from tools.planted.garden import Garden


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
        survivors = [
            bug for number, bug in enumerate(chosen, 1) if not _caught(garden, bug, number)
        ]
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} planted bugs were caught.")
    return 1 if survivors else 0


def _chosen(words: Sequence[str]) -> list[Bug]:
    return [bug for bug in BUGS if not words or any(word in bug.name for word in words)]


def _caught(garden: Garden, bug: Bug, number: int) -> bool:
    started = time.monotonic()
    blind = garden.survived(bug)
    verdict = "SURVIVED" if blind else "caught"
    tests = ", ".join(sorted(blind or bug.caught_by))
    print(
        f"{number:3} {verdict} {time.monotonic() - started:5.1f} s  {bug.name}: {tests}", flush=True
    )
    return not blind


if __name__ == "__main__":
    sys.exit(main())
