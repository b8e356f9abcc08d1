"""What a rep owes when he has left is borne once, by whoever the setting names."""

from datetime import date, timedelta

import pytest

from ledger.models import AccountKind
from ledger.queries import balance
from ledger.values import of_node
from org.reps import part_with_rep
from settlement.changes.contents import apply
from settlement.changes.models import Subject
from settlement.debts import bear_debt, bear_debts
from settlement.queries import income_of
from tests.settlement.world import (
    ALICE,
    COMMISSION,
    NOON,
    World,
    assert_books_balance,
    company,
    free,
    pay_out,
    refund,
    vest_all,
)
from wx_backend.db import transaction

NOW = NOON + timedelta(days=20)


@pytest.fixture
def owing(world: World) -> World:
    """Alice was paid for a line that came back afterwards."""
    world.rate()
    line = world.accrued()
    vest_all(line)
    pay_out(world.alice, ALICE)
    refund(line, line.paid_fen)
    assert free(world.alice) == -ALICE
    return world


def leave(world: World) -> int:
    with transaction():
        part_with_rep(rep_id=world.alice, now=NOW)
        return bear_debt(rep_id=world.alice, now=NOW)


def test_the_company_writes_it_off_where_nobody_decided(owing: World) -> None:
    assert leave(owing) == ALICE
    assert free(owing.alice) == 0
    assert company(AccountKind.COMMISSION_EXPENSE) == COMMISSION + ALICE
    assert income_of(owing.alice).paid_fen == ALICE
    assert_books_balance()


def test_the_outlet_bears_it_where_the_setting_says_so(owing: World) -> None:
    with transaction():
        apply(Subject.BEARER, {"bearer": "outlet"}, date(2026, 3, 1))
    assert leave(owing) == ALICE
    assert balance(of_node(AccountKind.COMMISSION_PAYABLE, owing.outlet_id)) == ALICE
    assert free(owing.alice) == 0


def test_it_is_borne_once_and_a_later_refund_is_borne_later(owing: World) -> None:
    line = owing.accrued()
    vest_all(line)
    with transaction():
        part_with_rep(rep_id=owing.alice, now=NOW)
        assert bear_debts(now=NOW) == 0  # what he earned since made up for it
    refund(line, line.paid_fen)
    with transaction():
        assert bear_debts(now=NOW) == 1
        assert bear_debts(now=NOW) == 0
    assert free(owing.alice) == 0
    assert_books_balance()


def test_who_is_still_there_owes_it_himself(owing: World) -> None:
    with transaction():
        assert bear_debt(rep_id=owing.alice, now=NOW) == 0
        assert bear_debts(now=NOW) == 0
    assert free(owing.alice) == -ALICE
