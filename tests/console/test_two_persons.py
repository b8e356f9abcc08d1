"""What takes two: never the one who asked, never somebody disabled meanwhile, only once; and taken back."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy import select

from campaigns.models import CampaignStatus
from catalog.launch_models import PriceProposal
from catalog.models import ProductKind
from catalog.operations import ProductData, SkuData, add_product, add_sku
from console.audit_words import act_words
from members.claim_models import ClaimVerdict, MemberClaim
from members.claims import decide_claim, undecided_claim
from org.models import Staff
from payments.models import Refund, RefundProposal, RefundStatus, WayOut
from referral.reassignment_models import Reassignment
from tests.campaigns.cast import NOTICE, notices_in
from tests.campaigns.platform import Platform
from tests.catalog.shelf import NOON
from tests.console.campaigns.conftest import FORM, made, row
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.policies import drafted
from tests.console.test_claims import claimed
from tests.console.test_money_out import propose, rich
from tests.console.test_products import tick_all
from tests.console.test_rates import proposed
from tests.console.test_refunds import ask, config
from tests.console.upheld import dispute_of
from tests.console.world import World
from tests.jobs import run_jobs
from tests.rows import rows
from tests.storefront.mall import product_of
from wx_backend import clock
from wx_backend.audit import AuditEntry
from wx_backend.db import Model, db, transaction

__all__ = ["config", "rich"]
PASSING = ("staff", "staff_session", "audit_entry")
TABLES = {
    *("campaign", "payout_batch", "period_override", "launch_approval", "rate_proposal"),
    *("refund_proposal", "way_out", "price_proposal", "member_claim", "reassignment"),
    "policy_draft",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Something one person asked for: where another agrees, with which form, and where it is shown.

    `taken_back` is where the first one takes it back.
    """

    path: str
    page: str
    taken_back: str
    form: dict[str, str] = field(default_factory=dict)


def _refund(maker: Desk, world: World) -> Asked:
    assert ask(maker, f"/orders/{world.southern.number}/refund", "1500") == 302
    db.session.rollback()
    proposal_id = db.session.scalars(select(RefundProposal.id)).one()
    path = f"/refunds/proposals/{proposal_id}"
    return Asked(path, "/refunds", f"{path}/withdraw", {"verdict": "agree"})


def _way_out(maker: Desk, world: World) -> Asked:
    assert ask(maker, f"/orders/{world.southern.number}/refund", "10") == 302
    with transaction():
        refund = db.session.scalars(select(Refund)).one()
        refund.status, refund.refund_id, refund.amount_fen = RefundStatus.ABNORMAL, "1", 150_000
        number = refund.out_refund_no
    assert maker.post(f"/refunds/{number}/way-out", way="merchant").status_code == 302
    db.session.rollback()
    way_out_id = db.session.scalars(select(WayOut.id)).one()
    path = f"/refunds/ways-out/{way_out_id}"
    return Asked(path, f"/refunds/{number}", f"{path}/withdraw", {"verdict": "agree"})


def _payout(maker: Desk, world: World) -> Asked:
    page = f"/payouts/{propose(maker, world.tree.south)}"
    return Asked(f"{page}/approve", page, f"{page}/withdraw")


def _rate(maker: Desk, world: World) -> Asked:
    assert world
    page = proposed(maker)
    return Asked(f"{page}/approve", page, f"{page}/withdraw")


def _product(maker: Desk, world: World) -> Asked:
    with transaction():
        data = ProductData(ProductKind.GOODS, world.wares.category_id, "星河平板")
        product = add_product(data=data, now=NOON)
        add_sku(product_id=product.id, data=SkuData("标准", 100_000), now=NOON)
        number = product.number
    tick_all(maker, number)
    page = f"/products/{number}"
    answer = maker.post(f"{page}/approval", on_sale_from="2026-11-20")
    assert answer.status_code == 302
    path = f"{page}/approval"
    return Asked(f"{path}/approved", page, f"{path}/withdraw", {"note": "同意"})


