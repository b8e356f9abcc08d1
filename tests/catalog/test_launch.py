"""Going on sale: nothing before the check-list is done and somebody else has approved."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from catalog.launch import (
    TICKED,
    AlreadyAsked,
    ItemData,
    NotReady,
    SamePerson,
    approvals_of,
    ask_approval,
    decide,
    events_of,
    items_of,
    missing_steps,
    open_approval,
    tick,
    withdraw,
)
from catalog.launch_models import LaunchStep, Verdict
from catalog.launch_rules import WANTED
from catalog.models import Product, ProductKind
from catalog.offers import is_on_sale
from catalog.operations import ProductData, add_category, add_product, list_product
from catalog.queries import listed_products
from tests.catalog.shelf import NOON
from wx_backend.db import db, transaction
from wx_backend.errors import BadInput, Conflict, NotFound, NotTheAsker

ALICE, CAROL = "staff:1", "staff:2"
TOMORROW = NOON + timedelta(days=1)


@pytest.fixture
def product_id(app: Flask) -> int:
    assert app.testing
    with transaction():
        shelf = add_category(slug="phone", name="手机")
        return add_product(data=ProductData(ProductKind.GOODS, shelf.id, "手机"), now=NOON).id


def filled(step: LaunchStep, **changes: str) -> ItemData:
    known = {"date": "2026-11-20", "yuan": "100.50", "text": "有"}
    content = {wanted.name: known[wanted.kind] for wanted in WANTED[step]}
    return ItemData(step=step, owner="李敏", content={**content, **changes}, evidence="档案 7")


def tick_all(product_id: int) -> None:
    with transaction():
        for step in TICKED:
            tick(product_id=product_id, data=filled(step), actor=ALICE, now=NOON)


def ask(product_id: int) -> int:
    with transaction():
        return ask_approval(
            product_id=product_id,
            on_sale_from=TOMORROW,
            on_sale_until=TOMORROW + timedelta(days=7),
            actor=ALICE,
            now=NOON,
        )


def approve(asked: int, actor: str = CAROL, verdict: Verdict = Verdict.APPROVED) -> None:
    with transaction():
        decide(approval_id=asked, verdict=verdict, note="同意", actor=actor, now=NOON)


def test_the_check_list_blocks_a_product(product_id: int) -> None:
    for done in range(len(TICKED) + 1):
        with pytest.raises(NotReady) as refusal, transaction():
            list_product(product_id=product_id, is_listed=True)
        assert refusal.value.details["missing"] == [*TICKED[done:], LaunchStep.LISTING]
        if done < len(TICKED):
            with transaction():
                tick(product_id=product_id, data=filled(TICKED[done]), actor=ALICE, now=NOON)
    assert "上架审批" in refusal.value.message
    asked = ask(product_id)
    with pytest.raises(NotReady), transaction():
        list_product(product_id=product_id, is_listed=True)
    approve(asked)
    with transaction():
        list_product(product_id=product_id, is_listed=True)
    assert missing_steps(product_id) == []


def test_nobody_approves_his_own_question(product_id: int) -> None:
    tick_all(product_id)
    asked = ask(product_id)
    with pytest.raises(SamePerson):
        approve(asked, actor=ALICE)
    statement = (
        "UPDATE launch_approval SET verdict = 'approved', decided_by = asked_by,"
        " decided_at = asked_at"
    )
    with pytest.raises(DatabaseError, match="second_person"), transaction():
        db.session.execute(text(statement))
    approve(asked)
    with pytest.raises(Conflict):
        approve(asked)
    with pytest.raises(NotFound):
        approve(asked + 1)


def test_approval_is_asked_for_once_and_only_when_the_rest_is_done(product_id: int) -> None:
    with pytest.raises(NotReady):
        ask(product_id)
    tick_all(product_id)
    asked = ask(product_id)
    with pytest.raises(AlreadyAsked):
        ask(product_id)
    approve(asked, verdict=Verdict.REJECTED)
    assert missing_steps(product_id) == [LaunchStep.LISTING]
    again = ask(product_id)
    found = open_approval(product_id)
    assert found is not None
    assert found.id == again
    assert [each.id for each in approvals_of(product_id)] == [again, asked]


def take_back(product_id: int, actor: str = ALICE) -> None:
    with transaction():
        withdraw(product_id=product_id, actor=actor, now=NOON)


def test_whoever_asked_takes_it_back_and_the_shelves_stay(product_id: int) -> None:
    tick_all(product_id)
    approve(ask(product_id))
    with transaction():
        list_product(product_id=product_id, is_listed=True)
    with pytest.raises(NotFound):
        take_back(product_id)
    asked = ask(product_id)
    with pytest.raises(NotTheAsker):
        take_back(product_id, actor=CAROL)
    take_back(product_id)
    with pytest.raises(NotFound):
        take_back(product_id)
    with pytest.raises(Conflict):
        approve(asked)
    assert missing_steps(product_id) == []  # what was agreed to before stands
    assert db.session.get_one(Product, product_id).is_listed
    assert [each.what for each in events_of(product_id)][:2] == ["withdrawn", "asked"]
    db.session.rollback()
    approve(ask(product_id), verdict=Verdict.REJECTED)
    ask(product_id)
    take_back(product_id)
    assert missing_steps(product_id) == [LaunchStep.LISTING]  # a no is no yes for being asked anew


def test_a_schedule_that_ends_before_it_begins_is_refused(product_id: int) -> None:
    tick_all(product_id)
    for until in (TOMORROW, NOON):
        with pytest.raises(BadInput), transaction():
            ask_approval(
                product_id=product_id,
                on_sale_from=TOMORROW,
                on_sale_until=until,
                actor=ALICE,
                now=NOON,
            )


def test_a_product_is_on_sale_from_its_first_to_its_last_moment(product_id: int) -> None:
    tick_all(product_id)
    approve(ask(product_id))
    with transaction():
        list_product(product_id=product_id, is_listed=True)
    second, last = timedelta(seconds=1), TOMORROW + timedelta(days=7)
    for now, expected in (
        (TOMORROW - second, False),
        (TOMORROW, True),
        (last - second, True),
        (last, False),
    ):
        assert is_on_sale(db.session.get_one(Product, product_id), now) is expected
        assert bool(listed_products(now=now)) is expected


@pytest.mark.parametrize(
    ("step", "changes"),
    [
        (LaunchStep.PLAN, {"target": ""}),
        (LaunchStep.PLAN, {"budget_yuan": "很多"}),
        (LaunchStep.PLAN, {"budget_yuan": "-1"}),
        (LaunchStep.PLAN, {"from": "20 日"}),
        (LaunchStep.PLAN, {"until": "2026-11-19"}),
        (LaunchStep.TRAINING, {"signed_off": "x" * 201}),
    ],
)
def test_an_item_is_done_when_everything_is_filled_in(
    product_id: int, step: LaunchStep, changes: dict[str, str]
) -> None:
    with pytest.raises(BadInput), transaction():
        tick(product_id=product_id, data=filled(step, **changes), actor=ALICE, now=NOON)
    assert items_of(product_id) == []


def test_a_name_with_a_wide_space_in_it_is_taken(product_id: int) -> None:
    with transaction():
        data = filled(LaunchStep.TRAINING, signed_off="張　三")
        tick(product_id=product_id, data=data, actor=ALICE, now=NOON)
    [item] = items_of(product_id)
    assert item.content["signed_off"] == "張　三"


def test_the_listing_is_approved_never_ticked(product_id: int) -> None:
    data = ItemData(step=LaunchStep.LISTING, owner="李敏", content={}, evidence="x")
    with pytest.raises(BadInput), transaction():
        tick(product_id=product_id, data=data, actor=ALICE, now=NOON)


def test_who_did_what_is_kept_and_cannot_be_changed(product_id: int) -> None:
    tick_all(product_id)
    approve(ask(product_id))
    done = [(event.what, event.actor) for event in events_of(product_id)]
    assert done[:2] == [("approved", CAROL), ("asked", ALICE)]
    assert len(done) == 5
    for statement in ("UPDATE product_event SET actor = 'x'", "DELETE FROM product_event"):
        with pytest.raises(DatabaseError, match="history is added to"), transaction():
            db.session.execute(text(statement))
