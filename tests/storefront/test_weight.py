"""How much of our own a phone has to load before it sees a page."""

import gzip
import re

import pytest

from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from tests.storefront.test_orders import ordered

LIMIT = 60 * 1024
_OURS = re.compile(r'(?:href|src)="(/mall-assets/[^"]+\.(?:css|js)\?[^"]*)"')


def packed(content: bytes) -> int:
    """Its size as a proxy would send it."""
    return len(gzip.compress(content, 6))


def weight(phone: Phone, path: str) -> int:
    """The page with every stylesheet and script of ours that it names, compressed."""
    page = phone.get(path)
    assert page.status_code == 200
    total = packed(page.data)
    for address in set(_OURS.findall(page.text)):
        with phone.get(address.replace("&amp;", "&")) as file:
            assert file.status_code == 200
            total += packed(file.data)
    return total


@pytest.fixture
def phone(mall: Mall, phone_of: Phones) -> Phone:
    phone = phone_of("Bob")
    phone.open(mall.link(mall.alice_id, mall.product))
    phone.post("/api/cart", client_key="0123456789abcdef", sku=mall.wares.phone, quantity=1)
    return phone


def test_the_first_load_of_every_page_to_buy_on_is_light(mall: Mall, phone: Phone) -> None:
    order = ordered(phone, mall)
    paths = (
        "/",
        "/c/phones",
        "/outlet/O1",
        "/city/C",
        "/orders",
        f"/orders/{order}",
        f"/orders/{order}/pay",
        "/addresses",
        "/phone",
        f"/r/{mall.alice_number}",
        "/search?q=xhsj",
        f"/p/{mall.product}",
        "/cart",
        f"/checkout?line={mall.wares.phone}",
    )
    weights = {path: weight(phone, path) for path in paths}
    assert {path: each for path, each in weights.items() if each > LIMIT} == {}
    assert min(weights.values()) > 20 * 1024  # the stylesheets were counted