def _price(maker: Desk, world: World) -> Asked:
    page, sku = f"/products/{product_of(world.wares.phone_id)}", world.wares.phone
    path = f"{page}/skus/{sku}/price"
    assert maker.post(path, price="999", prepaid="0").status_code == 302
    db.session.rollback()
    proposal_id = db.session.scalars(select(PriceProposal.id)).one()
    path = f"{page}/prices/{proposal_id}"
    return Asked(f"{path}/approved", page, f"{path}/withdraw", {"note": "同意"})


def _claim(maker: Desk, world: World) -> Asked:
    path = claimed(maker, world)
    return Asked(f"{path}/approved", "/claims", f"{path}/withdraw")


def _lift(maker: Desk, world: World) -> Asked:
    claim = claimed(maker, world)
    with transaction():
        other = db.session.scalars(select(Staff).where(Staff.login == "head")).one().id
        asked = undecided_claim(int(claim.rpartition("/")[2]))
        decide_claim(
            asked,
            verdict=ClaimVerdict.APPROVED,
            note="",
            actor=f"staff:{other}",
            now=clock.now(),
        )
    assert maker.post(f"{claim}/lift", lift="found", reason="找回").status_code == 302
    db.session.rollback()
    newest = db.session.scalars(select(MemberClaim.id).order_by(MemberClaim.id.desc())).first()
    path = f"/claims/{newest}"
    return Asked(f"{path}/approved", "/claims", f"{path}/withdraw")


def _campaign(maker: Desk, world: World) -> Asked:
    assert world
    notices_in()
    path = made(maker, template_id=NOTICE)
    assert maker.post(f"{path}/submit").status_code == 302
    run_jobs("bulk")
    return Asked(f"{path}/approve", path, f"{path}/withdraw", {"revision": "1"})


def _reassignment(maker: Desk, world: World) -> Asked:
    upheld = dispute_of(world)
    page = f"/disputes/{upheld.dispute_id}"
    form = {"to_rep": upheld.sue_number, "reason": "先行接待"}
    assert maker.post(f"{page}/reassign", **form).status_code == 302
    db.session.rollback()
    path = f"/disputes/reassignments/{db.session.scalars(select(Reassignment.id)).one()}"
    return Asked(f"{path}/approved", page, f"{path}/withdraw")


def _policy(maker: Desk, world: World) -> Asked:
    assert world
    page = drafted(maker)
    return Asked(f"{page}/approve", page, f"{page}/withdraw", {"note": "同意"})


@dataclass(frozen=True, slots=True)
class Flow:
    """Who asks, who agrees, and how it is asked for."""

    maker: str
    second: str
    ask: Callable[[Desk, World], Asked]


FLOWS = {
    "refund": Flow("finance", "finance2", _refund),
    "way out": Flow("finance", "finance2", _way_out),
    "payout": Flow("finance", "finance2", _payout),
    "rate": Flow("root", "root2", _rate),
    "policy": Flow("root", "root2", _policy),
    "product": Flow("manager", "south", _product),
    "price": Flow("manager", "south", _price),
    "campaign": Flow("marketer", "manager", _campaign),
    "claim": Flow("city", "manager", _claim),
    "lift": Flow("city", "manager", _lift),
    "reassignment": Flow("manager", "south", _reassignment),
}


WITHDRAWN_IN = {
    "refund": {"refund_proposal"},
    "way out": {"way_out"},
    "payout": {"payout_batch", "payout", "payout_event"},
    "rate": {"rate_proposal"},
    "policy": {"policy_draft"},
    "product": {"launch_approval", "product_event"},
    "price": {"price_proposal", "product_event"},
    "campaign": {"campaign", "campaign_event", "campaign_recipient", "campaign_group_delta"},
    "claim": {"member_claim"},
    "lift": {"member_claim"},
    "reassignment": {"reassignment"},
}
"""What changes in the database when it is taken back, the trail left out."""


@pytest.fixture
def office(app: Flask, rich: World) -> World:
    """Everybody, money to be paid out, and a platform that answers."""
    app.extensions["wx_clients"]._transport = Platform()
    return rich


