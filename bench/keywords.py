"""One text against many keyword rules: one pass of ours beside looking for each, round by round.

    python -m bench.keywords [rounds]

Prints the median of microseconds of process CPU per text, and of milliseconds per build. The texts
contain none of the words, which is the most there is to do.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

from menus.words import WordIndex

SIZES = (10, 100, 1_000, 10_000)
LENGTHS = (10, 100, 680)  # 680 Chinese characters are the 2,048 bytes a message may have
ALPHABET = [chr(code) for code in range(0x4E00, 0x4E00 + 600)]


def main() -> None:
    """Measure and print a table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    chance = random.Random(1)  # noqa: S311 - nothing is to be kept secret
    print("| rules | text | one pass, us | one by one, us | build, ms |")
    print("|---|---|---|---|---|")
    for size in SIZES:
        words = ["".join(chance.choices(ALPHABET, k=4)) for _ in range(size)]
        build = min(_cpu(partial(WordIndex, words)) for _ in range(3))
        index = WordIndex(words)
        for length in LENGTHS:
            text = "".join(chance.choices(ALPHABET, k=length))
            ours = _median(rounds, partial(index.first_in, text))
            each = _median(rounds, partial(_first, words, text))
            print(f"| {size} | {length} | {ours:.1f} | {each:.1f} | {build * 1e3:.1f} |")


def _first(words: list[str], text: str) -> int | None:
    return next((rank for rank, word in enumerate(words) if word in text), None)


def _median(rounds: int, work: Callable[[], object]) -> float:
    """Microseconds of one call, the median of rounds of fifty."""
    return statistics.median(_cpu(lambda: [work() for _ in range(50)]) for _ in range(rounds)) * 2e4


def _cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    main()
