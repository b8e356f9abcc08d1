"""One number of the pool taken out by the people above it, or offered again."""

from datetime import datetime

from sqlalchemy import select

from catalog.number_models import PhoneNumber
from catalog.numbers import put_back, withdraw
from org.queries import under
from wx_backend.db import db
from wx_backend.errors import Conflict, NotFound


class NumberInUse(Conflict):
    code, message = "number_in_use", "该号码已被预占、订购、售出或撤出，不能撤出"


class NumberOnOffer(Conflict):
    code, message = "number_on_offer", "该号码没有撤出"


def take_out(*, number_id: int, node_id: int, now: datetime) -> None:
    """Take a number out of its pool. Raises NotFound for foreign ones too, and NumberInUse."""
    row = _within(number_id, node_id)
    if not withdraw(node_id=row.node_id, numbers=[row.msisdn], now=now):
        raise NumberInUse


def offer_again(*, number_id: int, node_id: int, now: datetime) -> None:
    """Offer a number that was taken out. Raises NotFound for foreign ones too, and NumberOnOffer."""
    row = _within(number_id, node_id)
    if not put_back(node_id=row.node_id, numbers=[row.msisdn], now=now):
        raise NumberOnOffer


def _within(number_id: int, node_id: int) -> PhoneNumber:
    query = select(PhoneNumber).where(PhoneNumber.id == number_id)
    row = db.session.scalar(query.where(PhoneNumber.node_id.in_(under(node_id))))
    if row is None:
        raise NotFound("没有这个号码")
    return row
