"""Verbs on the real-name check of a line's user: asked for, decided once, everything said is kept.

No identity document ever comes here: the operator's certified service checks, we keep its word.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from orders.models import Fulfilment, OrderLine, OrderStatus, RealName, RealNameSaid, SalesOrder
from orders.operations import locked_line
from orders.queries import lines_of_order
from wx_backend import numbers
from wx_backend.clock import business_on
from wx_backend.db import db, upsert

DECIDED: Final = frozenset({RealName.PASSED, RealName.REFUSED, RealName.EXPIRED})
REFERENCE: Final = "RN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What somebody says of a line's user; the same `key` is the same word."""

    key: str
    state: RealName
    actor: str
    reason: str = ""
    said_at: datetime = field(repr=False)


def ask_real_name(order: SalesOrder, *, within: timedelta, now: datetime) -> list[OrderLine]:
    """Give every line of a paid order that needs a check its reference and its last day; once.

    The lines this was new for.
    """
    asked = [
        line
        for line in lines_of_order(order.id)
        if is_open(line) and line.real_name_reference is None
    ]
    for line in asked:
        line.real_name_reference = numbers.new_number(REFERENCE, on=business_on(now))
        line.real_name_until = now + within
    db.session.flush()
    return asked


def record_word(*, line_id: int, word: Word) -> bool:
    """Keep a word, and let it decide if the line waits for one; False when it changed nothing.

    A line that was taken back meanwhile waits for none any more.
    """
    order, line = locked_line(line_id)
    decides = word.state in DECIDED and is_open(line) and order.status in _LIVE
    values = {
        "line_id": line_id,
        "key": word.key,
        "state": word.state,
        "is_applied": decides,
        "actor": word.actor,
        "reason": word.reason,
        "said_at": word.said_at,
    }
    if not upsert(RealNameSaid, values, key=("line_id", "key")) or not decides:
        return False
    line.real_name_state = word.state
    db.session.flush()
    return True


def is_open(line: OrderLine) -> bool:
    """Whether the check of a line is still to be made: it waits, and its money is not going back."""
    is_wanted = line.paid_fen == 0 or line.refund_reserved_fen < line.paid_fen
    is_over = line.fulfilment in {Fulfilment.CANCELLED, Fulfilment.ACTIVATED}
    return line.real_name_state == RealName.WAITING and is_wanted and not is_over


def is_given_up(line: OrderLine) -> bool:
    """Whether nothing will come of a line: it is cancelled, or all its money is going back."""
    is_back = line.refund_reserved_fen >= line.paid_fen > 0
    return is_back or line.fulfilment == Fulfilment.CANCELLED


def is_undecided(line: OrderLine) -> bool:
    """Whether a line keeps its order from billing: its check is open, or what a refusal means is."""
    return is_open(line) or (line.real_name_state in _WITHOUT and not is_given_up(line))


def going_back(line: OrderLine, lines: Iterable[OrderLine]) -> Sequence[OrderLine]:
    """What goes back with a line without a pass: its whole bundle, whoever else of it has passed.

    The line alone, once something of the bundle is on its way.
    """
    if line.bundle_item is None:
        return [line]
    bundle = [each for each in lines if each.bundle_item == line.bundle_item]
    others = [each for each in bundle if each.id != line.id]
    is_unsent = all(
        each.fulfilment in {Fulfilment.WAITING, Fulfilment.CANCELLED} for each in others
    )
    return bundle if is_unsent else [line]


def without_a_pass(lines: Sequence[OrderLine]) -> set[int]:
    """The lines of an order that nobody gets, since somebody's name was refused or never shown."""
    refused = [line for line in lines if line.real_name_state in _WITHOUT]
    return {each.id for line in refused for each in going_back(line, lines)}


def line_of_reference(reference: str) -> OrderLine | None:
    """The line the real-name service knows by this reference."""
    return db.session.scalars(
        select(OrderLine).where(OrderLine.real_name_reference == reference)
    ).one_or_none()


def words_on(line_ids: Sequence[int]) -> Sequence[RealNameSaid]:
    """Everything that was said of these lines, the oldest first."""
    return db.session.scalars(
        select(RealNameSaid).where(RealNameSaid.line_id.in_(line_ids)).order_by(RealNameSaid.id)
    ).all()


_WITHOUT: Final = frozenset({RealName.REFUSED, RealName.EXPIRED})
_LIVE: Final = frozenset({OrderStatus.PAID, OrderStatus.PART_REFUNDED})
