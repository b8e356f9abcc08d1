"""The rep's income as a statement: every yuan, what it waits for, and the day it is free."""

from datetime import UTC, date, datetime

from orders.queries import lines_of_order
from org.reps import disable_rep, enable_rep
from settlement.accruals import accrue, start_vesting
from settlement.milestones import Step
from settlement.models import Milestone, ShareRole
from settlement.rates import set_terms
from settlement.refunds import take_back
from settlement.rules import LineFacts, Share
from tests.console.world import World
from tests.terminal.conftest import Phones, bound
from wx_backend import clock
from wx_backend.db import transaction

PARTS = [
    Step(Milestone.ACTIVATED, 30, 4_000),
    Step(Milestone.FIRST_TOP_UP, 0, 3_000),
    Step(Milestone.MONTH_ALIVE, 0, 3_000, month=6),
]


def earn_in_parts(world: World) -> int:
    """Alice's line earns her 100 yuan more in three parts, the first activated; the line."""
    line = lines_of_order(world.southern.id)[0]
    facts = LineFacts(
        order_line_id=line.id,
        product_id=line.product_id,
        category_id=line.category_id,
        channel_class="own_hall",
        paid_fen=line.paid_fen,
        product_kind="plan",
        paid_at=clock.now(),
    )
    share = Share(world.alice_id, ShareRole.DEVELOPER, 10_000)
    with transaction():
        set_terms(product_kind="plan", steps=PARTS, valid_from=date(2026, 1, 2), term_months=12)
        accrue(line=facts, shares=[share], now=clock.now(), event="renewal")
        start_vesting(
            order_line_id=line.id,
            milestone=Milestone.ACTIVATED,
            reached_at=datetime(2099, 6, 3, 4, tzinfo=UTC),
        )
    return line.id


def test_each_part_names_what_it_waits_for_or_its_day(phone_of: Phones, world: World) -> None:
    phone = bound(phone_of, "Alice", world.alice_id)
    earn_in_parts(world)
    page = phone.get("/terminal/income").text
    for words in (
        "业务开通（40%）：7 月 3 日解冻",
        "首次充值（30%）：达成后解冻",
        "在网满 6 个月（30%）：达成后解冻",
        "39.99",
        "发展人",
        world.southern.receipt,
    ):
        assert words in page


def test_what_was_taken_back_is_told_with_the_line_and_in_all(
    phone_of: Phones, world: World
) -> None:
    phone = bound(phone_of, "Alice", world.alice_id)
    line_id = lines_of_order(world.southern.id)[0].id
    with transaction():
        take_back(order_line_id=line_id, refunded_fen=199_900, refund_key="RF1", now=clock.now())
    page = phone.get("/terminal/income").text
    assert "<b>99.95</b><span>扣回</span>" in page
    assert "已全部扣回" in page


def test_the_page_is_back_with_the_money_when_the_rep_is_enabled(
    phone_of: Phones, world: World
) -> None:
    phone = bound(phone_of, "Alice", world.alice_id)
    with transaction():
        disable_rep(rep_id=world.alice_id)
    assert phone.get("/terminal/income").status_code != 200
    with transaction():
        enable_rep(rep_id=world.alice_id)
    assert "+99.95" in phone.get("/terminal/income").text
