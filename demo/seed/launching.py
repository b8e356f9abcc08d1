"""The demo's products go on sale the way all do: check-list, one asks, another one approves."""

from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select

from catalog.launch import ItemData, ask_approval, decide, tick
from catalog.launch_models import LaunchStep, Verdict
from catalog.models import Product
from catalog.operations import list_product
from org.models import Staff
from wx_backend.clock import business_on
from wx_backend.db import db

ASKS, APPROVES = "city", "province"
OWNER: Final = "滨江市经理"
EVIDENCE: Final = {
    LaunchStep.PLAN: "2026 年秋季终端与套餐营销方案，已会签",
    LaunchStep.RESOURCES: "中心仓入库单、号源登记表、门店海报已下发",
    LaunchStep.TRAINING: "培训签到表与考核成绩已归档",
}


def launch(product: Product, *, now: datetime) -> None:
    """Take a product through its check-list onto the shelves."""
    asks, approves = _actor(ASKS), _actor(APPROVES)
    on = business_on(now)
    for step, evidence in EVIDENCE.items():
        data = ItemData(step=step, owner=OWNER, content=_content(step, on), evidence=evidence)
        tick(product_id=product.id, data=data, actor=asks, now=now)
    asked = ask_approval(
        product_id=product.id, on_sale_from=now, on_sale_until=None, actor=asks, now=now
    )
    decide(approval_id=asked, verdict=Verdict.APPROVED, note="同意上架", actor=approves, now=now)
    list_product(product_id=product.id, is_listed=True)


def _content(step: LaunchStep, on: date) -> dict[str, str]:
    return {
        LaunchStep.PLAN: {
            "target": "换机与新入网客户，首月 200 单",
            "budget_yuan": "20000",
            "from": on.isoformat(),
            "until": (on + timedelta(days=90)).isoformat(),
            "outlets": "全省十二家营业厅",
        },
        LaunchStep.RESOURCES: {
            "stock": "中心仓 200 件",
            "numbers": "三市号池共 500 个号码",
            "materials": "海报、价签、单页",
        },
        LaunchStep.TRAINING: {"trained": "六十名营业员", "signed_off": "各营业厅店长"},
    }[step]


def _actor(login: str) -> str:
    staff_id = db.session.scalars(select(Staff.id).where(Staff.login == login)).one()
    return f"staff:{staff_id}"
