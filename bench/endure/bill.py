"""A day's bill with planted differences, by `bench.reconcile`: how many are found, how many are false, how long it takes."""

import math
import re
from typing import Final

from bench.endure.ground import Ground, expect
from bench.endure.told import said_by

ROWS, PLANTED = 100_000, 200
_FOUND: Final = re.compile(r"(\w+) +found (\d+) of (\d+), false (\d+), +([\d.]+) s")


def play(ground: Ground) -> None:
    """One day on each database; it takes as long as it takes."""
    said = said_by("bench.reconcile", str(ROWS), str(PLANTED))
    days = _FOUND.findall(said)
    expect("databases compared", len(days), 2)
    for name, found, planted, false, seconds in days:
        ground.counts.update(rows=ROWS, planted=int(planted), found=int(found), false=int(false))
        ground.most(f"{name.lower()}_seconds", math.ceil(float(seconds)))
    expect("differences found", ground.counts["found"], ground.counts["planted"])
    expect("false differences", ground.counts["false"], 0)
    ground.counts["rounds"] += 1
