"""What a buyer sees of the way of his order, before and after he pays."""

from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select
from werkzeug.test import TestResponse

from flows.fulfilment import desk
from fulfilment.models import Chain, Task
from fulfilment.nodes import CHECKS
from fulfilment.queries import reviews_of
from orders.queries import lines_of_order
from tests.simulator.stage import Stage
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from tests.storefront.test_orders import bob, ordered, orders, work
from wx_backend import clock
from wx_backend.db import db, retried

__all__ = ["bob"]
IMEI = "490154203237518"


def test_a_product_tells_when_it_would_be_there(mall: Mall, bob: Phone) -> None:
    page = bob.get(f"/p/{mall.product}").text
    assert "由中山路营业厅发货或备货" in page
    assert "还没有评价" in page
    told = bob.get(f"/api/promise?sku={mall.wares.phone}&delivery=pickup").get_json()
    assert "到店自提" in told["text"]
    assert told["is_same_day"] is False
    assert bob.get("/api/promise?sku=nothing").status_code == 404
    assert bob.get(f"/api/promise?sku={mall.wares.phone}&delivery=drone").status_code == 400


def test_the_buyer_signs_and_reviews_on_his_page(
    mall: Mall, bob: Phone, phone_of: Phones, wechat: Stage
) -> None:
    number = paid(bob, mall, wechat)
    page = bob.get(f"/orders/{number}").text
    assert "办理进度" in page
    assert "确认签收" not in page
    send()
    assert "确认签收" in bob.get(f"/orders/{number}").text
    assert form(phone_of("Carol"), f"/orders/{number}/sign").status_code in {401, 404}
    assert form(bob, f"/orders/{number}/sign").status_code == 302
    [order] = orders()
    [line] = lines_of_order(order.id)
    review = {"line": str(line.id), "stars": "5", "text": "很快\r\nvery"}
    assert form(bob, f"/orders/{number}/review", **{**review, "stars": "9"}).status_code == 400
    assert form(bob, f"/orders/{number}/review", **review).status_code == 302
    db.session.rollback()
    assert [each.text for each in reviews_of([line.id]).values()] == ["很快 very"]
    assert "很快" in bob.get(f"/orders/{number}").text
    product = phone_of("Carol").get(f"/p/{mall.product}").text
    assert "5.0 分" in product
    assert "很快" in product
    reviews = bob.get(f"/api/products/{mall.product}").get_json()["reviews"]
    newest = reviews["newest"][0]["text"]
    assert (reviews["count"], reviews["stars"], newest) == (1, 5, "很快 very")


def paid(bob: Phone, mall: Mall, wechat: Stage, **wish: Any) -> str:
    """An order Bob has paid, on its way."""
    number = ordered(bob, mall, **wish)
    sheet = bob.post(f"/api/orders/{number}/pay").get_json()
    wechat.act("Bob", "pay", **sheet)
    bob.post(f"/api/orders/{number}/ask")
    work()
    return number


def form(phone: Phone, path: str, **values: str) -> TestResponse:
    """Send one of the page's own forms."""
    content = urlencode({"csrf_token": phone.page_token(), **values}).encode()
    return phone.send_raw(path, content, "application/x-www-form-urlencoded")


def send() -> None:
    """Carol packs the one line there is and gives it to the carrier."""
    db.session.rollback()
    chain = db.session.scalars(select(Chain)).one()
    outlet_id, now = chain.outlet_id, clock.now()
    assert outlet_id is not None
    who: dict[str, Any] = {"outlet_id": outlet_id, "actor": "rep:1", "now": now}
    packed = task("packed")
    retried(lambda: desk.accept_task(task_id=packed, **who))
    for check in CHECKS["goods"]:
        retried(lambda check=check: desk.record_check(task_id=packed, check=check, **who))  # type: ignore[misc]  # bound at once
    retried(lambda: desk.record_serial(task_id=packed, value=IMEI, **who))
    retried(lambda: desk.finish_packing(task_id=packed, **who))
    out = task("handed_over")
    retried(lambda: desk.accept_task(task_id=out, **who))
    retried(lambda: desk.hand_to_carrier(task_id=out, carrier="SF", waybill="SF12345678", **who))


def task(node: str) -> int:
    db.session.rollback()
    return db.session.scalars(select(Task.id).where(Task.node == node)).one()