def set_active(login: str, *, is_active: bool) -> None:
    """Somebody is disabled, or has his rights again, with his browser open."""
    with transaction():
        db.session.scalars(select(Staff).where(Staff.login == login)).one().is_active = is_active


@pytest.mark.parametrize("name", FLOWS)
def test_it_takes_a_second_person_who_may_and_takes_effect_once(
    desk_of: Desks, office: World, name: str
) -> None:
    flow = FLOWS[name]
    maker, second = desk_of(flow.maker), desk_of(flow.second)
    asked = flow.ask(maker, office)
    before = rows(but=PASSING)

    assert maker.post(asked.path, **asked.form).status_code in {403, 409}
    assert rows(but=PASSING) == before, "who asked agreed"
    assert second.post(asked.path, "forged", **asked.form).status_code == 400
    assert rows(but=PASSING) == before, "a forged form agreed"

    set_active(flow.second, is_active=False)
    assert second.post(asked.path, **asked.form).status_code in {302, 401}
    assert rows(but=PASSING) == before, "who was disabled agreed"
    set_active(flow.second, is_active=True)

    answer = second.post(asked.path, **asked.form)
    assert answer.status_code == 302, answer.text
    agreed = rows(but=PASSING)
    assert agreed != before
    assert second.post(asked.path, **asked.form).status_code in {404, 409}
    assert maker.post(asked.path, **asked.form).status_code in {403, 404, 409}
    assert rows(but=PASSING) == agreed, "it took effect twice"


@pytest.mark.parametrize("name", FLOWS)
def test_whoever_asked_takes_it_back_alone_and_nothing_comes_of_it(
    desk_of: Desks, office: World, name: str
) -> None:
    flow = FLOWS[name]
    maker, second = desk_of(flow.maker), desk_of(flow.second)
    asked = flow.ask(maker, office)
    before = rows(but=PASSING)
    button = f'action="/console{asked.taken_back}"'
    assert button in maker.get(asked.page).text
    assert button not in second.get(asked.page).text

    assert second.post(asked.taken_back).status_code == 403
    assert maker.post(asked.taken_back, "forged").status_code == 400
    assert rows(but=PASSING) == before, "another one, or a forged form, took it back"

    assert maker.post(asked.taken_back).status_code == 302
    db.session.rollback()
    told = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert told
    assert act_words(told.what) != told.what
    assert told.what.rpartition(".")[2].startswith("withdraw")
    after = rows(but=PASSING)
    assert {table for table in before if before[table] != after[table]} <= WITHDRAWN_IN[name]
    assert "已撤回" in maker.get(asked.page).text
    for late in (maker, second):
        assert late.post(asked.taken_back).status_code in {403, 404, 409}
        assert late.post(asked.path, **asked.form).status_code in {403, 404, 409}
    assert rows(but=PASSING) == after, "something came of it"


def test_an_agreed_campaign_that_is_edited_is_not_agreed_any_more(
    desk_of: Desks, office: World
) -> None:
    writer, manager = desk_of("marketer"), desk_of("manager")
    asked = _campaign(writer, office)
    path = asked.path.removesuffix("/approve")
    assert manager.post(asked.path, **asked.form).status_code == 302
    assert row().status == CampaignStatus.SCHEDULED
    edited = writer.post(f"{path}/edit", **{**FORM, "name": "改过的"})
    found = row()
    if edited.status_code == 302:
        assert (found.status, found.approved_by) == (CampaignStatus.DRAFT, None)
        assert manager.post(f"{path}/start").status_code == 409
    else:
        assert edited.status_code == 409
        assert (found.status, found.name) == (CampaignStatus.SCHEDULED, FORM["name"])


def test_the_database_wants_two_wherever_two_are_needed() -> None:
    """Whatever calls it: a row in which one person is both does not come about."""
    found = {
        table.name
        for table in Model.metadata.sorted_tables
        for each in table.constraints
        if str(each.name).endswith(("second_person", "two_people"))
    }
    assert found == TABLES
