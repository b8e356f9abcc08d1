"""A customer scans a rep's code: the push comes in encrypted, is stored, answered and worked off."""

from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from flows.arrival.plan import WITH_WORK
from flows.arrival.work import WORKS
from members.joining import join_member
from members.models import Identity
from org.models import OrgNode, Rep, RepBinding
from referral.models import Code, ForgedCount, Touch
from simulator.acts.reading import read_picture
from templates_msg.models import ReplyWindow
from templates_msg.windows import reachable
from tests.simulator.stage import Stage
from wx_backend import clock
from wx_backend.config import Config
from wx_backend.db import db, transaction
from wx_backend.inbox import Push
from wx_backend.platform import client

CITY = "wx5ad0c1ee0a2b3f4d"
RunJobs = Callable[[], None]

pytestmark = pytest.mark.usefixtures("served")


@pytest.fixture
def alice(app: Flask) -> int:
    """Alice sells at 人民路营业厅."""
    assert app.testing
    with transaction() as session:
        outlet = OrgNode(tier="outlet", code="O1", name="人民路营业厅")
        session.add(outlet)
        session.flush()
        rep = Rep(
            number="RP261121ALICE",
            name="王爱丽",
            outlet_id=outlet.id,
            channel_class="own_hall",
            joined_on=clock.now().date(),
        )
        session.add(rep)
        session.flush()
        return rep.id


@pytest.fixture
def bound(alice: int, served: str, wechat: Stage, run_jobs: RunJobs) -> int:
    """Alice follows the account and is bound to her rep."""
    assert served
    wechat.act("Alice", "follow", appid=CITY)
    run_jobs()
    with transaction() as session:
        identity = session.scalars(select(Identity)).one()
        member_id = join_member(identity_id=identity.id, now=clock.now())
        session.add(RepBinding(rep_id=alice, member_id=member_id, bound_at=clock.now()))
    return alice


def picture(wechat: Stage, config: Config, media_id: str) -> bytes:
    """What a phone shows for an image in the chat."""
    account = config.accounts[0]
    token = wechat.api(
        "POST",
        "/cgi-bin/stable_token",
        grant_type="client_credential",
        appid=account.appid,
        secret=account.secret,
    )["access_token"]
    path = f"/cgi-bin/media/get?access_token={token}&media_id={media_id}"
    return wechat.raw("GET", path).data


def texts(wechat: Stage, person: str) -> list[str]:
    return [str(line["content"].get("text") or line["content"]) for line in wechat.chat(person)]


def test_the_console_can_verify_our_address(wechat: Stage) -> None:
    assert wechat.control("POST", f"/accounts/{CITY}/verify_url")["verified"]


@pytest.mark.usefixtures("bound")
def test_a_rep_gets_her_poster_and_its_code_brings_her_a_customer(
    wechat: Stage, config: Config, run_jobs: RunJobs
) -> None:
    wechat.act("Alice", "say", appid=CITY, text="海报")
    run_jobs()

    image = wechat.chat("Alice")[-1]
    assert image["msg_type"] == "image"
    jpeg = picture(wechat, config, image["content"]["media_id"])
    assert read_picture(jpeg).startswith("http://weixin.qq.com/q/")

    wechat.act("Bob", "scan", appid=CITY, image=b64encode(jpeg).decode())
    run_jobs()

    db.session.rollback()
    touch = db.session.scalars(select(Touch)).one()
    code = db.session.scalars(select(Code)).one()
    assert (touch.kind, touch.code_id) == ("subscribe", code.id)
    assert any("王爱丽" in text and "/s/S" in text for text in texts(wechat, "Bob"))


def test_somebody_who_is_no_rep_is_told_how_to_become_one(wechat: Stage, run_jobs: RunJobs) -> None:
    wechat.act("Bob", "follow", appid=CITY)
    wechat.act("Bob", "say", appid=CITY, text="海报")
    run_jobs()

    assert any("邀请码" in text for text in texts(wechat, "Bob"))


