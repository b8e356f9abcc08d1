"""Prices of what is on the shelves: one person changes a little, two change much, in however many steps."""

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from catalog.editing import locked_product
from catalog.launch import (
    AlreadyAsked,
    SamePerson,
    UnderApproval,
    ask_approval,
    open_approval,
)
from catalog.launch import decide as decide_launch
from catalog.launch_models import PriceProposal, ProductEvent, Verdict
from catalog.models import ProductKind, Sku
from catalog.operations import BadOffer, ProductData, SkuData, add_product, add_sku, list_product
from catalog.pricing import (
    PriceDecided,
    PriceMoved,
    Prices,
    decide_price,
    set_or_ask,
    withdraw_price,
)
from tests.catalog.shelf import NOON, Wares, put_on_shelf
from tests.racing import race
from tests.storefront.mall import product_of
from wx_backend.db import db, retried, transaction
from wx_backend.errors import AppError, NotFound, NotTheAsker

LISA, MAX = "staff:1", "staff:2"
YUAN = 100


@pytest.fixture
def wares(app: Flask) -> Wares:
    """A phone of 1,999 yuan, which a second person let go on sale."""
    assert app.testing
    return put_on_shelf()


def change(
    wares: Wares, yuan: int, *, actor: str = LISA, prepaid: int = 0, percent: int = 20
) -> bool:
    number = product_of(wares.phone_id)
    db.session.rollback()

    def work() -> bool:
        locked_product(number)
        sku = db.session.get_one(Sku, wares.phone_id, populate_existing=True)
        prices = Prices(yuan * YUAN, prepaid * YUAN, None)
        return set_or_ask(sku, prices, above_percent=percent, actor=actor, now=NOON)

    return retried(work)


def decide(
    wares: Wares, *, actor: str = MAX, verdict: Verdict = Verdict.APPROVED, proposal: int = 0
) -> None:
    number = product_of(wares.phone_id)
    newest = select(PriceProposal.id).order_by(PriceProposal.id.desc())
    proposal_id = proposal or db.session.scalars(newest).first() or 0
    db.session.rollback()

    def work() -> None:
        product = locked_product(number)
        decide_price(
            proposal_id, product_id=product.id, verdict=verdict, note="n", actor=actor, now=NOON
        )

    retried(work)


def withdraw(wares: Wares, actor: str = LISA) -> None:
    """Take the newest question back."""
    number = product_of(wares.phone_id)
    newest = select(PriceProposal.id).order_by(PriceProposal.id.desc())
    proposal_id = db.session.scalars(newest).first() or 0
    db.session.rollback()

    def work() -> None:
        product = locked_product(number)
        withdraw_price(proposal_id, product_id=product.id, actor=actor, now=NOON)

    retried(work)


def ask_launch(wares: Wares, actor: str) -> None:
    db.session.rollback()
    with transaction():
        product_id = db.session.get_one(Sku, wares.phone_id).product_id
        ask_approval(
            product_id=product_id, on_sale_from=NOON, on_sale_until=None, actor=actor, now=NOON
        )


def answer_launch(wares: Wares, actor: str, verdict: Verdict = Verdict.APPROVED) -> None:
    db.session.rollback()
    with transaction():
        asked = open_approval(db.session.get_one(Sku, wares.phone_id).product_id)
        assert asked is not None
        decide_launch(approval_id=asked.id, verdict=verdict, note="n", actor=actor, now=NOON)


def price(wares: Wares) -> int:
    db.session.rollback()
    return db.session.get_one(Sku, wares.phone_id).price_fen // YUAN


@pytest.mark.parametrize(
    ("yuan", "is_set"),
    [(1_999, True), (1_600, True), (1_599, False), (2_398, True), (2_399, False)],
)
def test_a_little_is_one_persons(wares: Wares, yuan: int, is_set: bool) -> None:
    assert change(wares, yuan) is is_set
    assert price(wares) == (yuan if is_set else 1_999)


