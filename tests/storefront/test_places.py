"""Pages of places: every store is found, however many there are, wherever it hangs in the tree."""

import re

from org.models import Tier
from org.operations import close_node, create_node
from org.queries import node_by_code
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import transaction


def codes(page: str) -> list[str]:
    return re.findall(r'href="/outlet/([A-Z0-9]+)"', page)


def province_id() -> int:
    found = node_by_code("P")
    assert found
    return found.id


def test_a_store_right_under_the_province_is_shown(mall: Mall, phone_of: Phones) -> None:
    assert mall
    with transaction():
        create_node(tier=Tier.OUTLET, code="DIRECT", name="省直营厅", parent_id=province_id())
    page = phone_of("Bob").get("/province/P").text
    assert codes(page)[0] == "DIRECT"
    assert "省直营厅" in page
    assert page.index("省直营厅") < page.index('href="/city/C"')


def test_many_stores_are_turned_page_by_page(mall: Mall, phone_of: Phones) -> None:
    assert mall
    with transaction():
        parent = province_id()
        for number in range(45):
            code = f"D{number:02d}"
            create_node(tier=Tier.OUTLET, code=code, name=f"{code}厅", parent_id=parent)
    phone = phone_of("Bob")
    pages = [phone.get(f"/province/P?at={number}").text for number in range(3)]
    found = [code for page in pages for code in codes(page)]
    assert [len(codes(page)) for page in pages[:2]] == [20, 20]
    assert len(found) == len(set(found))
    assert {f"D{number:02d}" for number in range(45)} < set(found)
    assert "O1" in found
    assert "上一页" not in pages[0]
    assert "下一页" in pages[0]
    assert "下一页" not in pages[2]
    assert "没有更多营业厅了" in phone.get("/province/P?at=9").text
    for odd in ("-1", "x", "99999"):
        assert codes(phone.get(f"/province/P?at={odd}").text)[0] == "D00"


def test_a_closed_store_is_not_shown(mall: Mall, phone_of: Phones) -> None:
    assert mall
    with transaction():
        made = create_node(tier=Tier.OUTLET, code="GONE", name="旧厅", parent_id=province_id())
        close_node(node_id=made, on=business_on(clock.now()))
    assert "GONE" not in codes(phone_of("Bob").get("/province/P").text)
