"""The hosts of `make hosts`, again and again: each time five go silent, and a standby is promoted."""

import re
from typing import Final

from bench.endure.ground import Ground
from bench.endure.told import told_by

ADDED: Final = ("orders", "paid", "scans", "promises")
_PROMOTED: Final = re.compile(r"promoted in ([\d.]+) s")


def play(ground: Ground) -> None:
    """One installation after the other, each with the next seed."""
    while not ground.is_over:
        told = told_by("demo.hosts", "--seed", str(ground.seed + ground.counts["rounds"]))
        ground.counts.update({name: told[name] for name in ADDED})
        ground.counts["silences"] += len(told["orders_in_trouble"])
        ground.counts["failovers"] += 1
        for seconds in _PROMOTED.findall(str(told["said_in_trouble"])):
            ground.most("slowest_promotion_ms", 1_000 * float(seconds))
        ground.counts["rounds"] += 1