def test_many_small_steps_are_one_large_one(wares: Wares) -> None:
    assert change(wares, 1_800)
    assert change(wares, 1_650, actor=MAX)
    assert not change(wares, 1_500)
    assert price(wares) == 1_650


def test_what_was_agreed_to_is_what_counts_from_then_on(wares: Wares) -> None:
    assert not change(wares, 1_000)
    decide(wares)
    assert price(wares) == 1_000
    assert change(wares, 900)
    assert not change(wares, 799)
    decide(wares, verdict=Verdict.REJECTED)
    assert price(wares) == 900
    assert not change(wares, 1_999)  # what was there before counts no more
    assert db.session.scalars(select(ProductEvent.what).order_by(ProductEvent.id)).all()[-5:] == [
        "priced",
        "priced",
        "price_asked",
        "price_rejected",
        "price_asked",
    ]


def test_phone_fees_in_a_price_count_too(wares: Wares) -> None:
    assert not change(wares, 1_999, prepaid=1_999)
    decide(wares, verdict=Verdict.REJECTED)
    assert change(wares, 1_999, prepaid=300)


def test_nobody_changes_it_meanwhile_or_agrees_with_himself(wares: Wares) -> None:
    assert not change(wares, 1_000)
    for yuan in (1_998, 900):
        with pytest.raises(AlreadyAsked):
            change(wares, yuan, actor=MAX)
    with pytest.raises(SamePerson):
        decide(wares, actor=LISA)
    with pytest.raises(SamePerson):
        decide(wares, actor=LISA, verdict=Verdict.REJECTED)
    with pytest.raises(NotFound):
        decide(wares, proposal=999)
    decide(wares)
    with pytest.raises(PriceDecided):
        decide(wares)
    assert price(wares) == 1_000


def test_whoever_asked_takes_it_back_and_nobody_else_does(wares: Wares) -> None:
    with pytest.raises(NotFound):
        withdraw(wares)
    assert not change(wares, 1_000)
    with pytest.raises(NotTheAsker):
        withdraw(wares, actor=MAX)
    withdraw(wares)
    for late in (withdraw, decide):
        with pytest.raises(PriceDecided):
            late(wares)
    assert price(wares) == 1_999
    assert not change(wares, 1_200, actor=MAX)  # it counts from what was agreed to, as before
    decide(wares, actor=LISA)
    assert price(wares) == 1_200
    told = db.session.scalars(select(ProductEvent).order_by(ProductEvent.id)).all()[-4:]
    assert [each.what for each in told] == [
        "price_asked",
        "price_withdrawn",
        "price_asked",
        "priced",
    ]
    assert told[1].details["to_fen"][0] == 1_000 * YUAN


def test_a_price_that_moved_meanwhile_is_not_set(wares: Wares) -> None:
    assert not change(wares, 1_000)
    with transaction():
        db.session.get_one(Sku, wares.phone_id).price_fen = 5 * YUAN
    with pytest.raises(PriceMoved):
        decide(wares)
    assert price(wares) == 5


def test_prices_that_cannot_be_are_not_even_asked_for(wares: Wares) -> None:
    with pytest.raises(BadOffer):
        change(wares, 10, prepaid=20)
    assert db.session.scalars(select(PriceProposal)).all() == []


def test_until_somebody_let_it_go_on_sale_prices_are_free(app: Flask, wares: Wares) -> None:
    assert app.testing
    with transaction():
        data = ProductData(ProductKind.GOODS, wares.category_id, "平板")
        product = add_product(data=data, now=NOON)
        sku = add_sku(product_id=product.id, data=SkuData("标准", 1_000 * YUAN), now=NOON)
        prices = Prices(YUAN, 0, None)
        assert set_or_ask(sku, prices, above_percent=20, actor=LISA, now=NOON)


