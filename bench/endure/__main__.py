"""`python -m bench.endure WHAT --seconds N`: one thing over and over, its counts in one line of JSON.

callbacks   300 pushes a second (--rate) through the push door, then 5,000 in ten seconds (PostgreSQL)
notices     100 pay notices a second (--rate) with repeats and out of turn, through the web server (PostgreSQL)
trouble     a minute of `make chaos` after the other: kills, cuts, full disks, moved clocks
kills       kill -9 of who does the work of paid and refunded orders
duplicates  notices of payments and refunds, repeated and in any order
sale        500 buyers at once on 50 units
restarts    PostgreSQL killed under pushes and orders (PostgreSQL whatever --database says)
fuzz        the fuzzers of tests/fuzzing (SQLite)
hosts       `make hosts` again and again: silent hosts, a standby promoted (PostgreSQL)
soak        half a load and no trouble: memory and open files of every process stay what they are
sends       campaigns whose senders are killed (SQLite)
access      every cell of route, caller and place, once
bill        a day's bill of 100,000 rows with 200 planted differences, on both databases, once
restore     a year of 100,000 orders backed up and brought back, compared row for row, once (PostgreSQL)

all         each of them with as many seeds as --rounds says; then the table
table       what the runs of this commit in the journal came to, beside what is stated: build/endure.md

0 when everything held; 1 with what did not, and the counts up to there. A round that was begun is ended.
"""

import argparse
import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.endure import (
    access,
    bill,
    callbacks,
    duplicates,
    fuzz,
    hosts,
    kills,
    notices,
    restarts,
    restore,
    sale,
    sends,
    soak,
    trouble,
)
from bench.endure.ground import POSTGRESQL, SQLITE, Ground, peak_mb
from bench.endure.report import play_all, write_table
from bench.machine import commit

PLAYS: Final[Mapping[str, Callable[[Ground], None]]] = {
    "callbacks": callbacks.play,
    "notices": notices.play,
    "trouble": trouble.play,
    "kills": kills.play,
    "duplicates": duplicates.play,
    "sale": sale.play,
    "restarts": restarts.play,
    "fuzz": fuzz.play,
    "hosts": hosts.play,
    "soak": soak.play,
    "sends": sends.play,
    "access": access.play,
    "bill": bill.play,
    "restore": restore.play,
}
ON_POSTGRESQL: Final = {"callbacks", "notices", "restarts", "hosts", "restore"}
ON_SQLITE: Final = {"fuzz", "sends"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Play one of them for so long, and tell; or all of them, or what they came to."""
    asked = _asked(arguments)
    if asked.what == "table":
        return write_table(asked.journal)
    if asked.what == "all":
        return play_all(PLAYS, asked)
    told = _played(asked)
    line = json.dumps(told, ensure_ascii=False)
    print(line)
    if asked.journal:
        asked.journal.parent.mkdir(parents=True, exist_ok=True)
        with asked.journal.open("a", encoding="utf-8") as journal:
            journal.write(f"{line}\n")
    return int(not told["held"])


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.endure",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=[*PLAYS, "all", "table"])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to go on (60)")
    parser.add_argument("--seed", type=int, default=1, help="of what is done, and when (1)")
    parser.add_argument("--rounds", type=int, default=5, help="seeds of `all`, from --seed on (5)")
    parser.add_argument("--rate", type=int, help="a second, of callbacks and notices")
    parser.add_argument("--database", choices=[SQLITE, POSTGRESQL], default=SQLITE)
    parser.add_argument("--journal", type=Path, help="a file that gets the line too")
    return parser.parse_args(arguments)


def _played(asked: argparse.Namespace) -> dict[str, Any]:
    """What the one line says."""
    load, database = os.getloadavg()[0], _database(asked)
    with tempfile.TemporaryDirectory(prefix="wx-endure-") as folder:
        ground = Ground(Path(folder), database, asked.seconds, asked.seed, asked.rate)
        broken = _broken(PLAYS[asked.what], ground)
    told = {
        "what": asked.what,
        "held": not broken,
        "asked_seconds": asked.seconds,
        "seconds": round(time.monotonic() - ground.began),
        "seed": asked.seed,
        "database": database,
        "commit": commit(),
        "load": [round(load, 1), round(os.getloadavg()[0], 1)],
        "counts": dict(ground.counts),
        "peak_mb": round(peak_mb()),
    }
    return told | ({"broken": broken} if broken else {})


def _database(asked: argparse.Namespace) -> str:
    """The one that was asked for, where a run leaves a choice."""
    if asked.what in ON_POSTGRESQL:
        return POSTGRESQL
    return SQLITE if asked.what in ON_SQLITE else str(asked.database)


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
