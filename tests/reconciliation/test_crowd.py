"""A day with planted differences of every kind: all are found under their names, and nothing else."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from reconciliation.queries import day_of
from tests.reconciliation.crowd import KINDS, MCHID, Crowd, fill, fund_bill, trade_bill, write
from tests.reconciliation.driving import compare, found, take
from wechat.pay.bills import BillKind
from wx_backend.config import Config, Pay

ON = date(2026, 11, 20)


@pytest.fixture
def config(config: Config, tmp_path: Path) -> Config:
    """A merchant whose calls nobody makes."""
    pay = Pay(MCHID, "0" * 40, tmp_path / "key.pem", "0" * 32, "http://127.0.0.1:9", ())
    return replace(config, pay=pay)


@pytest.fixture
def crowd(app: Flask, tmp_path: Path) -> Crowd:
    """2,000 rows with 40 planted differences, five of each kind, in books and bills."""
    assert app.testing
    crowd = Crowd(ON, rows=2_000, planted=5 * len(KINDS))
    fill(crowd)
    take(ON, BillKind.TRADE, write(trade_bill(crowd), tmp_path / "trade.gz"))
    take(ON, BillKind.FUND_FLOW, write(fund_bill(crowd), tmp_path / "fund.gz"))
    return crowd


def test_all_planted_differences_are_found_and_no_other(crowd: Crowd) -> None:
    compare(ON)
    assert found(ON) == crowd.plants
    assert sorted(set(crowd.plants.values())) == sorted(KINDS)
    compare(ON)
    assert found(ON) == crowd.plants
    day = day_of(ON)
    assert day is not None
    assert day.runs == 2
    assert day.sums["foreign"]["rows"] == 3
