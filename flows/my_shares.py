"""A rep's shares with what came of each: clicks, follows, orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flows.receipt_pages import PLACES
from flows.share_kit import About, about_of
from orders.figures import sold_lines
from referral.models import Share
from referral.results import Spread, shares_of_rep, spread_of


@dataclass(frozen=True, slots=True)
class ShareResult:
    """One share: where it went, what it shows, how far it got, and the paid orders it won."""

    share: Share
    place: str
    about: About
    spread: Spread
    orders: int


@dataclass(frozen=True, slots=True)
class SharePage:
    """Some of the shares, the newest first; `after` begins the next page, if any."""

    results: Sequence[ShareResult]
    after: int | None


def my_shares(rep_id: int, *, after: int = 0, limit: int, now: datetime) -> SharePage:
    """What a rep shared himself, with the results of each."""
    found = shares_of_rep(rep_id, after=after, limit=limit + 1)
    more = after + limit if len(found) > limit else None
    return SharePage(results_of(found[:limit], now), more)


def results_of(shares: Sequence[Share], now: datetime) -> list[ShareResult]:
    """The results of some shares, counted together."""
    spreads = spread_of(share.id for share in shares)
    sold = sold_lines(line for spread in spreads.values() for line in spread.line_ids)
    return [
        ShareResult(
            share=share,
            place=PLACES[share.place],
            about=about_of(share, now),
            spread=spreads[share.id],
            orders=len({sold[line] for line in spreads[share.id].line_ids if line in sold}),
        )
        for share in shares
    ]