def test_a_repeated_push_is_one_row_and_the_same_answer(wechat: Stage, run_jobs: RunJobs) -> None:
    wechat.chaos("push:*", "duplicate", n=3)
    wechat.act("Bob", "follow", appid=CITY)
    wechat.settle()
    run_jobs()

    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Push)) == 1
    assert db.session.scalars(select(Identity.is_followed)).all() == [True]


def test_a_code_with_an_altered_token_credits_nobody_and_is_counted(
    wechat: Stage, run_jobs: RunJobs
) -> None:
    forged = "S" + "A" * 22 + "B"
    fields = {"MsgType": "event", "Event": "SCAN", "EventKey": forged, "Ticket": "t"}
    wechat.act("Mallory", "follow", appid=CITY)
    wechat.control("POST", f"/accounts/{CITY}/push", person="Mallory", fields=fields)
    wechat.settle()
    run_jobs()

    db.session.rollback()
    touch = db.session.scalars(select(Touch)).one()
    assert (touch.kind, touch.share_id) == ("scan", None)
    assert db.session.scalars(select(ForgedCount.reason)).all() == ["bad_mac"]


def test_every_kind_that_has_work_is_kept_until_its_work_is_done() -> None:
    assert frozenset(WORKS) == WITH_WORK


def test_a_picture_lets_the_account_write_back_as_words_do(
    wechat: Stage, run_jobs: RunJobs
) -> None:
    wechat.act("Alice", "follow", appid=CITY)
    wechat.act("Alice", "send_location", appid=CITY, latitude=23.1, longitude=113.3)
    run_jobs()
    identity_id = db.session.scalars(select(Identity.id)).one()

    later = clock.now() + timedelta(minutes=2)
    assert reachable([identity_id], until=later) == {identity_id: 5}


@pytest.mark.usefixtures("bound")
@pytest.mark.parametrize(
    ("did", "opened"),
    [
        ("scan", "scan"),
        ("follow", "follow"),
        ("click", "menu"),
        ("scancode_push", "menu"),
        ("scancode_waitmsg", "menu"),
        ("view", None),
        ("pic_weixin", None),
    ],
)
def test_whoever_does_something_may_be_written_to_for_a_minute(
    wechat: Stage, config: Config, run_jobs: RunJobs, did: str, opened: str | None
) -> None:
    wechat.act("Alice", "say", appid=CITY, text="海报")
    run_jobs()
    image = wechat.chat("Alice")[-1]
    jpeg = picture(wechat, config, image["content"]["media_id"])
    if did != "follow":
        wechat.act("Bob", "follow", appid=CITY)
        run_jobs()
    with transaction() as session:
        session.execute(delete(ReplyWindow))
    began = clock.now()
    _do(wechat, did, jpeg)
    run_jobs()

    db.session.rollback()
    windows = db.session.scalars(select(ReplyWindow)).all()
    assert [(each.trigger, each.remaining) for each in windows] == [(opened, 3)] * bool(opened)
    for each in windows:
        assert each.closes_at - each.opened_at == timedelta(minutes=1)
        assert abs(each.opened_at - began) < timedelta(seconds=30)
        after = each.closes_at + timedelta(seconds=1)
        assert reachable([each.identity_id], until=each.opened_at) == {each.identity_id: 3}
        assert reachable([each.identity_id], until=after) == {}


def _do(wechat: Stage, did: str, jpeg: bytes) -> None:
    """Bob follows, scans the code on a poster, or taps the only button of the menu."""
    if did == "follow":
        wechat.act("Bob", "follow", appid=CITY)
    elif did == "scan":
        wechat.act("Bob", "scan", appid=CITY, image=b64encode(jpeg).decode())
    else:
        leads = {"url": "https://shop.example/"} if did == "view" else {"key": "K1"}
        client(CITY).create_menu([{"type": did, "name": "按钮", **leads}])
        said = {"scanned": "6901234567892"} if did.startswith("scancode") else {}
        wechat.act("Bob", "tap", appid=CITY, button="按钮", **said)
