"""The share kit: each target is a share of its own, whose clicks, follows and orders can be told."""

from collections.abc import Callable
from io import BytesIO
from urllib.parse import urlsplit

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import func, select

from catalog.models import Product
from flows.my_shares import my_shares
from flows.sharing import link_of
from referral.models import Code, Place, Share, Subject
from referral.operations import Sharer, Sharing, open_share
from referral.values import TouchKind
from tests.console.world import World, buy, known, passed_on, share, touch
from tests.org.cast import hire
from tests.terminal.conftest import Phones, bound
from tests.terminal.phone import RepPhone
from wx_backend import clock
from wx_backend.db import db, transaction

Work = Callable[[], None]


@pytest.fixture
def alice(phone_of: Phones, world: World) -> RepPhone:
    return bound(phone_of, "Alice", world.alice_id)


def made(phone: RepPhone, place: str, product: str = "") -> int:
    answer = phone.send("/terminal/shares", place=place, product=product)
    assert answer.status_code == 302
    return int(answer.headers["Location"].rsplit("/", 1)[1])


def result(world: World, share_id: int) -> tuple[int, int, int, int]:
    db.session.rollback()
    page = my_shares(world.alice_id, limit=20, now=clock.now())
    (found,) = (each for each in page.results if each.share.id == share_id)
    contacts = found.spread.contacts
    return contacts.openings, contacts.follows, found.orders, found.spread.passed_on


def scanned(jpeg: bytes) -> str:
    (found,) = zxingcpp.read_barcodes(Image.open(BytesIO(jpeg)))
    return found.text


def drawn(phone: RepPhone, share_id: int, run_jobs: Work) -> str:
    """What the code of a share's picture says."""
    address = f"/api/terminal/shares/{share_id}/picture"
    assert phone.get(address).json == {"is_ready": False, "url": None}
    assert phone.post(address).status_code == 202
    run_jobs()
    state = phone.get(address).json
    assert state
    return scanned(phone.get(state["url"]).data)


def test_every_target_is_a_share_and_the_same_target_the_same(
    alice: RepPhone, world: World
) -> None:
    places = ("moments", "group", "chat", "qq", "sms")
    first = [made(alice, place) for place in places]
    again = [made(alice, place) for place in places]
    assert first == again
    assert len(set(first)) == 5
    db.session.rollback()
    rows = db.session.scalars(select(Share).where(Share.id.in_(first)))
    assert {(row.rep_id, row.root_rep_id, row.place) for row in rows} == {
        (world.alice_id, world.alice_id, place) for place in places
    }


def test_the_kit_has_words_link_and_picture(alice: RepPhone) -> None:
    for place, has_link, has_picture in (
        ("moments", False, True),
        ("group", True, True),
        ("sms", True, False),
    ):
        share_id = made(alice, place)
        page = alice.get(f"/terminal/shares/{share_id}").text
        link = link_of(share_id)
        assert page.count(link) == 1 + has_link  # the link itself, and within the words
        assert ("data-picture" in page) is has_picture
        assert "爱丽丝" in page


def test_a_picture_for_wechat_is_scanned_to_follow_one_for_qq_opens_the_link(
    alice: RepPhone, run_jobs: Work
) -> None:
    moments, qq = made(alice, "moments"), made(alice, "qq")
    said = drawn(alice, moments, run_jobs)
    db.session.rollback()
    code = db.session.scalars(select(Code)).one()
    assert (said, code.kind) == (code.url, "oa_temporary")
    assert drawn(alice, qq, run_jobs) == link_of(qq)


def test_a_product_is_shared_with_its_price_and_bought_by_the_link(
    alice: RepPhone, run_jobs: Work
) -> None:
    number = db.session.scalars(select(Product.number).where(Product.name == "星河手机")).one()
    page = alice.get("/terminal/share/moments?text=星河").text
    assert "星河手机" in page
    assert "畅享套餐" not in page
    share_id = made(alice, "moments", number)
    assert "星河手机，1,999 元起" in alice.get(f"/terminal/shares/{share_id}").text
    assert drawn(alice, share_id, run_jobs) == link_of(share_id)


def test_clicks_follows_and_orders_are_the_shares_own(
    alice: RepPhone, phone_of: Phones, world: World
) -> None:
    group, moments = made(alice, "group"), made(alice, "moments")
    dave: RepPhone = phone_of("Dave")
    dave.open(urlsplit(link_of(group)).path)
    erin, frank = known("Erin"), known("Frank")
    touch(erin, group, kind=TouchKind.SUBSCRIBE)
    assert result(world, group) == (1, 1, 0, 0)
    assert result(world, moments) == (0, 0, 0, 0)
    buy(erin, world.wares, world.tree.hall, key="e")
    assert result(world, group) == (1, 1, 1, 0)
    page = alice.get("/terminal/shares").text
    assert page.index("群聊") < page.index("聊天</span>")  # the newest first
    touch(frank, passed_on(world.alice_id, erin), kind=TouchKind.LINK_OPENED)
    assert result(world, share(world.alice_id)) == (2, 0, 1, 2)  # Bob and Frank, by Carl and Erin
    touch(frank, group, kind=TouchKind.LAUNCHED)
    assert result(world, group) == (2, 1, 1, 0), "a mini-program is opened by the link as well"


def test_what_a_colleague_passed_on_is_the_colleagues(alice: RepPhone, world: World) -> None:
    group, dave = made(alice, "group"), hire(world.tree.hall, "戴夫")
    with transaction():
        child = open_share(
            sharer=Sharer(rep_id=dave),
            sharing=Sharing(subject=Subject.SHOWROOM, place=Place.CHAT),
            parent_id=group,
            now=clock.now(),
        ).id
    touch(known("Erin"), child, kind=TouchKind.SUBSCRIBE)
    assert result(world, group) == (0, 0, 0, 0)


def test_a_foreign_share_and_a_foreign_place_are_not_there(
    alice: RepPhone, phone_of: Phones, world: World
) -> None:
    theirs = made(bound(phone_of, "Dave", world.nils_id), "group")
    for path in (
        "/terminal/shares/{}",
        "/terminal/shares/{}.jpg",
        "/api/terminal/shares/{}/picture",
    ):
        assert alice.get(path.format(theirs)).status_code == 404
    assert alice.post(f"/api/terminal/shares/{theirs}/picture").status_code == 404
    db.session.rollback()
    before = db.session.scalar(select(func.count()).select_from(Share))
    assert alice.send("/terminal/shares", place="push", product="").status_code == 400
    assert alice.send("/terminal/shares", place="group", product="PD0").status_code == 404
    assert alice.get("/terminal/share/push").status_code == 404
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Share)) == before


def test_who_has_shared_nothing_reads_so(phone_of: Phones, world: World) -> None:
    phone = bound(phone_of, "Dave", hire(world.tree.hall, "新人"))
    assert "还没有分享过" in phone.get("/terminal/shares").text
