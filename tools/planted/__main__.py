"""`make planted`: every known bug alone in a copy; a line each, 0 only if the tests caught them all.

Which test caught which is written to build/planted.md after every one of them; `--resume` goes on where a run on
the same files was broken off. A bug that no longer fits, or whose tests cannot be run, is said and passed over.
As many copies as the machine has cores are planted at the same time.
"""

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from tools.environment import ROOT
from tools.planted import report
from tools.planted.beds import BUGS
from tools.planted.bug import Bug, DoesNotFit
from tools.planted.garden import Garden, Gardens, NotRun
from tools.planted.kept import Kept, digest_of
from tools.planted.report import Verdict

TOGETHER: Final = 12  # tests that are run together to see that they pass


def main(arguments: Sequence[str] | None = None) -> int:
    """See that the tests pass without any bug, then plant one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only bugs whose name contains one of these")
    parser.add_argument("--resume", action="store_true", help="leave out what was caught already")
    parser.add_argument("--copies", type=int, default=os.cpu_count() or 1, help="planted at a time")
    asked = parser.parse_args(arguments)
    chosen = _chosen(asked.names)
    if not chosen:
        sys.exit("No planted bug has such a name.")
    with Gardens(asked.copies) as gardens:
        kept = Kept(digest_of(ROOT, gardens.names))
        if not asked.resume:
            kept.forget()
        verdicts = _tried_all(gardens, chosen, kept)
    caught = sum(verdict.is_caught for verdict in verdicts)
    print(f"{caught} of {len(chosen)} planted bugs were caught.")
    print(f"written to {report.REPORT.relative_to(ROOT)}")
    return 0 if caught == len(chosen) else 1


def _chosen(words: Sequence[str]) -> list[Bug]:
    return [bug for bug in BUGS if not words or any(word in bug.name for word in words)]


def _tried_all(gardens: Gardens, chosen: Sequence[Bug], kept: Kept) -> list[Verdict]:
    """How each fared; told, kept and written as it becomes known."""
    known = kept.caught(chosen)
    left = [bug for bug in chosen if bug not in known]
    if known:
        print(f"{len(known)} were caught on the same files before.", flush=True)
    tests = sorted({test for bug in left for test in bug.caught_by})
    print(f"Without any bug: {len(tests)} tests ...", flush=True)
    unfit, verdicts = _unfit(gardens, tests), [*known.values()]
    for verdict in gardens.each(partial(tried, unfit=unfit), left):
        kept.add(verdict)
        verdicts.append(verdict)
        report.write(verdicts, planned=len(chosen))
        bug, number = verdict.bug, len(verdicts)
        said = verdict.fault or ", ".join(sorted(verdict.blind or bug.caught_by))
        told = f"{number:3} {verdict.word} {verdict.seconds:5.1f} s  {bug.name}: {said}"
        print(told, flush=True)
    report.write(verdicts, planned=len(chosen))
    return verdicts


def _unfit(gardens: Gardens, tests: Sequence[str]) -> dict[str, str]:
    """Which of these tests are of no use, and why."""
    lots = [tests[start : start + TOGETHER] for start in range(0, len(tests), TOGETHER)]
    found: dict[str, str] = {}
    for each in gardens.each(Garden.unfit, lots):
        found |= each
    return found


def tried(garden: Garden, bug: Bug, unfit: Mapping[str, str]) -> Verdict:
    """Plant one bug and run its tests, if it can be planted and they can be run."""
    started = time.monotonic()
    blind, fault = frozenset[str](), ""
    useless = [f"{test}: {unfit[test]}" for test in bug.caught_by if test in unfit]
    if useless:
        fault = "; ".join(useless)
    else:
        try:
            blind = frozenset(garden.survived(bug))
        except (DoesNotFit, NotRun) as reason:
            fault = str(reason)
    return Verdict(bug, blind, time.monotonic() - started, fault)


if __name__ == "__main__":
    sys.exit(main())
