"""A rep's picks: the products he puts first in his showroom, in his order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select

from catalog.models import Product, RepPick
from catalog.offers import on_sale
from org.models import Rep
from wx_backend.db import db, locked
from wx_backend.errors import BadInput, NotFound

PICKS_MAX: Final = 12


class BadPicks(BadInput):
    """Too many picks, one twice, or one that is no product."""

    code, message = "bad_picks", f"请选择不超过 {PICKS_MAX} 件不同的商品"


def set_picks(*, rep_id: int, product_ids: Sequence[int]) -> None:
    """Make these products a rep's picks, in this order; none of them ends what he picked.

    Raises BadPicks, and NotFound for an unknown rep.
    """
    if locked(select(Rep).where(Rep.id == rep_id)) is None:
        raise NotFound
    known = set(db.session.scalars(select(Product.id).where(Product.id.in_(product_ids))))
    if len(product_ids) > PICKS_MAX or len(known) != len(product_ids):
        raise BadPicks(fields=["product_ids"])
    db.session.execute(delete(RepPick).where(RepPick.rep_id == rep_id))
    db.session.add_all(
        RepPick(rep_id=rep_id, product_id=product_id, position=position)
        for position, product_id in enumerate(product_ids)
    )
    db.session.flush()


def picks_of(rep_id: int, *, now: datetime | None = None) -> Sequence[Product]:
    """A rep's picks in his order; with `now` only those that are on sale at that instant."""
    query = (
        select(Product)
        .join(RepPick, RepPick.product_id == Product.id)
        .where(RepPick.rep_id == rep_id)
        .order_by(RepPick.position)
    )
    return db.session.scalars(query if now is None else query.where(on_sale(now))).all()
