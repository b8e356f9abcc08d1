"""Campaigns whose senders are killed, by `bench.campaign_kills`: nobody gets it twice, whoever got nothing is listed."""

import re
from typing import Final

from bench.endure.ground import Broken, Ground
from bench.endure.told import said_by

PEOPLE, KILLS = 5_000, 50
_TOLD: Final = re.compile(
    r"(?P<kills>\d+) of \d+ kills hit .*?, (?P<died>\d+) of \d+ deaths .*?"
    r"\n(?P<unsettled>[\d,]+) were unknown .*?"
    r"\nreceived (?P<received>[\d,]+), twice (?P<twice>\d+), nothing (?P<nothing>[\d,]+), "
    r"of them listed as unknown (?P<listed>[\d,]+); unknown (?P<unknown>[\d,]+);",
    re.DOTALL,
)


def play(ground: Ground) -> None:
    """One campaign after the other, each with the next seed."""
    while not ground.is_over:
        seed = ground.seed + ground.counts["rounds"]
        said = said_by("bench.campaign_kills", str(PEOPLE), str(KILLS), str(seed))
        if (told := _TOLD.search(said)) is None:
            raise Broken(f"seed {seed}: {said}")
        found = told.groupdict(default="0")
        counts = {name: int(value.replace(",", "")) for name, value in found.items()}
        ground.counts.update(counts, people=PEOPLE)
        ground.counts["rounds"] += 1
