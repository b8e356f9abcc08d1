"""The trouble of `make chaos`, minute after minute, each with the next seed: what all of them went through together."""

from typing import Final

from bench.endure.ground import Ground
from bench.endure.told import told_by

A_ROUND_SECONDS: Final = 60
ADDED: Final = (
    *("kills", "kills_at_work", "orders", "paid", "taken_back", "scans", "promises"),
    *("letters", "sender_deaths", "searched_mb"),
)


def play(ground: Ground) -> None:
    """Minute after minute; the logs of one that fails are kept, and the way to play it again is told."""
    while not ground.is_over:
        seed = ground.seed + ground.counts["rounds"]
        options = ("--seconds", str(A_ROUND_SECONDS), "--database", ground.database)
        told = told_by("demo.chaos", "--seed", str(seed), *options)["chaos"]
        ground.counts.update({name: told[name] for name in ADDED})
        ground.counts["faults"] += sum(told["faults"].values())
        ground.counts["trouble_seconds"] += A_ROUND_SECONDS
        ground.most("slowest_well_ms", 1_000 * told["well_seconds"])
        ground.most("slowest_drained_ms", 1_000 * told["drained_seconds"])
        ground.counts["rounds"] += 1
