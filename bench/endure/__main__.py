"""`python -m bench.endure WHAT --seconds N`: one thing over and over, its counts in one line of JSON.

trouble     a minute of `make chaos` after the other: kills, cuts, full disks, moved clocks
kills       kill -9 of who does the work of paid and refunded orders
duplicates  notices of payments and refunds, repeated and in any order
sale        500 buyers at once on 50 units
restarts    PostgreSQL killed under pushes and orders (PostgreSQL whatever --database says)
fuzz        the fuzzers of tests/fuzzing (SQLite)
hosts       `make hosts` again and again: silent hosts, a standby promoted (PostgreSQL)
soak        half a load and no trouble: memory and open files of every process stay what they are

0 when everything held; 1 with what did not, and the counts up to there. A round that was begun is ended.
"""

import argparse
import json
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.endure import duplicates, fuzz, hosts, kills, restarts, sale, soak, trouble
from bench.endure.ground import POSTGRESQL, SQLITE, Ground, peak_mb
from bench.machine import commit

PLAYS: Final[Mapping[str, Callable[[Ground], None]]] = {
    "trouble": trouble.play,
    "kills": kills.play,
    "duplicates": duplicates.play,
    "sale": sale.play,
    "restarts": restarts.play,
    "fuzz": fuzz.play,
    "hosts": hosts.play,
    "soak": soak.play,
}


ON_POSTGRESQL: Final = {"restarts", "hosts"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Play one of them for so long, and tell."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.endure",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=PLAYS)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to go on (60)")
    parser.add_argument("--seed", type=int, default=1, help="of what is done, and when (1)")
    parser.add_argument("--database", choices=[SQLITE, POSTGRESQL], default=SQLITE)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="wx-endure-") as folder:
        ground = Ground(Path(folder), asked.database, asked.seconds, asked.seed)
        broken = _broken(PLAYS[asked.what], ground)
    told = {
        "what": asked.what,
        "held": not broken,
        "seconds": round(time.monotonic() - ground.began),
        "seed": asked.seed,
        "database": POSTGRESQL if asked.what in ON_POSTGRESQL else asked.database,
        "commit": commit(),
        "counts": dict(ground.counts),
        "peak_mb": round(peak_mb()),
    }
    print(json.dumps(told | ({"broken": broken} if broken else {}), ensure_ascii=False))
    return int(bool(broken))


def _broken(play: Callable[[Ground], None], ground: Ground) -> str:
    """What did not hold, or what ended the run; empty when everything did hold."""
    try:
        play(ground)
    except Exception as error:  # noqa: BLE001 - whatever it was, the counts up to there are told
        traceback.print_exc()
        return f"{type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
