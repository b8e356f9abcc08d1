"""Prices, rates, refunds and pay-outs: each change is in the trail with who, before, after and why."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from catalog.models import Product
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.test_money_out import propose, rich  # noqa: F401 - a fixture
from tests.console.test_rates import first, proposed, second  # noqa: F401 - fixtures
from tests.console.test_refunds import ask
from tests.console.world import MCHID, World
from wx_backend.audit import AuditEntry
from wx_backend.config import Config, Pay
from wx_backend.db import db


@pytest.fixture
def config(config: Config, tmp_path: Path) -> Config:
    """A merchant whose calls nobody makes; above 1,000 yuan a second person agrees."""
    pay = Pay(MCHID, "0" * 40, tmp_path / "key.pem", "0" * 32, "http://127.0.0.1:9", ())
    return replace(config, pay=pay)


def entry(what: str) -> AuditEntry:
    """The one entry of an act."""
    db.session.rollback()
    return db.session.scalars(select(AuditEntry).where(AuditEntry.what == what)).one()


def change(told: AuditEntry, table: str, verb: str) -> dict[str, Any]:
    [found] = [each for each in told.changes if (each["table"], each["verb"]) == (table, verb)]
    return found


def test_a_price(desk_of: Desks, world: World) -> None:
    number = db.session.get_one(Product, 1).number
    db.session.rollback()
    path = f"/products/{number}/skus/{world.wares.phone}/price"
    answer = desk_of("manager").post(path, price="1888.00", prepaid="0", reason="对标竞品")
    assert answer.status_code == 302
    told = entry("console.products.reprice")
    sku = change(told, "sku", "update")
    assert (sku["before"]["price_fen"], sku["after"]["price_fen"]) == (199_900, 188_800)
    assert told.actor.startswith("staff:")
    assert told.reason == "对标竞品"
    assert world.wares.phone in told.subject
    page = desk_of("root").get(f"/audit/{told.id}").text
    assert "规格" in page
    assert "199900" in page
    assert "188800" in page


def test_a_rate(first: Desk, second: Desk) -> None:  # noqa: F811 - the fixtures
    path = proposed(first)
    told = entry("console.rates.propose")
    made = change(told, "rate_proposal", "insert")
    assert (made["after"]["status"], made["after"]["reason"]) == ("proposed", "夏季促销")
    assert told.reason == "夏季促销"
    assert second.post(f"{path}/approve", note="同意").status_code == 302
    told = entry("console.rates.approve")
    decided = change(told, "rate_proposal", "update")
    assert (decided["before"]["status"], decided["after"]["status"]) == ("proposed", "approved")
    assert change(told, "rate_rule", "insert")["after"]["rate_bp"] == 600
    assert told.reason == "同意"


def test_a_refund(desk_of: Desks, world: World) -> None:
    path = f"/orders/{world.southern.number}/refund"
    assert ask(desk_of("finance"), path, "99.50") == 302
    told = entry("console.refunds.ask")
    made = change(told, "refund", "insert")
    assert (made["after"]["amount_fen"], made["after"]["reason"]) == (9_950, "不想要了")
    assert told.reason == "不想要了"
    assert world.southern.number in told.subject


def test_a_payout(desk_of: Desks, rich: World) -> None:  # noqa: F811 - the fixture
    number = propose(desk_of("finance"), rich.tree.south)
    batch = change(entry("console.payouts.propose"), "payout_batch", "insert")
    assert (batch["after"]["number"], batch["after"]["status"]) == (number, "proposed")
    assert change(entry("console.payouts.propose"), "payout", "insert")
    assert (
        desk_of("finance2").post(f"/payouts/{number}/approve", note="核对无误").status_code == 302
    )
    told = entry("console.payouts.approve")
    decided = change(told, "payout_batch", "update")
    assert (decided["before"]["status"], decided["after"]["status"]) == ("proposed", "approved")
    assert told.reason == "核对无误"
    assert number in told.subject
