"""The fuzzers round by round, each with the next seed: how many inputs every reader and door has borne."""

from typing import Final

from bench.endure.ground import Ground
from bench.endure.tried import tried

A_ROUND: Final = 500


def play(ground: Ground) -> None:
    """As many inputs as there is time for; what one of them finds is told as pytest tells it."""
    while not ground.is_over:
        seed = ground.seed + ground.counts["rounds"]
        options = (f"--examples={A_ROUND}", f"--fuzz-seed={seed}")
        ground.counts["executions"] += tried(ground, *options, "tests/fuzzing")
        ground.counts["rounds"] += 1
