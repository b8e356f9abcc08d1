"""Share links: what opening one proves, and what fetching one does not."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from catalog.models import Product
from org.reps import disable_rep, part_with_rep
from referral.importing import Alias, add_alias
from referral.models import Code, Place, Subject
from referral.operations import Sharer, Sharing, open_share, point_code
from referral.signing import sign_share
from referral.values import Certainty, TouchKind
from tests.forging import one_letter_off
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import DESKTOP
from tests.storefront.records import credited, forgeries, people, sightings, touches
from wx_backend import clock
from wx_backend.db import db, transaction


def test_an_opened_link_is_one_touch_of_the_person(mall: Mall, phone_of: Phones) -> None:
    page = phone_of("Bob").open(mall.link(mall.alice_id))
    assert "爱丽丝" in page.text
    (touch,) = touches()
    assert touch.identity_id is not None
    assert (touch.kind, touch.certainty) == (TouchKind.LINK_OPENED, Certainty.SIGNED)
    assert credited() == [mall.alice_id]
    assert sightings() == {"view": 1}


def test_outside_wechat_the_touch_is_the_browsers(mall: Mall, phone_of: Phones) -> None:
    phone = phone_of("Bob", DESKTOP)
    phone.open(mall.link(mall.alice_id, mall.product))
    (touch,) = touches()
    assert touch.visitor_id is not None
    assert people() == (1, 0, 0)


def test_opening_again_within_the_half_hour_adds_nothing(mall: Mall, phone_of: Phones) -> None:
    phone, link = phone_of("Bob", DESKTOP), mall.link(mall.alice_id)
    for _ in range(3):
        phone.open(link)
        phone.post("/api/touch")
    assert credited() in ([mall.alice_id], [mall.alice_id] * 2)  # 2 if a half hour ended meanwhile
    assert sightings() == {"view": 3}


@pytest.mark.parametrize(
    ("method", "headers", "kind"),
    [
        ("GET", {"User_Agent": DESKTOP}, "view"),
        ("HEAD", {"User_Agent": DESKTOP}, "head"),
        ("GET", {"User_Agent": DESKTOP, "Sec_Purpose": "prefetch;prerender"}, "prefetch"),
        ("GET", {"User_Agent": DESKTOP, "Purpose": "prefetch"}, "prefetch"),
        ("GET", {"User_Agent": "Mozilla/5.0 (compatible; Baiduspider/2.0)"}, "preview"),
        ("GET", {"User_Agent": "WhatsApp/2.23"}, "preview"),
        ("GET", {"User_Agent": ""}, "preview"),
    ],
)
def test_a_bare_fetch_is_counted_and_credits_nobody(
    mall: Mall, phone_of: Phones, method: str, headers: dict[str, str], kind: str
) -> None:
    answer = phone_of("Bob").get(mall.link(mall.alice_id), method, **headers)
    assert answer.status_code in {204, 302}
    assert (touches(), sightings()) == ([], {kind: 1})
    assert people() == (0, 0, 0)


def test_a_prefetched_link_does_not_become_a_touch_later(mall: Mall, phone_of: Phones) -> None:
    phone = phone_of("Bob", DESKTOP)
    phone.get(mall.link(mall.alice_id), Sec_Purpose="prefetch")
    phone.post("/api/touch")
    assert touches() == []


def test_the_beacon_needs_the_pages_token(mall: Mall, phone_of: Phones) -> None:
    phone = phone_of("Bob", DESKTOP)
    phone.follow(phone.get(mall.link(mall.alice_id)))
    assert phone.post("/api/touch", token="forged").status_code == 400
    assert touches() == []


def test_a_forged_token_earns_nothing_and_is_counted(mall: Mall, phone_of: Phones) -> None:
    link = mall.link(mall.alice_id)
    phone = phone_of("Bob")
    for forged in (one_letter_off(link, -2), "/s/nonsense", one_letter_off(link, 8)):
        page = phone.open(forged)
        assert page.status_code == 200
        assert "链接无效" in page.text
        assert "星河手机" in page.text
    assert touches() == []
    assert sightings() == {}
    assert forgeries() == {"bad_mac": 2, "bad_length": 1}


def test_a_forged_link_takes_nothing_from_the_rep_before(mall: Mall, phone_of: Phones) -> None:
    phone = phone_of("Bob")
    phone.open(mall.link(mall.alice_id))
    phone.open("/s/" + "S" + "A" * 22 + "B")
    assert "爱丽丝" in phone.get("/").text
    assert credited() == [mall.alice_id]


def test_a_link_of_an_older_system_counts_as_legacy_until_its_end(
    mall: Mall, phone_of: Phones
) -> None:
    now = clock.now()
    with transaction():
        add_alias(alias=Alias(slug="old-0007"), sharer=Sharer(rep_id=mall.alice_id), now=now)
    phone = phone_of("Bob")
    phone.open("/l/old-0007")
    assert [touch.certainty for touch in touches()] == [Certainty.LEGACY]
    with transaction():
        db.session.execute(update(Code).values(expires_at=now - timedelta(days=1)))
    assert "链接已过期" in phone.open("/l/old-0007").text
    assert len(touches()) == 1


def test_a_pointed_link_leads_to_its_newest_target(mall: Mall, phone_of: Phones) -> None:
    earlier = clock.now() - timedelta(days=2)
    with transaction():
        sharer = Sharer(rep_id=mall.alice_id)
        code_id = add_alias(alias=Alias(slug="desk"), sharer=sharer, now=earlier)
        share = open_share(
            sharer=Sharer(rep_id=mall.dave_id),
            sharing=Sharing(subject=Subject.SHOWROOM, place=Place.PRINT),
            now=earlier,
        )
        point_code(code_id=code_id, share_id=share.id, now=earlier + timedelta(days=1))
    assert "戴夫" in phone_of("Bob").open("/l/desk").text
    assert credited() == [mall.dave_id]


@pytest.mark.usefixtures("mall")
def test_an_unknown_short_link_shows_the_mall(phone_of: Phones) -> None:
    assert "链接无效" in phone_of("Bob").open("/l/nobodys").text
    assert forgeries() == {"unknown_slug": 1}


@pytest.mark.usefixtures("mall")
def test_a_browser_that_only_looks_gets_no_visitor(phone_of: Phones) -> None:
    answer = phone_of("Bob", DESKTOP).get("/")
    assert "wx_visitor" not in str(answer.headers)
    assert people() == (0, 0, 0)


def test_a_link_of_a_rep_who_may_not_sell_now_opens_the_mall(mall: Mall, phone_of: Phones) -> None:
    link = mall.link(mall.alice_id)
    with transaction():
        disable_rep(rep_id=mall.alice_id)
    phone = phone_of("Bob")
    page = phone.open(link)
    assert page.status_code == 200
    assert "爱丽丝" not in page.text
    assert phone.get(f"/r/{mall.alice_number}").status_code == 404


def test_a_link_of_a_rep_who_left_without_an_heir_opens_the_mall(
    mall: Mall, phone_of: Phones
) -> None:
    link = mall.link(mall.alice_id)
    with transaction():
        part_with_rep(rep_id=mall.alice_id, now=clock.now())
    assert "专属顾问" not in phone_of("Bob").open(link).text


def test_a_link_to_goods_off_the_shelf_opens_the_reps_showroom(
    mall: Mall, phone_of: Phones
) -> None:
    link = mall.link(mall.alice_id, mall.product)
    with transaction():
        db.session.execute(update(Product).values(is_listed=False))
    assert "您好，选机办卡随时找我" in phone_of("Bob").open(link).text
    assert credited() == [mall.alice_id]


def test_the_address_of_a_rep_who_left_leads_to_his_heir(mall: Mall, phone_of: Phones) -> None:
    with transaction():
        part_with_rep(rep_id=mall.alice_id, now=clock.now(), heir_id=mall.dave_id)
    answer = phone_of("Bob").get(f"/r/{mall.alice_number}")
    assert answer.headers["Location"] == f"/r/{mall.dave_number}"


@pytest.mark.usefixtures("mall")
def test_a_good_token_of_another_installations_share_credits_nobody(
    phone_of: Phones,
) -> None:
    """Right under our key, but nobody here ever shared it."""
    phone_of("Bob").open(f"/s/{sign_share(999_999)}")
    assert touches() == []
    assert forgeries() == {"unknown_share": 1}
