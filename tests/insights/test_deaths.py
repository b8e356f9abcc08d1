"""Whoever counts figures may break, be killed or hang: everything is counted once."""

import pytest
from flask import Flask

from flows.figures.counting import BEFORE_COMMIT, compare_day
from insights.models import FigureDelta
from tests.dying import Deed, Fate, meet
from tests.insights.history import DAY_ONE, begin
from tests.insights.test_counting import at, count_all, rows, sums
from wx_backend.db import db


def count(_app: Flask, _given: None) -> None:
    count_all(DAY_ONE)


@pytest.mark.processes
@pytest.mark.parametrize("fate", Fate)
def test_what_happened_is_counted_once(app: Flask, fate: Fate) -> None:
    history = begin(7)
    history.order(DAY_ONE)
    history.touch(DAY_ONE)
    db.session.rollback()
    meet(Deed(app.extensions["wx_config"], BEFORE_COMMIT, count), fate)
    count_all(DAY_ONE)
    once = sums()
    assert once
    assert count_all(DAY_ONE) == 0
    assert sums() == once
    assert rows(FigureDelta) == 0
    assert compare_day(on=DAY_ONE, mend=False, now=at(DAY_ONE)) == 0
