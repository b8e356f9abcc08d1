"""Plans: what may be written into one, and who may buy it."""

from typing import Any

import pytest
from flask import Flask

from catalog.models import ProductKind
from catalog.operations import ProductData, add_category, add_product
from catalog.plans import BadPlan, Eligibility, Plan
from catalog.rules import Circumstances, conditions, refusals
from tests.catalog.shelf import NOON
from wx_backend.db import transaction

PLAN = Plan(
    monthly_fee_fen=5_900,
    data_gb=20,
    voice_minutes=200,
    sms=100,
    contract_months=12,
    eligibility=Eligibility(one_per_person=True, regions=("滨江市",), age_from=16, age_to=28),
)


def test_a_plan_reads_what_it_wrote() -> None:
    assert Plan.from_json(PLAN.as_json()) == PLAN


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"monthly_fee_fen": -1}, "monthly_fee_fen"),
        ({"monthly_fee_fen": 59.0}, "monthly_fee_fen"),
        ({"monthly_fee_fen": True}, "monthly_fee_fen"),
        ({"data_gb": "20"}, "data_gb"),
        ({"contract_months": 61}, "contract_months"),
        ({"allowances": ["话费"]}, "allowances"),
        ({"eligibility": {"vip": True}}, "vip"),
        ({"eligibility": {"one_per_person": 1}}, "one_per_person"),
        ({"eligibility": {"regions": [""]}}, "regions"),
        ({"eligibility": {"age_from": 60, "age_to": 18}}, "age_from"),
        ({"eligibility": []}, "eligibility"),
    ],
)
def test_what_no_plan_says_is_refused_by_name(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadPlan) as refusal:
        Plan.from_json({**PLAN.as_json(), **change})
    assert field in refusal.value.details["fields"]


def test_a_plan_without_a_fee_is_none() -> None:
    with pytest.raises(BadPlan):
        Plan.from_json({"data_gb": 20})


@pytest.mark.parametrize(
    ("kind", "plan", "takes_number"),
    [
        (ProductKind.PLAN, None, False),
        (ProductKind.GOODS, PLAN, False),
        (ProductKind.GOODS, None, True),
    ],
)
def test_plans_alone_have_terms_and_goods_have_no_numbers(
    app: Flask, kind: ProductKind, plan: Plan | None, takes_number: bool
) -> None:
    assert app.testing
    with transaction():
        shelf = add_category(slug="x", name="货架").id
    data = ProductData(kind, shelf, "商品", plan=plan, takes_number=takes_number)
    with pytest.raises(BadPlan), transaction():
        add_product(data=data, now=NOON)


@pytest.mark.parametrize(
    ("terms", "buyer", "said"),
    [
        (Eligibility(), Circumstances(), ""),
        (Eligibility(new_customers=True), Circumstances(), ""),
        (Eligibility(new_customers=True), Circumstances(has_plan=True), "仅限新用户"),
        (Eligibility(one_per_person=True), Circumstances(has_plan=True), ""),
        (Eligibility(one_per_person=True), Circumstances(has_this=True), "每人限办一份"),
        (Eligibility(one_per_person=True), Circumstances(quantity=2), "将数量改为 1"),
        (Eligibility(with_phone=True), Circumstances(), "一同购买"),
        (Eligibility(with_phone=True), Circumstances(has_goods=True), ""),
        (Eligibility(regions=("滨江市",)), Circumstances(places=["示例省 滨江市 人民路"]), ""),
        (Eligibility(regions=("滨江市",)), Circumstances(places=["示例省 云州市"]), "仅限滨江市"),
        (Eligibility(regions=("滨江市",)), Circumstances(), "仅限滨江市"),
        (Eligibility(age_from=60), Circumstances(), ""),
    ],
)
def test_who_may_buy_a_plan(terms: Eligibility, buyer: Circumstances, said: str) -> None:
    reasons = refusals(terms, buyer)
    assert bool(reasons) is bool(said)
    assert said in "".join(reasons)


def test_the_page_says_every_condition_beforehand() -> None:
    assert conditions(Eligibility()) == []
    assert conditions(PLAN.eligibility) == [
        "每人限办一份",
        "仅限滨江市用户办理",
        "适用16 至 28 岁用户，实名认证时核验",
    ]
    assert conditions(Eligibility(age_from=60)) == ["适用60 岁及以上用户，实名认证时核验"]
    assert conditions(Eligibility(age_to=18)) == ["适用18 岁及以下用户，实名认证时核验"]
    assert len(conditions(Eligibility(new_customers=True, with_phone=True))) == 2
