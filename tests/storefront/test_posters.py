"""A customer's own poster: his share behind the code, the rep at the root on it, through any number of hops."""

from io import BytesIO
from urllib.parse import urlsplit

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select

from orders.models import OrderLine
from org.reps import part_with_rep
from referral.models import Share
from referral.queries import share_path
from referral.signing import signed_share
from tests.jobs import run_jobs
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import DESKTOP, Phone
from tests.storefront.records import credited
from tests.storefront.test_orders import ordered
from wx_backend import clock, outbox
from wx_backend.db import db, transaction


def asked(phone: Phone, subject: str, key: str) -> str:
    answer = phone.post("/api/posters", subject=subject, key=key)
    assert answer.status_code == 202, answer.text
    return str(answer.get_json()["number"])


def poster(phone: Phone, subject: str, key: str) -> str:
    """Ask for a poster, let it be drawn; the path of the link its code says."""
    number = asked(phone, subject, key)
    assert phone.get(f"/api/posters/{number}").get_json() == {"url": None}
    assert phone.get(f"/posters/{number}.jpg").status_code == 404
    run_jobs(outbox.CALL)
    url = phone.get(f"/api/posters/{number}").get_json()["url"]
    with Image.open(BytesIO(phone.get(url).data)) as picture:
        assert picture.size == (750, 1334)
        (code,) = zxingcpp.read_barcodes(picture.convert("L"))
    return str(urlsplit(code.text).path)


def share_of(path: str) -> Share:
    db.session.rollback()
    return db.session.get_one(Share, signed_share(path.removeprefix("/s/")))


def test_from_hop_to_hop_the_rep_stays(mall: Mall, phone_of: Phones) -> None:
    """Alice's link to Bob, Bob's poster to Carol, Carol's poster to Erin, who buys: it is Alice's."""
    bob, carol, erin = (phone_of(name) for name in ("Bob", "Carol", "Erin"))
    bob.open(mall.link(mall.alice_id))
    first = poster(bob, "product", mall.product)
    carol.open(first)
    second = poster(carol, "product", mall.product)
    assert second != first
    page = erin.open(second)
    assert "星河手机" in page.text
    ordered(erin, mall)
    path = share_path(share_of(second).id)
    assert [each.rep_id for each in path] == [mall.alice_id, None, None]
    assert [each.place for each in path[1:]] == ["poster", "poster"]
    assert credited() == [mall.alice_id] * 3
    assert db.session.scalars(select(OrderLine.developer_rep_id)).all() == [mall.alice_id]


def test_the_same_page_is_the_same_poster_and_another_page_another(
    mall: Mall, phone_of: Phones
) -> None:
    bob = phone_of("Bob")
    bob.open(mall.link(mall.alice_id))
    one = asked(bob, "product", mall.product)
    assert asked(bob, "product", mall.product) == one
    assert asked(bob, "showroom", mall.alice_number) != one


def test_a_poster_is_its_owners(mall: Mall, phone_of: Phones) -> None:
    bob, mallory = phone_of("Bob"), phone_of("Mallory")
    bob.open(mall.link(mall.alice_id))
    mallory.sign_in()
    number = asked(bob, "product", mall.product)
    run_jobs(outbox.CALL)
    for each in (number, "0", "999999", "x", "-1", "9" * 30):
        assert mallory.get(f"/api/posters/{each}").status_code == 404
        assert mallory.get(f"/posters/{each}.jpg").status_code == 404
    assert bob.get(f"/posters/{number}.jpg").status_code == 200
    stranger = phone_of("Erin", DESKTOP)
    assert stranger.post("/api/posters", subject="product", key=mall.product).status_code == 401


def test_who_came_by_nobody_credits_nobody_and_the_shop_stands_on_it(
    mall: Mall, phone_of: Phones
) -> None:
    bob, carol = phone_of("Bob"), phone_of("Carol")
    bob.sign_in()
    carol.open(poster(bob, "product", mall.product))
    assert credited() == [None]


def test_a_rep_who_left_is_on_no_new_poster(mall: Mall, phone_of: Phones) -> None:
    bob = phone_of("Bob")
    bob.open(mall.link(mall.alice_id))
    number = asked(bob, "product", mall.product)
    run_jobs(outbox.CALL)
    assert bob.get(f"/posters/{number}.jpg").status_code == 200
    db.session.rollback()
    with transaction():
        part_with_rep(rep_id=mall.alice_id, heir_id=mall.dave_id, now=clock.now())
    assert bob.get(f"/api/posters/{number}").get_json() == {"url": None}
    assert asked(bob, "product", mall.product) == number
    db.session.rollback()


@pytest.mark.parametrize(
    ("subject", "key"),
    [("product", "PD0"), ("showroom", "RP0"), ("campaign", "x"), ("product", "")],
)
def test_what_is_not_on_show_has_no_poster(
    mall: Mall, phone_of: Phones, subject: str, key: str
) -> None:
    assert mall
    bob = phone_of("Bob")
    bob.sign_in()
    assert bob.post("/api/posters", subject=subject, key=key).status_code in {400, 404}


def test_the_sheet_offers_it_to_whoever_is_signed_in(mall: Mall, phone_of: Phones) -> None:
    bob, stranger = phone_of("Bob"), phone_of("Erin", DESKTOP)
    bob.open(mall.link(mall.alice_id))
    for path in (f"/p/{mall.product}", f"/r/{mall.alice_number}"):
        assert "生成海报" in bob.get(path).text
        assert "生成海报" not in stranger.get(path).text
