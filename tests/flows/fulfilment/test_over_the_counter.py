"""What a pickup code fetches: the lines that lie ready there, and no other of the order."""

from datetime import datetime

import pytest

from flows.fulfilment.over_the_counter import hand_out, what_to_hand_out
from flows.refund.agree import LinesBack, refund_order_lines
from fulfilment.errors import WrongCode
from orders.models import Delivery
from orders.values import Item
from tests.flows.fulfilment.counter import CAROL, IMEI, OTHER_IMEI, Counter
from tests.flows.fulfilment.test_asking_back import call_return_off
from tests.flows.trade.market import lines
from wx_backend import clock
from wx_backend.db import db, retried


@pytest.fixture
def pair_id(counter: Counter) -> int:
    """An order of two phones to be fetched, each a line of its own."""
    phone = counter.market.wares.phone
    return counter.buy(Item(phone, 1), Item(phone, 1), delivery=Delivery.PICKUP)


def refund(order_id: int, line: int) -> None:
    row = lines(order_id)[line]
    back = LinesBack(order_id, {row.id: row.paid_fen}, "不想要了", "staff:1", "one")
    db.session.rollback()
    retried(lambda: refund_order_lines(back, now=clock.now()))


def look(counter: Counter, code: str) -> tuple[list[list[str]], list[str]]:
    """The serials of each unit that is to be handed out, and why each other line stays."""
    db.session.rollback()
    found = what_to_hand_out(outlet_id=counter.outlet_id, code=code, now=clock.now())
    return [list(unit.serials) for unit in found.units], [each.why for each in found.kept]


def fetch(counter: Counter, code: str, at: datetime | None = None) -> list[str]:
    """The second tap; why each line that Bob has not got stays."""
    db.session.rollback()
    now = at or clock.now()
    done = hand_out(outlet_id=counter.outlet_id, code=code, actor=CAROL, now=now)
    return [each.why for each in done.kept]


def test_what_was_given_back_is_not_handed_out(counter: Counter, pair_id: int) -> None:
    counter.pack(pair_id)
    counter.pack(pair_id, imei=OTHER_IMEI, line=1)
    refund(pair_id, 0)
    assert look(counter, counter.code(pair_id)) == ([[OTHER_IMEI]], ["已退款或正在退款，请勿交付"])
    assert fetch(counter, counter.code(pair_id)) == ["已退款或正在退款，请勿交付"]
    assert [line.fulfilment for line in lines(pair_id)] == ["waiting", "received"]


def test_what_is_not_packed_stays_and_has_a_code_of_its_own_later(
    counter: Counter, pair_id: int
) -> None:
    counter.pack(pair_id)
    first = counter.code(pair_id)
    assert look(counter, first) == ([[IMEI]], ["还没有备好"])
    for _ in range(2):  # the tap that came twice says the same
        assert fetch(counter, first) == ["还没有备好"]
    counter.pack(pair_id, imei=OTHER_IMEI, line=1)
    assert look(counter, counter.code(pair_id)) == ([[OTHER_IMEI]], [])
    with pytest.raises(WrongCode):
        look(counter, first)
    assert fetch(counter, counter.code(pair_id)) == []
    assert [line.fulfilment for line in lines(pair_id)] == ["received", "received"]


def test_what_the_customer_kept_after_all_is_not_said_to_stay(
    counter: Counter, pair_id: int
) -> None:
    counter.pack(pair_id)
    counter.redeem(pair_id)
    call_return_off(counter, pair_id)
    counter.pack(pair_id, imei=OTHER_IMEI, line=1)
    assert look(counter, counter.code(pair_id)) == ([[OTHER_IMEI]], [])
