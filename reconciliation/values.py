"""What is compared with what: rows of the legs as plain values, and what was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from reconciliation.models import DifferenceClass, TradeKind


class There(NamedTuple):
    """A row of the trade bill: WeChat Pay's side."""

    number: str
    id: int
    kind: str
    platform_id: str
    payment_number: str
    appid: str
    currency: str
    state: str
    amount_fen: int
    fee_e5: int | None
    traded_at: datetime
    copies: int


class Here(NamedTuple):
    """A payment or refund of ours; `state` is ours, `platform_id` empty while we know none."""

    number: str
    platform_id: str
    amount_fen: int
    currency: str
    state: str
    order_id: int


class Moved(NamedTuple):
    """What the fund flow has under one number of the platform: the sum of its rows, in fen."""

    number: str
    amount_fen: int
    rows: int
    copies: int


class Booked(NamedTuple):
    """What an account of the ledger has under one number."""

    number: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement: in what way, about what, what each side says, and the evidence."""

    kind: DifferenceClass
    subject: str
    theirs_fen: int | None = None
    ours_fen: int | None = None
    order_id: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class LegSum:
    """How much one leg has on a day: rows and fen."""

    rows: int = 0
    fen: int = 0

    def add(self, amount_fen: int, rows: int = 1) -> None:
        """Count one more row."""
        self.rows += rows
        self.fen += amount_fen


def subject_of(kind: TradeKind | str, number: str) -> str:
    """`payment:PY...`, `refund:RF...`: what a difference is about."""
    return f"{kind}:{number}"[:80]
