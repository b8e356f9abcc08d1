"""Whoever freezes or seals a month may break, be killed or hang: there is one chain, and it holds."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from flows.period.closing import AFTER_FREEZING, AFTER_SEAL, chase_closings
from settlement.statements.chain import verify
from settlement.statements.models import PeriodStatus, Statement
from tests.dying import Deed, Fate, meet
from tests.jobs import run_jobs
from tests.periods.world import APRIL_2, World, a_months_work, period, shut
from wx_backend.db import db, retried


def work(_app: Flask, _given: None) -> None:
    run_jobs()


@pytest.mark.processes
@pytest.mark.parametrize("point", [AFTER_FREEZING, AFTER_SEAL])
@pytest.mark.parametrize("fate", Fate)
def test_a_month_is_closed_once(app: Flask, world: World, point: str, fate: Fate) -> None:
    a_months_work(world)
    shut(world)
    db.session.rollback()
    meet(Deed(app.extensions["wx_config"], point, work), fate)
    retried(lambda: chase_closings(now=APRIL_2.replace(hour=9)))
    run_jobs()
    assert period().status == PeriodStatus.CLOSED
    assert verify().broken is None
    assert db.session.scalar(select(func.count(Statement.id))) == 3 + 2 + 2 + 1
