"""What happens to a rep's customers, newest first: follows, visits, orders, refunds, lines given on."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final, Self

from flows.credits import credits_of
from flows.my_customers import Customer, named_customers
from flows.receipt_pages import PLACES
from orders.feed import Moved, moves_before
from orders.models import OrderLine, OrderStatus, SalesOrder
from orders.queries import line_by_id, lines_of_order, order_by_id
from orders.search import lines_credited_to
from org.roster import heirs_line
from payments.feed import WentBack, refunds_before
from referral.feed import Met, contacts_before
from referral.reassigning import reassigned_before
from referral.reassignment_models import Reassignment
from referral.values import TouchKind
from wx_backend.db import instant, microseconds
from wx_backend.errors import NotFound

NEWEST: Final = 2**62
NOBODY: Final = "匿名访客"
SOMEBODY: Final = "客户"
GAINED: Final = "的订单改判给您"
LOST: Final = "的订单已改判给他人"
_WORDS: Final[Mapping[str, str]] = {
    TouchKind.SUBSCRIBE: "关注了公众号",
    TouchKind.SCAN: "扫了您的码",
    TouchKind.LINK_OPENED: "打开了您的链接",
    TouchKind.LAUNCHED: "打开了小程序",
    OrderStatus.PLACED: "下单",
    OrderStatus.PAID: "付款",
}
_POSITION: Final = re.compile(r"([0-9]{1,17})-([0123])-([0-9]{1,18})")


class Source(IntEnum):
    """Where an entry comes from; of one instant, the higher one is told first."""

    CONTACT = 0
    ORDER = 1
    REFUND = 2
    GIVEN = 3


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the feed; entries are told from each other by it, and pages begin after it."""

    at: datetime
    source: Source
    row_id: int

    @classmethod
    def parsed(cls, text: str) -> Self | None:
        """What `str` wrote; None for anything else."""
        match = _POSITION.fullmatch(text) if text.isascii() else None
        if match is None:
            return None
        return cls(instant(int(match[1])), Source(int(match[2])), int(match[3]))

    def __str__(self) -> str:
        return f"{microseconds(self.at)}-{self.source}-{self.row_id}"

    def before(self, source: Source) -> tuple[datetime, int]:
        """From where on the rows of a source are older than this position."""
        if source is self.source:
            return self.at, self.row_id
        return self.at, NEWEST if source < self.source else 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; `customer` is there while he is the rep's, `order` for orders."""

    position: Position
    words: str
    who: str
    customer: Customer | None
    about: str = ""
    order: str = ""

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.position.at


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Some of the entries; `before` begins the next page, if any."""

    entries: Sequence[Entry]
    before: Position | None


@dataclass(frozen=True, slots=True)
class _News:
    """An entry before anybody is named."""

    position: Position
    words: str
    identity_id: int | None
    about: str = ""
    order: str = ""


def rep_feed(rep_id: int, *, before: Position | None, limit: int, now: datetime) -> FeedPage:
    """The news of a rep before a position, the newest first."""
    start = before or Position(now, max(Source), NEWEST)
    found = sorted(_news(rep_id, start, limit + 1), key=lambda each: each.position, reverse=True)
    shown = found[:limit]
    met = {each.identity_id for each in shown if each.identity_id is not None}
    customers = named_customers(rep_id, met, now=now)
    return FeedPage(
        entries=[_entry(each, customers) for each in shown],
        before=shown[-1].position if len(found) > limit else None,
    )


def _news(rep_id: int, start: Position, limit: int) -> Iterator[_News]:
    for met in contacts_before(heirs_line(rep_id), start.before(Source.CONTACT), limit=limit):
        yield _of_contact(met)
    for moved in moves_before(rep_id, start.before(Source.ORDER), limit=limit):
        yield _of_order(moved, rep_id)
    lines = lines_credited_to(credits_of(rep_id))
    for back in refunds_before(lines, start.before(Source.REFUND), limit=limit):
        yield _of_refund(back)
    for given in reassigned_before(rep_id, start.before(Source.GIVEN), limit=limit):
        yield _of_given(given, rep_id)


def _of_contact(met: Met) -> _News:
    position = Position(met.at, Source.CONTACT, met.touch_id)
    return _News(position, _WORDS[met.kind], met.identity_id, f"来自{PLACES[met.place]}")


def _of_order(moved: Moved, rep_id: int) -> _News:
    """An order with the names of the rep's lines in it."""
    mine = [
        line.name
        for line in lines_of_order(moved.order_id)
        if rep_id in (line.developer_rep_id, line.acceptor_rep_id)
    ]
    position = Position(moved.at, Source.ORDER, moved.transition_id)
    words = _WORDS[moved.to_status]
    return _News(position, words, moved.identity_id, "、".join(mine), moved.number)


def _of_given(given: Reassignment, rep_id: int) -> _News:
    """A line that two persons gave to the rep, or took from him."""
    line, order = _sold(given.order_line_id)
    if given.decided_at is None:
        raise NotFound
    position = Position(given.decided_at, Source.GIVEN, given.id)
    words = GAINED if given.to_rep_id == rep_id else LOST
    return _News(position, words, order.identity_id, line.name, order.number)


def _sold(line_id: int) -> tuple[OrderLine, SalesOrder]:
    line = line_by_id(line_id)
    order = order_by_id(line.order_id) if line else None
    if line is None or order is None:
        raise NotFound
    return line, order


def _of_refund(back: WentBack) -> _News:
    line, order = _sold(back.line_id)
    position = Position(back.at, Source.REFUND, back.refund_line_id)
    return _News(position, "退款", order.identity_id, line.name, order.number)


def _entry(news: _News, customers: Mapping[int, Customer]) -> Entry:
    customer = customers.get(news.identity_id) if news.identity_id is not None else None
    known = customer.name if customer else SOMEBODY
    return Entry(
        position=news.position,
        words=news.words,
        who=known if news.identity_id is not None else NOBODY,
        customer=customer,
        about=news.about,
        order=news.order,
    )
