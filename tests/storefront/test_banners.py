"""Campaign slots in the mall: shown where they belong, counted when tapped, and nobody's credit."""

import re

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from catalog.banner_models import Banner, BannerCount, LeadsTo
from catalog.banners import Target
from catalog.models import Category, Product
from orders.models import OrderLine
from org.models import Tier
from org.operations import create_node
from org.queries import node_by_code
from tests.catalog.slots import put_up
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import DESKTOP, Phone
from tests.storefront.records import credited, sightings
from tests.storefront.test_orders import ordered
from wx_backend.db import db, transaction

SHOWN = re.compile(r'href="(/b/BN[0-9A-Z]+)"')


def node(code: str) -> int:
    found = node_by_code(code)
    assert found
    return found.id


def counted() -> dict[str, int]:
    """How often banners were fetched, by kind."""
    db.session.rollback()
    rows = db.session.execute(
        select(BannerCount.kind, func.sum(BannerCount.count)).group_by(BannerCount.kind)
    )
    return {kind: int(count) for kind, count in rows}


def credited_line() -> int | None:
    """The rep of the one line that was ordered."""
    db.session.rollback()
    return db.session.scalars(select(OrderLine.developer_rep_id)).one()


@pytest.fixture
def bob(mall: Mall, phone_of: Phones) -> Phone:
    phone = phone_of("Bob")
    phone.open(mall.link(mall.alice_id))
    return phone


def test_showroom_and_places_show_what_is_theirs(mall: Mall, bob: Phone) -> None:
    for code, title in (("O1", "本厅"), ("C", "本市"), ("P", "全省")):
        put_up(node(code), title)
    with transaction():
        other = create_node(tier=Tier.CITY, code="C2", name="邻市", parent_id=node("P"))
    put_up(other, "邻市活动")
    for path, titles in {
        f"/r/{mall.alice_number}": ["本厅", "本市", "全省"],
        "/outlet/O1": ["本厅", "本市", "全省"],
        "/city/C": ["本市", "全省"],
        "/province/P": ["全省"],
        "/city/C2": ["邻市活动", "全省"],
    }.items():
        page = bob.get(path).text
        assert re.findall(r'<span class="name">([^<]+)</span></a>', page) == titles, path
    assert SHOWN.findall(bob.get(f"/r/{mall.alice_number}?q=x").text) == []


def test_without_a_banner_nothing_is_shown(mall: Mall, bob: Phone) -> None:
    for path in (f"/r/{mall.alice_number}", "/outlet/O1", "/city/C", "/province/P"):
        assert 'class="banners"' not in bob.get(path).text


def test_a_picture_says_its_size_and_a_title_is_text(mall: Mall, bob: Phone) -> None:
    put_up(mall.outlet_id, "<b>满减</b>&")
    page = bob.get("/outlet/O1").text
    assert "&lt;b&gt;满减&lt;/b&gt;&amp;" in page
    assert re.search(r'<img src="/mall-assets/mark.png" width="300" height="300"', page)


def targets() -> dict[str, Target]:
    product = db.session.scalars(select(Product).order_by(Product.id)).first()
    category = db.session.scalars(select(Category)).one()
    assert product
    return {
        f"/p/{product.number}": Target(LeadsTo.PRODUCT, product_id=product.id),
        "/c/phones": Target(LeadsTo.CATEGORY, category_id=category.id),
        "/search?q=5G%20%26%20%E6%89%8B%E6%9C%BA": Target(LeadsTo.SEARCH, words="5G & 手机"),
    }


def test_a_tap_leads_on_and_is_counted(mall: Mall, bob: Phone) -> None:
    for path, target in targets().items():
        number = put_up(mall.outlet_id, target.leads_to, target=target)
        answer = bob.get(f"/b/{number}")
        assert (answer.status_code, answer.headers["Location"]) == (302, path)
        assert bob.follow(answer).status_code == 200
    assert counted() == {"view": 3}


def test_what_is_no_tap_is_counted_apart(mall: Mall, bob: Phone, phone_of: Phones) -> None:
    path = f"/b/{put_up(mall.outlet_id)}"
    stranger = phone_of("Carol", DESKTOP)
    assert stranger.get(path, Sec_Purpose="prefetch").status_code == 204
    assert stranger.get(path, "HEAD").status_code == 302
    assert stranger.get(path, User_Agent="Baiduspider").status_code == 302
    assert counted() == {"prefetch": 1, "head": 1, "preview": 1}
    assert bob.get(path).status_code == 302
    assert counted()["view"] == 1


def test_a_tap_leaves_the_credit_with_who_brought_the_customer(mall: Mall, bob: Phone) -> None:
    """By Alice's link, then through Dave's bare showroom and its banner: the order is Alice's."""
    target = next(iter(targets().values()))
    number = put_up(mall.outlet_id, target=target)
    before, seen = credited(), sightings()
    assert f"/b/{number}" in bob.get(f"/r/{mall.dave_number}").text
    page = bob.open(f"/b/{number}")
    assert "爱丽丝" in page.text
    assert (credited(), sightings()) == (before, seen) == ([mall.alice_id], {"view": 1})
    ordered(bob, mall)
    assert credited_line() == mall.alice_id


def test_a_stranger_who_taps_is_nobodys(mall: Mall, phone_of: Phones) -> None:
    phone = phone_of("Bob")
    phone.open(f"/b/{put_up(mall.outlet_id)}")
    phone.sign_in()
    ordered(phone, mall)
    assert credited_line() is None
    assert credited() == []


def test_what_is_over_leads_home_and_what_never_was_is_not_found(mall: Mall, bob: Phone) -> None:
    number = put_up(mall.outlet_id)
    with transaction():
        db.session.execute(update(Banner).values(is_on=False))
    page = bob.open(f"/b/{number}")
    assert page.status_code == 200
    assert "活动已结束" in page.text
    assert bob.post(f"/api/banners/{number}/tap").status_code == 204
    assert counted() == {}
    assert bob.get("/b/BN0").status_code == 404
    assert bob.post("/api/banners/BN0/tap").status_code == 404


def test_programs_get_the_same(mall: Mall, bob: Phone) -> None:
    number = put_up(mall.outlet_id, target=targets()["/c/phones"])
    put_up(node("P"), "全省")
    for query in (f"?rep={mall.alice_number}", "?place=O1", ""):
        shown = bob.get(f"/api/banners{query}").get_json()["banners"]
        assert [each["title"] for each in shown] == ["开学季", "全省"], query
        assert shown[0] == {
            "number": number,
            "title": "开学季",
            "picture": {"path": "/mall-assets/mark.png", "width": 300, "height": 300},
            "leads_to": "category",
            "target": "phones",
            "path": "/c/phones",
        }
    assert bob.get("/api/banners?place=P").get_json()["banners"][0]["title"] == "全省"
    for query in ("?rep=RP0", "?place=NOWHERE"):
        assert bob.get(f"/api/banners{query}").status_code == 404
    assert bob.post(f"/api/banners/{number}/tap").status_code == 204
    assert bob.post(f"/api/banners/{number}/tap", token="forged").status_code == 400
    assert counted() == {"view": 1}


def test_a_banner_never_leads_off_this_site(app: Flask, mall: Mall, bob: Phone) -> None:
    assert app
    for words in ("//evil.example", "https://evil.example/", "\\\\evil", "javascript:alert(1)"):
        number = put_up(mall.outlet_id, words, target=Target(LeadsTo.SEARCH, words=words))
        assert bob.get(f"/b/{number}").headers["Location"].startswith("/search?q=")