def test_taking_it_off_the_shelves_first_is_no_way_round(wares: Wares) -> None:
    with transaction():
        product_id = db.session.get_one(Sku, wares.phone_id).product_id
        list_product(product_id=product_id, is_listed=False)
    assert not change(wares, 1)
    assert price(wares) == 1_999


def test_no_price_changes_while_somebody_decides_on_the_launch(wares: Wares) -> None:
    """Who agrees agrees to the prices he has seen, large changes and small ones alike."""
    assert not change(wares, 1_000)
    ask_launch(wares, LISA)
    with pytest.raises(UnderApproval):
        change(wares, 1_998)
    with pytest.raises(UnderApproval):
        decide(wares)
    decide(wares, verdict=Verdict.REJECTED)
    assert price(wares) == 1_999
    answer_launch(wares, MAX)
    assert change(wares, 1_998)


def test_a_rejected_launch_lets_nobody_change_prices_alone(wares: Wares) -> None:
    """Rejecting and asking again is no way round: what was agreed to once still counts."""
    ask_launch(wares, LISA)
    answer_launch(wares, MAX, Verdict.REJECTED)
    assert not change(wares, 1, actor=MAX)
    assert price(wares) == 1_999


def test_nobody_lets_a_price_go_on_sale_that_he_set_himself(wares: Wares) -> None:
    assert change(wares, 1_700, actor=MAX)
    ask_launch(wares, LISA)
    with pytest.raises(SamePerson):
        answer_launch(wares, MAX)
    answer_launch(wares, "staff:3")
    ask_launch(wares, LISA)
    answer_launch(wares, MAX)  # it was agreed to meanwhile


def test_of_a_price_set_twice_the_later_person_is_meant(wares: Wares) -> None:
    assert change(wares, 1_700, actor=MAX)
    assert change(wares, 1_650, actor=LISA)
    ask_launch(wares, LISA)
    answer_launch(wares, MAX)


def test_who_agreed_to_a_large_change_may_let_it_go_on_sale(wares: Wares) -> None:
    assert not change(wares, 1_000)
    decide(wares)
    ask_launch(wares, LISA)
    answer_launch(wares, MAX)


def test_with_a_limit_of_nothing_nobody_changes_a_price_alone(wares: Wares) -> None:
    assert change(wares, 1_999, percent=0)
    assert not change(wares, 1_998, percent=0)


def test_the_database_wants_two(wares: Wares) -> None:
    assert not change(wares, 1_000)
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(
            update(PriceProposal).values(verdict=Verdict.APPROVED, decided_by=LISA, decided_at=NOON)
        )
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(
            update(PriceProposal).values(verdict=Verdict.WITHDRAWN, decided_by=MAX, decided_at=NOON)
        )


def test_of_many_at_one_moment_one_asks_and_one_decides(app: Flask, wares: Wares) -> None:
    def ask(n: int) -> bool | None:
        try:
            return change(wares, 1_000 + n, actor=f"staff:{n}")
        except AlreadyAsked:
            return None

    assert sorted(race(app, ask, times=8), key=str) == [False, *[None] * 7]

    def agree(n: int) -> bool:
        try:
            decide(wares, actor=f"staff:{20 + n}")
        except AppError:
            return False
        return True

    assert race(app, agree, times=8).count(True) == 1
    assert 1_000 <= price(wares) < 1_008
    asked = db.session.scalars(select(ProductEvent.what).where(ProductEvent.what == "priced"))
    assert len(asked.all()) == 1


def test_of_agreeing_and_taking_back_at_one_moment_one_happens(app: Flask, wares: Wares) -> None:
    assert not change(wares, 1_000)

    def end(n: int) -> str:
        try:
            withdraw(wares) if n % 2 else decide(wares)
        except PriceDecided:
            return ""
        return "withdrawn" if n % 2 else "approved"

    ended = [each for each in race(app, end, times=8) if each]
    assert len(ended) == 1
    assert price(wares) == (1_000 if ended == ["approved"] else 1_999)
    assert db.session.scalars(select(PriceProposal.verdict)).all() == ended
