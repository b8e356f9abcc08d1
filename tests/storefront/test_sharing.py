"""Passing pages on: the rep stays on the path, and only our own pages are signed."""

from urllib.parse import quote, urlsplit

import pytest
from sqlalchemy import func, select

from members.models import Identity
from members.queries import member_of
from org.invites import bind_rep
from org.reps import part_with_rep
from referral.models import Share
from referral.queries import share_path
from referral.signing import signed_share
from tests.simulator.stage import Stage
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import DESKTOP, Phone
from tests.storefront.records import credited, forgeries, touches
from wx_backend import clock
from wx_backend.config import Config
from wx_backend.db import db, transaction


def shared(phone: Phone, subject: str, key: str, place: str = "chat") -> str:
    """The path of the link this phone passes a page on by."""
    answer = phone.post("/api/shares", subject=subject, key=key)
    assert answer.status_code in {200, 201}, answer.text
    return str(urlsplit(answer.get_json()["links"][place]).path)


def share_of(link: str) -> Share:
    db.session.rollback()
    return db.session.get_one(Share, signed_share(link.removeprefix("/s/")))


def bind(phone: Phone, rep_id: int) -> None:
    """Make the phone's owner the hands of a rep; he signs in for it."""
    phone.sign_in()
    db.session.rollback()
    identity_id = db.session.scalar(select(func.max(Identity.id)))
    member_id = member_of(identity_id or 0)
    db.session.rollback()
    with transaction():
        bind_rep(rep_id=rep_id, member_id=member_id or 0, now=clock.now())


def test_a_reshared_link_is_still_the_reps(mall: Mall, phone_of: Phones) -> None:
    """Alice -> Bob -> Carol: Carol's touch is Alice's, with Bob on the path."""
    bob, carol = phone_of("Bob"), phone_of("Carol")
    bob.open(mall.link(mall.alice_id))
    link = shared(bob, "product", mall.product)
    page = carol.open(link)
    assert "星河手机" in page.text
    assert "爱丽丝" in page.text
    assert credited() == [mall.alice_id, mall.alice_id]
    path = share_path(share_of(link).id)
    assert [share.rep_id for share in path] == [mall.alice_id, None]
    assert path[1].identity_id == touches()[0].identity_id


def test_the_last_employee_on_the_path_takes_over(mall: Mall, phone_of: Phones) -> None:
    dave, carol = phone_of("Dave"), phone_of("Carol")
    bind(dave, mall.dave_id)
    dave.open(mall.link(mall.alice_id, mall.product))
    carol.open(shared(dave, "product", mall.product))
    assert credited()[-1] == mall.dave_id


def test_an_anonymous_viewer_passes_on_the_link_he_came_by(mall: Mall, phone_of: Phones) -> None:
    bob, link = phone_of("Bob", DESKTOP), mall.link(mall.alice_id, mall.product)
    bob.open(link)
    assert shared(bob, "product", mall.product) == link


def test_without_a_link_an_anonymous_viewer_passes_on_the_page(
    mall: Mall, phone_of: Phones
) -> None:
    assert shared(phone_of("Bob", DESKTOP), "product", mall.product) == f"/p/{mall.product}"


def test_sharing_twice_is_one_share_and_places_differ(mall: Mall, phone_of: Phones) -> None:
    bob = phone_of("Bob")
    bob.open(mall.link(mall.alice_id))
    first, again = (shared(bob, "product", mall.product) for _ in range(2))
    assert first == again
    assert shared(bob, "product", mall.product, "moments") != first


def test_ones_own_link_again_is_no_new_hop(mall: Mall, phone_of: Phones) -> None:
    bob = phone_of("Bob")
    bob.open(mall.link(mall.alice_id))
    first = shared(bob, "product", mall.product)
    bob.open(first)
    assert shared(bob, "product", mall.product) == first


def test_a_customer_who_came_by_nobody_credits_nobody(mall: Mall, phone_of: Phones) -> None:
    """The number in a showroom's address is no proof: it shows the showroom, no more."""
    bob, carol = phone_of("Bob"), phone_of("Carol")
    bob.sign_in()
    page = carol.open(shared(bob, "showroom", mall.alice_number))
    assert "爱丽丝" in page.text
    assert touches()[0].share_id is not None
    assert credited() == [None]


def test_a_page_that_is_not_on_show_cannot_be_shared(mall: Mall, phone_of: Phones) -> None:
    phone = phone_of("Bob")
    for subject, key in (("product", "PD000000"), ("showroom", "RP000000")):
        assert phone.post("/api/shares", subject=subject, key=key).status_code == 404
    assert phone.post("/api/shares", subject="campaign", key="x").status_code == 400
    assert phone.post("/api/shares", subject="product", key=mall.product, rep=1).status_code == 400


@pytest.mark.usefixtures("mall")
def test_wechat_accepts_the_signature_of_our_page(
    config: Config, wechat: Stage, phone_of: Phones
) -> None:
    url = f"{config.service.base_url}/p/x?from=singlemessage&isappinstalled=0"
    signed = phone_of("Bob").get(f"/api/jssdk?url={url.replace('&', '%26')}").get_json()
    checked = wechat.control(
        "POST",
        "/jssdk/check",
        appid=signed["appId"],
        url=url,
        nonceStr=signed["nonceStr"],
        timestamp=signed["timestamp"],
        signature=signed["signature"],
    )
    assert checked["errMsg"] == "config:ok"


@pytest.mark.usefixtures("mall")
@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://wx.test.evil.example/",
        "https://wx.test@evil.example/",
        "https://evil.example\\@wx.test/",
        "http://wx.test/",
        "//wx.test/",
        "javascript:alert(1)//wx.test",
        "https://wx.test:8443/",
        "",
    ],
)
def test_foreign_addresses_are_not_signed(phone_of: Phones, url: str) -> None:
    answer = phone_of("Bob").get(f"/api/jssdk?url={quote(url, safe='')}")
    assert answer.status_code == 400


def test_a_rep_who_left_is_answered_by_his_heir(mall: Mall, phone_of: Phones) -> None:
    link = mall.link(mall.alice_id)
    with transaction():
        part_with_rep(rep_id=mall.alice_id, now=clock.now(), heir_id=mall.dave_id)
    assert "戴夫" in phone_of("Bob").open(link).text
    assert forgeries() == {}


def test_the_front_page_can_be_passed_on_too(mall: Mall, phone_of: Phones) -> None:
    bob = phone_of("Bob")
    bob.open(mall.link(mall.alice_id))
    assert "爱丽丝" in phone_of("Carol").open(shared(bob, "showroom", "")).text


@pytest.mark.usefixtures("mall")
def test_without_a_ticket_the_page_does_without(
    config: Config, wechat: Stage, phone_of: Phones
) -> None:
    wechat.chaos("/cgi-bin/ticket/getticket", "fail_before", times=-1, errcode=45009)
    answer = phone_of("Bob").get(f"/api/jssdk?url={config.service.base_url}/")
    assert answer.status_code == 503
