"""A line was given to another rep: both read why, each in his income and on the proof, and nobody else."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from sqlalchemy import select, update

from orders.models import OrderLine, OrderStatus, SalesOrder
from orders.moves import move_order
from referral.disputes import open_dispute
from referral.models import Dispute
from settlement.queries import commissions_of_line
from settlement.refunds import take_back
from tests.console.upheld import REASON, Upheld, agree, asked_for, dispute_of
from tests.console.world import World
from tests.org.cast import hire
from tests.terminal.conftest import Phones, bound
from tests.terminal.phone import RepPhone
from wx_backend import clock
from wx_backend.db import retried, transaction

GAINED, LOST = "改判给您", "已改判给他人"


@pytest.fixture
def upheld(world: World) -> Upheld:
    return dispute_of(world)


@pytest.fixture
def alice(phone_of: Phones, world: World) -> RepPhone:
    return bound(phone_of, "Alice", world.alice_id)


@pytest.fixture
def sue(phone_of: Phones, upheld: Upheld) -> RepPhone:
    return bound(phone_of, "Dave", upheld.sue_id)


def give(world: World, upheld: Upheld) -> None:
    """Two persons give Alice's line to Sue."""
    waiting = asked_for(upheld, world.tree.south)
    retried(lambda: agree(waiting, world.tree.south))


def another_dispute(upheld: Upheld) -> int:
    """Somebody speaks against the line again; the id."""
    with transaction() as session:
        reason, now = "再次核对", clock.now()
        open_dispute(order_line_id=upheld.line_id, key="again", reason=reason, now=now)
        return session.scalars(select(Dispute.id).where(Dispute.key == "again")).one()


def listed(phone: RepPhone, **query: str) -> str:
    return phone.get("/terminal/orders?" + urlencode(query)).text


def test_both_reps_read_what_became_of_it(
    phone_of: Phones, alice: RepPhone, sue: RepPhone, world: World, upheld: Upheld
) -> None:
    path = f"/terminal/receipts/{world.southern.receipt}"
    assert sue.get(path).status_code == 404
    waiting = asked_for(upheld, world.tree.south)
    assert sue.get(path).status_code == 404
    assert "改判" not in alice.get("/terminal/feed").text
    retried(lambda: agree(waiting, world.tree.south))

    income = sue.get("/terminal/income").text
    assert "累计 99.95 − 扣回 0.00 ＝ 待结 99.95" in income
    assert world.southern.receipt in income
    assert "+99.95" not in alice.get("/terminal/income").text
    for phone in (sue, alice):
        proof = phone.get(path).text
        assert "由爱丽丝改判给苏" in proof
        assert REASON in proof
        assert "本单归爱丽丝" in proof
        news = phone.get("/terminal/feed").text
        assert ("的订单改判给您" in news) == (phone is sue)
        assert ("的订单已改判给他人" in news) == (phone is alice)
    other = bound(phone_of, "Mallory", hire(world.tree.hall, "汤姆"))
    assert other.get(path).status_code == 404


def test_the_list_of_orders_follows_whoever_has_the_credit(
    alice: RepPhone, sue: RepPhone, world: World, upheld: Upheld
) -> None:
    number = world.southern.number
    path = f"/terminal/orders/{number}"
    assert number not in listed(sue)
    assert sue.get(path).status_code == 404
    asked_for(upheld, world.tree.south)
    assert number not in listed(sue)  # one person alone moves nothing
    assert LOST not in listed(alice)


def test_whoever_gained_a_line_has_its_order_with_all_of_its_way(
    sue: RepPhone, world: World, upheld: Upheld
) -> None:
    give(world, upheld)
    number, path = world.southern.number, f"/terminal/orders/{world.southern.number}"
    for query in ({}, {"status": "paid"}, {"text": number[-6:]}):
        page = listed(sue, **query)
        assert number in page
        assert GAINED in page
        assert "¥1,999.00" in page
    assert number not in listed(sue, status="refunded")
    page = sue.get(path).text
    for words in (GAINED, "发展人", "99.95 元", "下单付款", world.southern.receipt):
        assert words in page
    assert LOST not in page
    assert path in sue.get("/terminal/feed").text


