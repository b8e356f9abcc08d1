"""What changes between order and settlement: the order keeps what was frozen on it."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from flows.delivery import move_line_on
from ledger.models import AccountKind
from ledger.queries import balances
from ledger.values import of_node, of_rep
from orders.models import Fulfilment
from org.models import OrgNode, Tier
from org.operations import create_node
from org.reps import disable_rep, enable_rep, move_rep
from referral.models import Attribution, Place, Subject
from referral.operations import Contact, Sharer, Sharing, open_share, record_touch
from referral.values import Certainty, TouchKind
from settlement.accruals import vest_due
from settlement.models import Receiver
from settlement.queries import income_of
from settlement.rates import add_rate
from settlement.rules import Scope
from tests.flows.fulfilment.counter import open_counter
from tests.flows.trade.market import Market, assert_books_and_witness_agree, lines
from tests.flows.trade.test_refund import agree
from tests.simulator.stage import Stage
from wx_backend import clock
from wx_backend.db import db, transaction


@pytest.fixture
def home(market: Market) -> int:
    """Alice's outlet, in a city of its own; outlets earn what is above their reps."""
    counter = open_counter(market)
    with transaction():
        add_rate(valid_from=date(2026, 1, 1), rate_bp=700, scope=Scope(receiver=Receiver.OUTLET))
    return counter.outlet_id


@pytest.fixture
def abroad(home: int) -> int:
    """An outlet in another city."""
    with transaction():
        group = db.session.scalars(select(OrgNode.id).where(OrgNode.tier == Tier.GROUP)).one()
        province = create_node(tier=Tier.PROVINCE, code="P2", name="北省", parent_id=group)
        city = create_node(tier=Tier.CITY, code="C2", name="哈尔滨", parent_id=province)
        outlet = create_node(tier=Tier.OUTLET, code="O9", name="道里营业厅", parent_id=city)
    assert outlet != home
    return outlet


def pay(market: Market, order_id: int) -> None:
    assert market.pay(market.sheet(order_id)).endswith(":ok")
    market.work()


def test_a_rep_who_moves_before_the_payment_has_sold_for_the_outlet_of_the_order(
    market: Market, stage: Stage, home: int, abroad: int
) -> None:
    """Credit is frozen when the order is placed, also where an older contact comes to light."""
    order_id = market.order()
    at = clock.now() - timedelta(hours=2)
    with transaction():
        assert move_rep(rep_id=market.alice_id, outlet_id=abroad)
        share = open_share(
            sharer=Sharer(rep_id=market.alice_id),
            sharing=Sharing(subject=Subject.SHOWROOM, place=Place.GROUP),
            now=at,
        )
        record_touch(
            Contact(
                key=b"older-touch",
                kind=TouchKind.LINK_OPENED,
                certainty=Certainty.SIGNED,
                event_at=at,
                known_at=clock.now(),
                identity_id=market.bob.identity_id,
                share_id=share.id,
            )
        )
    pay(market, order_id)
    [line] = lines(order_id)
    assert (line.developer_rep_id, line.outlet_id) == (market.alice_id, home)
    assert balances(AccountKind.COMMISSION_HELD)[of_node(AccountKind.COMMISSION_HELD, home)] < 0
    [standing] = db.session.scalars(select(Attribution))
    assert standing.outlet_id == home
    assert_books_and_witness_agree(stage)


def test_a_rep_who_moves_after_the_payment_has_sold_for_the_outlet_he_left(
    market: Market, stage: Stage, home: int, abroad: int
) -> None:
    """To the end: what is held, what becomes free, and what a refund takes back."""
    order_id = market.buy()
    [line] = lines(order_id)
    with transaction():
        assert move_rep(rep_id=market.alice_id, outlet_id=abroad)
        move_line_on(
            line_id=line.id,
            to=Fulfilment.RECEIVED,
            actor="staff:1",
            cause="signed",
            now=clock.now(),
        )
    market.pass_time(days=8)
    with transaction():
        vest_due(now=clock.now())
    free = AccountKind.COMMISSION_PAYABLE
    alice, outlet = of_rep(free, market.alice_id), of_node(free, home)
    assert balances(free) == {alice: -9_995, outlet: -3_998}

    agree(order_id, {line.id: 99_950})
    market.work()
    market.work()

    assert [line.outlet_id for line in lines(order_id)] == [home]
    assert balances(free) == {alice: -4_998, outlet: -1_999}
    assert_books_and_witness_agree(stage)


def test_a_rep_disabled_meanwhile_has_what_he_earned_held(market: Market, stage: Stage) -> None:
    order_id = market.order()
    with transaction():
        disable_rep(rep_id=market.alice_id)
    pay(market, order_id)

    income = income_of(market.alice_id)
    assert (income.earned_fen, income.held_fen) == (9_995, 9_995)
    with transaction():
        enable_rep(rep_id=market.alice_id)
    market.work()
    assert income_of(market.alice_id).held_fen == 9_995
    assert_books_and_witness_agree(stage)


def test_the_rate_of_the_day_of_payment_counts(market: Market, stage: Stage) -> None:
    """A rule for this very product comes into force between order and payment."""
    order_id = market.order()
    product_id = lines(order_id)[0].product_id
    with transaction():
        scope = Scope(product_id=product_id)
        add_rate(valid_from=date(2026, 1, 1), rate_bp=1_000, scope=scope)
    pay(market, order_id)
    with transaction():
        scope = Scope(product_id=product_id, channel_class="own_hall")
        add_rate(valid_from=date(2026, 1, 1), rate_bp=2_000, scope=scope)
    market.work()

    assert income_of(market.alice_id).earned_fen == 19_990
    assert_books_and_witness_agree(stage)
