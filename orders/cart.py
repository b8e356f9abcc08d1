"""Verbs and reads of carts: put in, change, take out, carry over at the sign-in."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select

from orders.cart_models import CartLine
from orders.errors import QuantityRefused
from orders.rules import LINES_MAX, QUANTITY_MAX
from wx_backend.db import db, locked, upsert
from wx_backend.errors import Conflict, NotFound

CHOICE_COUNTS_FOR: Final = timedelta(days=30)
"""So long what was put in the cart is credited as of then; afterwards as of the order."""
KEPT_FOR: Final = timedelta(days=90)


class CartFull(Conflict):
    code, message = "cart_full", f"购物车最多放 {LINES_MAX} 种商品，请先结算或删除一些"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose cart: a person's under one of his identities, or an anonymous browser's."""

    identity_id: int | None = None
    visitor_id: int | None = None

    @property
    def key(self) -> str:
        """One text for both, to be unique by."""
        is_person = self.identity_id is not None
        return f"identity:{self.identity_id}" if is_person else f"visitor:{self.visitor_id}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One press of "put in the cart"; `key` is the same however often it arrives."""

    sku_id: int
    quantity: int
    price_fen: int
    share_id: int | None
    key: str


def put_in_cart(*, owner: Owner, choice: Choice, now: datetime) -> None:
    """Put pieces of a variant in a cart; more of it where some is there already, up to 99.

    The newest choice says by whose share the line came. Raises CartFull, QuantityRefused.
    """
    if not 1 <= choice.quantity <= QUANTITY_MAX:
        raise QuantityRefused
    values = {
        "owner_key": owner.key,
        "identity_id": owner.identity_id,
        "visitor_id": owner.visitor_id,
        "sku_id": choice.sku_id,
        "quantity": choice.quantity,
        "shown_price_fen": choice.price_fen,
        "share_id": choice.share_id,
        "chosen_at": now,
        "last_key": choice.key,
    }
    if upsert(CartLine, values, key=("owner_key", "sku_id")):
        if count_lines(owner) > LINES_MAX:
            raise CartFull
        return
    line = _locked_line(owner, choice.sku_id)
    if line.last_key == choice.key:
        return
    line.quantity, line.last_key = min(line.quantity + choice.quantity, QUANTITY_MAX), choice.key
    if line.chosen_at <= now:
        line.shown_price_fen, line.share_id, line.chosen_at = (
            choice.price_fen,
            choice.share_id,
            now,
        )
    db.session.flush()


def change_quantity(*, owner: Owner, sku_id: int, quantity: int) -> None:
    """Have so many pieces of a line. Raises NotFound, QuantityRefused."""
    if not 1 <= quantity <= QUANTITY_MAX:
        raise QuantityRefused
    _locked_line(owner, sku_id).quantity = quantity
    db.session.flush()


def take_out(*, owner: Owner, sku_ids: Collection[int]) -> None:
    """Take lines out of a cart: ordered, or not wanted any more; what is not there is out."""
    db.session.execute(
        delete(CartLine).where(CartLine.owner_key == owner.key, CartLine.sku_id.in_(sku_ids))
    )


def empty_cart(*, owner: Owner) -> None:
    """Forget what somebody had put aside."""
    db.session.execute(delete(CartLine).where(CartLine.owner_key == owner.key))


def carry_over(*, visitor_id: int, identity_id: int) -> int:
    """Whoever filled the cart of this browser has signed in: it is his; how many lines it was.

    Of a variant that lies in both carts there are as many as in both, and the newer choice
    stands. What does not fit any more is left out.
    """
    taken = db.session.scalars(
        delete(CartLine)
        .where(CartLine.owner_key == Owner(visitor_id=visitor_id).key)
        .returning(CartLine)
    ).all()
    person = Owner(identity_id=identity_id)
    for line in sorted(taken, key=lambda line: line.chosen_at):
        choice = Choice(
            line.sku_id, line.quantity, line.shown_price_fen, line.share_id, line.last_key
        )
        with suppress(CartFull), db.session.begin_nested():
            put_in_cart(owner=person, choice=choice, now=line.chosen_at)
    return len(taken)


def lines_of(owner: Owner) -> Sequence[CartLine]:
    """What lies in a cart, the newest first."""
    return db.session.scalars(
        select(CartLine)
        .where(CartLine.owner_key == owner.key)
        .order_by(CartLine.chosen_at.desc(), CartLine.id.desc())
    ).all()


def was_pressed(owner: Owner, sku_id: int, key: str) -> bool:
    """Whether this press is the last one that put pieces of a variant in a cart."""
    query = select(CartLine.id).where(
        CartLine.owner_key == owner.key, CartLine.sku_id == sku_id, CartLine.last_key == key
    )
    return db.session.scalar(query) is not None


def count_lines(owner: Owner) -> int:
    """How many variants lie in a cart."""
    query = select(func.count()).select_from(CartLine).where(CartLine.owner_key == owner.key)
    return db.session.scalar(query) or 0


def _locked_line(owner: Owner, sku_id: int) -> CartLine:
    line = locked(
        select(CartLine).where(CartLine.owner_key == owner.key, CartLine.sku_id == sku_id)
    )
    if line is None:
        raise NotFound("购物车里没有这件商品")
    return line
