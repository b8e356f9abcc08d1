"""One message per quarter of an hour with what happened to a rep's customers, for who wants it so."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flows.credits import credits_of
from flows.telling_reps import DIGEST, can_digest, tell_rep
from orders.feed import moves_counted
from orders.models import OrderStatus
from orders.search import lines_credited_to
from org.roster import heirs_line
from payments.feed import refunds_counted
from referral.feed import contacts_learnt
from templates_msg.digests import choose_digest, claim_digest, digests_due, quarter_before
from templates_msg.rules import shortened
from wx_backend.clock import SHANGHAI
from wx_backend.errors import Conflict

AT_ONCE: Final = 200
# What a transaction under way at the end of a quarter writes is seen by then.
SETTLED_AFTER: Final = timedelta(seconds=30)


class NoDigests(Conflict):
    """No account that reaches him has a message for digests: he would hear nothing at all."""

    code, message = "no_digests", "暂时收不到摘要：请先关注公众号，或等公众号开通摘要消息"


@dataclass(frozen=True, slots=True)
class News:
    """How often what happened."""

    follows: int
    visits: int
    orders: int
    paid: int
    refunds: int

    @property
    def is_any(self) -> bool:
        """Whether there is anything to tell."""
        return any((self.follows, self.visits, self.orders, self.paid, self.refunds))


def want_digest(rep_id: int, *, now: datetime) -> None:
    """A rep has digests instead of single messages from now on. Raises NoDigests."""
    if not can_digest(rep_id):
        raise NoDigests
    choose_digest(rep_id=rep_id, now=now)


def tell_digests(*, now: datetime) -> int:
    """Tell each rep who wants it what we learnt up to the last full quarter; how many were told.

    Whoever was not told for longer, because nothing ran, gets all of it in one message.
    """
    until = quarter_before(now - SETTLED_AFTER)
    told = 0
    for rep_id, told_until in digests_due(until, limit=AT_ONCE):
        if claim_digest(rep_id=rep_id, told_until=told_until, until=until):
            news = news_between(rep_id, told_until, until)
            told += news.is_any and _tell(rep_id, news, until, now)
    return told


def news_between(rep_id: int, since: datetime, until: datetime) -> News:
    """What we learnt of a rep's customers from an instant until before another."""
    contacts = contacts_learnt(heirs_line(rep_id), since, until)
    moves = moves_counted(rep_id, since, until)
    return News(
        follows=contacts.follows,
        visits=contacts.openings + contacts.scans - contacts.follows,
        orders=moves.get(OrderStatus.PLACED, 0),
        paid=moves.get(OrderStatus.PAID, 0),
        refunds=refunds_counted(lines_credited_to(credits_of(rep_id)), since, until),
    )


def summary_of(news: News) -> str:
    """`关注3 访问12 下单1 付款1`: what happened at all, within the twenty characters of a field."""
    counted = (
        ("关注", news.follows),
        ("访问", news.visits),
        ("下单", news.orders),
        ("付款", news.paid),
        ("退款", news.refunds),
    )
    return shortened(" ".join(f"{name}{count}" for name, count in counted if count))


def _tell(rep_id: int, news: News, until: datetime, now: datetime) -> bool:
    return tell_rep(
        rep_id,
        purpose=DIGEST,
        key=f"{DIGEST}:{rep_id}:{int(until.timestamp())}",
        values={
            "follows": str(news.follows),
            "visits": str(news.visits),
            "orders": str(news.orders),
            "paid": str(news.paid),
            "summary": summary_of(news),
            "until": f"{until.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        },
        page="feed",
        now=now,
    )
