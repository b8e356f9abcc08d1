"""The chain as data: every way starts alike, ends in the archive, and has no loose end."""

import pytest

from fulfilment.calendar import BadCalendar, Day, read_days
from fulfilment.models import DayKind
from fulfilment.nodes import (
    CHAINS,
    CHECKS,
    NAMES,
    OWNERS,
    Condition,
    Node,
    Owner,
    Proof,
    Way,
)
from fulfilment.rules import is_iccid, is_imei, steps_to_open


@pytest.mark.parametrize("way", Way)
def test_every_way_can_be_walked_to_its_end(way: Way) -> None:
    done: set[Node] = set()
    steps = {step.node for step in CHAINS[way]}
    while done != steps:
        opened = steps_to_open(
            way, starts_at=Node.CONFIGURED, done=done, known=done, met={Condition.REAL_NAME}
        )
        assert opened, f"nothing opens after {sorted(done)}"
        done |= {step.node for step in opened}
    assert CHAINS[way][0].node is Node.CONFIGURED
    assert CHAINS[way][-1].node is Node.ARCHIVED


@pytest.mark.parametrize("way", [Way.PLAN, Way.SIM_COURIER, Way.SIM_PICKUP])
def test_no_account_is_opened_before_the_real_name(way: Way) -> None:
    done = {Node.CONFIGURED, Node.PAID, Node.DISPATCHED}
    opened = steps_to_open(way, starts_at=Node.CONFIGURED, done=done, known=done, met=())
    assert opened == []


def test_a_new_round_begins_where_it_is_told() -> None:
    opened = steps_to_open(
        Way.GOODS_COURIER, starts_at=Node.PACKED, done=(), known=(), met={Condition.REAL_NAME}
    )
    assert [step.node for step in opened] == [Node.PACKED]


def test_everything_has_a_name_an_owner_and_a_clock() -> None:
    assert set(NAMES) == set(Node)
    assert set(OWNERS) == set(Owner)
    for steps in CHAINS.values():
        for step in steps:
            assert step.clock.minutes >= 0
            if Proof.CHECK in step.proofs:
                assert CHECKS


@pytest.mark.parametrize("good", ["490154203237518", "356938035643809"])
def test_an_imei_carries_its_check_digit(good: str) -> None:
    assert is_imei(good)
    assert not is_imei(good[:-1] + str((int(good[-1]) + 1) % 10))
    assert not is_imei(good + "0")
    assert not is_imei("４９０１５４２０３２３７５１８")


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("89860117851012345678", True),
        ("8986011785101234567A", True),
        ("8901260222193697312", False),
        ("8944500102198304826", True),
        ("12345678901234567890", False),
        ("", False),
    ],
)
def test_a_card_number_is_told_from_others(text: str, is_right: bool) -> None:
    assert is_iccid(text) is is_right


def test_a_calendar_is_read_line_by_line() -> None:
    lines = ["\ufeff# 样例", "", "2026-10-01, holiday, 国庆节", "2026-10-10,workday,调休"]
    days = read_days(lines)
    assert [day.kind for day in days] == [DayKind.HOLIDAY, DayKind.WORKDAY]
    assert isinstance(days[0], Day)


@pytest.mark.parametrize("line", ["2026-13-01,holiday,x", "2026-10-01,party,x", "2026-10-01"])
def test_a_wrong_line_of_a_calendar_is_named(line: str) -> None:
    with pytest.raises(BadCalendar) as refusal:
        read_days(["2026-10-01,holiday,国庆节", line])
    assert refusal.value.details == {"line": 2}


def test_a_day_has_the_whole_name_it_was_given_or_none() -> None:
    [day] = read_days([f"2026-10-01,holiday,{'庆' * 40}\x00"])
    assert day.name == "庆" * 40
    with pytest.raises(BadCalendar, match="第 2 行的名称超过 40 个字"):
        read_days(["2026-10-01,holiday,国庆节", f"2026-10-02,holiday,{'庆' * 41}"])