def test_whoever_lost_a_line_reads_that_and_nothing_of_what_comes_after(
    alice: RepPhone, world: World, upheld: Upheld
) -> None:
    give(world, upheld)
    number, path = world.southern.number, f"/terminal/orders/{world.southern.number}"
    for query in ({}, {"text": number[-6:]}):
        page = listed(alice, **query)
        assert number in page
        assert LOST in page
        assert "¥1,999.00" not in page
    bob = str(world.bob.identity_id)
    for query in ({"status": "paid"}, {"customer": bob}):
        assert number not in listed(alice, **query)
    page = alice.get(path).text
    for words in (LOST, world.southern.receipt, "付款"):
        assert words in page
    for words in ("下单付款", "我的酬金", "1,999.00", GAINED, "苏"):
        assert words not in page
    later = clock.now() + timedelta(minutes=5)
    with transaction() as session:
        order = session.get_one(SalesOrder, world.southern.id)
        move_order(order, OrderStatus.REFUNDED, actor="staff:1", cause="refund", now=later)
    with time_machine.travel(later + timedelta(minutes=1)):
        assert "退款" not in alice.get(path).text
        assert "已退款</span>" not in listed(alice)


def test_what_is_kept_for_a_customer_is_what_the_rep_has_now(
    alice: RepPhone, world: World, upheld: Upheld
) -> None:
    path = f"/terminal/customers/{world.bob.identity_id}"
    assert "1 单已付款，1,999.00 元" in alice.get(path).text
    give(world, upheld)
    assert "0 单已付款" in alice.get(path).text


def test_a_customer_who_is_not_hers_any_more_is_not_named_with_what_she_lost(
    alice: RepPhone, world: World, upheld: Upheld
) -> None:
    give(world, upheld)
    with time_machine.travel(clock.now() + timedelta(days=400), tick=False):
        alice.sign_in("/terminal/bind")
        page = alice.get(f"/terminal/orders/{world.southern.number}").text
        assert "现在不在您的名下" in page
        assert "/terminal/customers/" not in page


def test_the_shown_income_is_the_one_in_the_books(
    alice: RepPhone, sue: RepPhone, world: World, upheld: Upheld
) -> None:
    """After a refund of a third, too: what the order says each has is what the commission says."""
    give(world, upheld)
    with transaction():
        take_back(
            order_line_id=upheld.line_id, refunded_fen=66_600, refund_key="RF1", now=clock.now()
        )
    path = f"/terminal/orders/{world.southern.number}"
    (part,) = commissions_of_line(upheld.line_id)
    assert part.rep_id == upheld.sue_id
    shown = f"<dt>我的酬金</dt><dd>{part.net_fen / 100:.2f} 元</dd>"
    assert shown in sue.get(path).text
    assert "我的酬金" not in alice.get(path).text


def test_a_line_given_back_is_hers_again(
    alice: RepPhone, sue: RepPhone, world: World, upheld: Upheld
) -> None:
    give(world, upheld)
    back = replace(upheld, dispute_id=another_dispute(upheld), sue_number=world.alice_number)
    give(world, back)
    path = f"/terminal/orders/{world.southern.number}"
    assert GAINED in alice.get(path).text
    assert GAINED in listed(alice)
    assert LOST not in listed(alice)
    assert LOST in sue.get(path).text
    assert LOST in listed(sue)
    assert "的订单改判给您" in alice.get("/terminal/feed").text


def test_of_an_order_only_the_line_that_was_given_on_is_lost(
    alice: RepPhone, world: World, upheld: Upheld
) -> None:
    """Where she served at the counter, the line stays among hers as the acceptor's."""
    with transaction() as session:
        served = update(OrderLine).where(OrderLine.id == upheld.line_id)
        session.execute(served.values(acceptor_rep_id=world.alice_id))
    give(world, upheld)
    page = alice.get(f"/terminal/orders/{world.southern.number}").text
    assert "受理人" in page
    assert LOST not in page
    assert world.southern.number in listed(alice, status="paid")
