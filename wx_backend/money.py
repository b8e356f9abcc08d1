"""Money: whole fen as int, rates in basis points; no float, no rounding question."""

import re
from collections.abc import Sequence
from decimal import Decimal

FEN_MAX = 10**12  # ten billion yuan: above any amount this business sees, far below BIGINT

# Decimal() alone takes full-width digits, underscores and exponents too.
_TWO_PLACES = re.compile(r"-?[0-9]{1,10}\.[0-9]{2}")
_DECIMAL = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,8})?")


def split(amount_fen: int, weights: Sequence[int]) -> list[int]:
    """Share out an amount by weight; leftover fen go one each to the first shares.

    Raises ValueError for a negative amount, no weights, negative weights or a zero total.
    """
    total = sum(weights)
    if amount_fen < 0 or total <= 0 or min(weights) < 0:
        raise ValueError("split needs an amount >= 0 and weights with a positive sum")
    shares = [amount_fen * weight // total for weight in weights]
    leftover = amount_fen - sum(shares)
    for i, weight in enumerate(weights):
        if leftover == 0:
            break
        if weight:
            shares[i] += 1
            leftover -= 1
    return shares


def of_rate(amount_fen: int, rate_bp: int) -> int:
    """The part of an amount at a rate in basis points, cut to whole fen."""
    return amount_fen * rate_bp // 10_000


def yuan(amount_fen: int) -> str:
    """`-123456` -> `-1,234.56`, for people to read."""
    sign = "-" if amount_fen < 0 else ""
    whole, rest = divmod(abs(amount_fen), 100)
    return f"{sign}{whole:,}.{rest:02d}"


def fen_from_yuan(text: str) -> int:
    """`12.30` -> 1230, exactly; ValueError for anything but plain decimals within the limits."""
    if _TWO_PLACES.fullmatch(text):
        return int(text[:-3] + text[-2:])  # what every bill says, without the way over Decimal
    fen = Decimal(text) * 100 if _DECIMAL.fullmatch(text) else None
    if fen is None or fen != fen.to_integral_value() or abs(fen) > FEN_MAX:
        raise ValueError(f"not an amount in yuan: {text[:20]!r}")
    return int(fen)
