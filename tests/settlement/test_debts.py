"""What a rep owes when he has left is borne once, by whoever the setting names."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from threading import get_ident
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from ledger.models import AccountKind
from ledger.queries import balance
from ledger.values import of_node
from org.reps import part_with_rep
from settlement.accruals import vest
from settlement.changes.contents import apply
from settlement.changes.models import Subject
from settlement.debts import bear_debt, bear_debts
from settlement.queries import due_accruals, income_of
from tests.settlement.world import (
    ALICE,
    COMMISSION,
    NOON,
    World,
    assert_books_balance,
    company,
    free,
    held,
    pay_out,
    receive,
    refund,
    vest_all,
)
from wx_backend.db import db, retried, transaction

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


def test_commission_that_becomes_free_while_the_debt_is_read_is_counted_once(
    app: Flask, owing: World
) -> None:
    """On PostgreSQL right after the first look at the books; on SQLite it waits for the file."""
    line = owing.accrued(99_950)
    receive(line)
    (accrual_id,) = due_accruals(now=NOW, limit=2)
    part = held(owing.alice)
    assert 0 < part < ALICE
    with transaction():
        part_with_rep(rep_id=owing.alice, now=NOW)
    with happens_meanwhile(app, partial(vest, accrual_id=accrual_id, now=NOW)), transaction():
        assert bear_debt(rep_id=owing.alice, now=NOW) == ALICE - part
    db.session.rollback()
    assert free(owing.alice) == held(owing.alice) == 0
    assert_books_balance()


@contextmanager
def happens_meanwhile(app: Flask, work: Callable[[], object]) -> Iterator[None]:
    """`work` is done by another thread as soon as the block has read what an account comes to."""
    begun: list[Future[object]] = []
    reader = get_ident()

    def elsewhere() -> object:
        with app.app_context():
            try:
                return retried(work)
            finally:
                db.session.remove()

    def begin(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if get_ident() == reader and not begun and "entry.amount_fen" in statement:
            begun.append(pool.submit(elsewhere))
            if db.engine.dialect.name == "postgresql":
                begun[0].result()

    with ThreadPoolExecutor(1) as pool:
        event.listen(db.engine, "after_cursor_execute", begin)
        try:
            yield
        finally:
            event.remove(db.engine, "after_cursor_execute", begin)
        assert begun[0].result()


def test_who_is_still_there_owes_it_himself(owing: World) -> None:
    with transaction():
        assert bear_debt(rep_id=owing.alice, now=NOW) == 0
        assert bear_debts(now=NOW) == 0
    assert free(owing.alice) == -ALICE
