"""Reviews: the customer's stars and words, the outlet's answer, what all say of one product."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, func, select, update

from fulfilment.errors import AlreadyReviewed
from fulfilment.models import Chain, Review
from wx_backend.clock import business_on
from wx_backend.db import db, upsert
from wx_backend.errors import BadInput, NotFound
from wx_backend.words import one_line

TEXT_LENGTH: Final = 500
BAD: Final = 2
GOOD: Final = 4
"""Up to so many stars a review is a bad one; from so many on a good one."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What customers say of one product: how many of them, all their stars, the newest words."""

    count: int
    stars: int
    newest: Sequence["Said"]

    @property
    def average(self) -> str:
        """`4.8`; empty while nobody has said anything."""
        return f"{self.stars / self.count:.1f}" if self.count else ""


@dataclass(frozen=True, slots=True)
class Said:
    """One review as everybody may read it; `on` is the day in Shanghai, `reply` the outlet's answer."""

    stars: int
    text: str
    on: str
    reply: str


def add_review(chain: Chain, *, product_id: int, stars: int, text: str, now: datetime) -> None:
    """Keep what the customer says of a line; AlreadyReviewed the second time, BadInput."""
    if type(stars) is not int or not 1 <= stars <= 5:
        raise BadInput("请选择一到五星", fields=["stars"])
    values = {
        "order_line_id": chain.order_line_id,
        "chain_id": chain.id,
        "outlet_id": chain.outlet_id,
        "product_id": product_id,
        "stars": stars,
        "text": _plain(text),
        "reviewed_at": now,
    }
    if not upsert(Review, values, key=("order_line_id",)):
        raise AlreadyReviewed


def reply_review(
    *, review_id: int, scope: Select[int], text: str, actor: str, now: datetime
) -> None:
    """Answer a review of an outlet of the scope, once; NotFound for any other or a second one."""
    answer = _plain(text)
    if not answer:
        raise BadInput("请填写回复内容", fields=["reply"])
    changed = db.session.execute(
        update(Review)
        .where(Review.id == review_id, Review.outlet_id.in_(scope), Review.replied_at.is_(None))
        .values(reply=answer, replied_by=actor, replied_at=now)
        .execution_options(synchronize_session=False)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]  # a CursorResult
        raise NotFound


def summary_of_product(product_id: int, *, shown: int = 3) -> Summary:
    """What customers say of a product, with the newest ones that use words."""
    count, stars = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Review.stars), 0)).where(
            Review.product_id == product_id
        )
    ).one()
    newest = select(Review).where(Review.product_id == product_id, Review.text != "")
    rows = db.session.scalars(newest.order_by(Review.reviewed_at.desc()).limit(shown))
    said = [
        Said(r.stars, r.text, business_on(r.reviewed_at).isoformat(), r.reply or "") for r in rows
    ]
    return Summary(count, int(stars), said)


def reviews_to_answer(scope: Select[int], *, limit: int = 50) -> list[Review]:
    """Reviews of these outlets nobody has answered, the worst and oldest first."""
    return list(
        db.session.scalars(
            select(Review)
            .where(Review.outlet_id.in_(scope), Review.replied_at.is_(None))
            .order_by(Review.stars, Review.reviewed_at)
            .limit(limit)
        )
    )


def _plain(text: str) -> str:
    return one_line(text).strip()[:TEXT_LENGTH]
