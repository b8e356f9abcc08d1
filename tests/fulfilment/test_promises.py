"""What the customer is told, word for word."""

import pytest

from fulfilment.models import DayKind
from fulfilment.nodes import Way
from fulfilment.promises import SameDay, promise, promise_from_central
from fulfilment.rules import EVERY_DAY
from tests.fulfilment.test_clock import NATIONAL_DAY, WEEKDAYS, at

FAST = SameDay(cut_off=15 * 60, within_minutes=180)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-11-20 22:00", "今晚已为您预留，营业厅明早 9:00 处理，手机预计明天 12:00 前送达（当日达）"),
        ("2026-11-20 10:00", "营业厅正在营业，马上为您处理，手机预计今天 13:00 前送达（当日达）"),
        ("2026-11-20 07:10", "已为您预留，营业厅今早 9:00 处理，手机预计今天 12:00 前送达（当日达）"),
        ("2026-11-20 15:00", "已为您预留，营业厅明早 9:00 处理，手机预计明天 12:00 前送达（当日达）"),
    ],
)  # fmt: skip
def test_same_day_delivery_is_promised_by_its_rule(now: str, told: str) -> None:
    said = promise(
        Way.GOODS_COURIER,
        what="手机",
        now=at(now),
        hours=EVERY_DAY,
        calendar={},
        same_day=FAST,
    )
    assert said.text == told
    assert said.is_same_day


def test_the_countdown_runs_to_todays_cut_off_only() -> None:
    def until(now: str) -> object:
        return promise(
            Way.GOODS_COURIER,
            what="手机",
            now=at(now),
            hours=EVERY_DAY,
            calendar={},
            same_day=FAST,
        ).order_by

    assert until("2026-11-20 10:00") == at("2026-11-20 15:00")
    assert until("2026-11-20 22:00") is None


def test_a_rule_that_cannot_be_kept_before_closing_promises_nothing() -> None:
    late = SameDay(cut_off=18 * 60, within_minutes=180)
    said = promise(
        Way.GOODS_COURIER,
        what="手机",
        now=at("2026-11-20 16:30"),
        hours=EVERY_DAY,
        calendar={},
        same_day=late,
    )
    assert not said.is_same_day


@pytest.mark.parametrize(
    ("way", "told"),
    [
        (Way.GOODS_COURIER, "今晚已为您预留，营业厅明早 9:00 处理，商品预计11月23日 11:00 前送达"),
        (Way.GOODS_PICKUP, "今晚已为您预留，营业厅明早 9:00 备货，商品预计明天 10:00 起可到店自提"),
        (Way.PLAN, "今晚已为您预留，营业厅明早 9:00 办理，实名认证通过后预计明天 11:00 前开通"),
    ],
)
def test_without_a_rule_the_nodes_clocks_make_the_promise(way: Way, told: str) -> None:
    said = promise(way, what="商品", now=at("2026-11-20 22:00"), hours=EVERY_DAY, calendar={})
    assert said.text == told


def test_holidays_move_the_promise() -> None:
    said = promise(
        Way.GOODS_PICKUP,
        what="商品",
        now=at("2026-09-30 20:00"),
        hours=WEEKDAYS,
        calendar={NATIONAL_DAY: DayKind.HOLIDAY},
    )
    assert said.begins_at == at("2026-10-02 09:00")


@pytest.mark.parametrize(
    ("way", "told"),
    [
        (Way.GOODS_PICKUP, "营业厅正在营业，马上为您处理，商品由中心仓调货，预计后天 13:00 起可到店自提"),
        (Way.SIM_PICKUP, "营业厅正在营业，马上为您处理，商品由中心仓调货，预计后天 14:00 起可到店自提"),
    ],
)  # fmt: skip
def test_what_comes_from_the_central_store_takes_a_parcels_time(way: Way, told: str) -> None:
    said = promise_from_central(
        way, what="商品", now=at("2026-11-20 10:00"), hours=EVERY_DAY, calendar={}
    )
    assert said.text == told
