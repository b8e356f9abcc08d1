"""The demo's phone numbers: a pool in each city, the same numbers every time, none of them real."""

from datetime import datetime
from random import Random
from typing import Final

from catalog.number_models import NumberClass
from catalog.numbers import NumberData, import_numbers
from org.queries import node_by_code

POOLS: Final = (("CT01", 300), ("CT02", 100), ("CT03", 100))
# No operator gives out numbers that begin so.
PREFIX: Final = "1400"
FINE_ENDINGS: Final = ("888", "666", "168", "520")
# The least monthly fee of the plan a number goes with.
MINIMUM_FEN: Final = {NumberClass.FINE: 5_900, NumberClass.PREMIUM: 9_900}


def build(*, now: datetime) -> int:
    """Fill the pools; how many numbers."""
    random = Random(11)  # noqa: S311 - invented numbers, no secret
    tails = random.sample(range(10**7), sum(size for _, size in POOLS))
    made = 0
    for code, size in POOLS:
        node = node_by_code(code)
        assert node is not None  # noqa: S101 - seeded before
        made += import_numbers(
            node_id=node.id,
            numbers=[_number(tails.pop(), n) for n in range(size)],
            now=now,
        )
    return made


def _number(tail: int, place: int) -> NumberData:
    """Every tenth number ends well."""
    if place % 10:
        return NumberData(f"{PREFIX}{tail:07d}")
    ending = FINE_ENDINGS[place // 10 % len(FINE_ENDINGS)]
    is_premium = ending == "888"
    grade = NumberClass.PREMIUM if is_premium else NumberClass.FINE
    return NumberData(f"{PREFIX}{tail // 1000:04d}{ending}", grade, MINIMUM_FEN[grade])
