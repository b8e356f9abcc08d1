"""The feed of what happened to a rep's customers, and one message a quarter of an hour for who asks for it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select

from flows.digests import News, NoDigests, news_between, summary_of, tell_digests
from flows.refund.agree import LinesBack, refund_order_lines
from flows.refund.settle import settle_refund
from flows.rep_feed import Entry, Position, Source, rep_feed
from flows.telling_reps import DIGEST, SCANNED, tell_scanned
from flows.thanks import TO_REP
from members.visitors import new_visitor
from orders.queries import lines_of_order
from payments.models import Refund, RefundStatus
from payments.queries import payment_by_id
from payments.rules import RefundFact
from referral.operations import Contact, record_touch
from referral.signing import sign_share
from referral.values import Certainty, TouchKind
from templates_msg.digests import EVERY, choose_digest, quarter_before, takes_digest
from templates_msg.models import DigestChoice, Message, Template
from templates_msg.operations import set_template
from tests.console.world import APPID, World, buy, known, share, touch
from tests.org.cast import hire
from tests.racing import race
from tests.simulator.stage import Stage
from tests.terminal.conftest import Phones, bound
from tests.terminal.phone import RepPhone
from wx_backend import clock
from wx_backend.db import db, retried, transaction

TEMPLATE = "TPL-digest"
MINUTE = timedelta(minutes=1)
Work = Callable[[], None]


@pytest.fixture
def alice(phone_of: Phones, world: World) -> RepPhone:
    return bound(phone_of, "Alice", world.alice_id)


@pytest.fixture
def told(alice: RepPhone, wechat: Stage) -> RepPhone:
    """Alice follows the account, which has a message for digests, scans and orders; she wants digests."""
    wechat.act("Alice", "follow", appid=APPID)
    path = f"/accounts/{APPID}/templates/{TEMPLATE}"
    wechat.control("PUT", path, title="动态", content="摘要：{{thing1.DATA}}")
    with transaction():
        for purpose, field in ((DIGEST, "summary"), (SCANNED, "customer"), (TO_REP, "goods")):
            set_template(
                appid=APPID, purpose=purpose, template_id=TEMPLATE, fields={field: "thing1"}
            )
    alice.send("/terminal/feed/digest", wanted="yes")
    return alice


def give_back(order_id: int) -> None:
    """The whole first line goes back, and WeChat Pay says so."""
    now, line = clock.now(), lines_of_order(order_id)[0]
    back = LinesBack(order_id, {line.id: line.paid_fen}, "不想要了", "staff:1", "r1")
    refund_id = retried(lambda: refund_order_lines(back, now=now))
    refund = db.session.get_one(Refund, refund_id)
    payment = payment_by_id(refund.payment_id)
    fact = RefundFact(
        out_refund_no=refund.out_refund_no,
        out_trade_no=payment.out_trade_no,
        refund_id="50000000001",
        status=RefundStatus.SUCCEEDED,
        amount_fen=refund.amount_fen,
        success_at=now,
    )
    retried(lambda: settle_refund(fact, now=clock.now()))


def digests() -> list[str]:
    """The keys of the digests there are."""
    db.session.rollback()
    query = select(Message.key).where(Message.purpose == DIGEST).order_by(Message.id)
    return list(db.session.scalars(query))


def tell(ahead: timedelta = EVERY + MINUTE) -> int:
    return retried(lambda: tell_digests(now=clock.now() + ahead))


def test_everything_that_happened_is_told_newest_first(alice: RepPhone, world: World) -> None:
    erin = known("Erin")
    touch(erin, share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=2 * MINUTE)
    alice.send(f"/terminal/customers/{erin.identity_id}/remark", remark="王姐")
    give_back(buy(erin, world.wares, world.tree.hall, key="e").id)
    page = alice.get("/terminal/feed").text
    words = re.findall(r"who[^>]*>([^<]*)</(?:a|span)> (\S+)</span>", page)
    hers = [what for who, what in words if who == "王姐"]
    assert hers == ["退款", "付款", "下单", "关注了公众号"]
    assert words[-1][1] == "打开了您的链接"  # Bob, an hour ago
    db.session.rollback()
    news = news_between(world.alice_id, clock.now() - 10 * MINUTE, clock.now() + MINUTE)
    assert (news.orders, news.paid, news.refunds) == (2, 2, 1)  # Bob's and hers
    assert "尼尔斯" not in page
    assert world.northern.number[-6:] not in page


@pytest.mark.parametrize("kind", [TouchKind.LINK_OPENED, TouchKind.LAUNCHED, TouchKind.SCAN])
def test_each_way_of_coming_is_a_visit(world: World, kind: TouchKind) -> None:
    since = clock.now()
    touch(known("Frank"), share(world.alice_id), kind=kind, ago=timedelta())
    assert news_between(world.alice_id, since, clock.now() + MINUTE).visits == 1


def test_nothing_is_lost_or_told_twice_between_pages(alice: RepPhone, world: World) -> None:
    link, now = share(world.alice_id), clock.now().replace(microsecond=0)
    with transaction():
        for number in range(7):  # all in one second, as the platform counts
            visitor_id, _ = new_visitor(now=now)
            record_touch(
                Contact(
                    key=number.to_bytes(16),
                    kind=TouchKind.LINK_OPENED,
                    certainty=Certainty.SIGNED,
                    event_at=now,
                    known_at=now,
                    visitor_id=visitor_id,
                    share_id=link,
                )
            )
    whole = rep_feed(world.alice_id, before=None, limit=50, now=clock.now() + MINUTE).entries
    seen: list[Entry] = []
    before = None
    for _ in whole:
        page = rep_feed(world.alice_id, before=before, limit=3, now=clock.now() + MINUTE)
        seen += page.entries
        before = page.before
        if before is None:
            break
    assert [each.position for each in seen] == [each.position for each in whole]
    assert len(whole) == 7 + 3  # Bob's opening, order and payment
    assert alice.get(f"/terminal/feed?before={whole[-1].position}").text.count("entry") == 0


def test_a_position_is_read_back_or_is_none() -> None:
    position = Position(clock.now(), Source.ORDER, 17)
    assert Position.parsed(str(position)) == position
    for wrong in ("", "1-4-1", "x", "1-1", "９-1-1", "9" * 30 + "-1-1"):
        assert Position.parsed(wrong) is None


def test_a_digest_tells_of_a_quarter_once_and_reaches_her_phone(
    told: RepPhone, wechat: Stage, world: World, run_jobs: Work
) -> None:
    assert told
    buy(known("Erin"), world.wares, world.tree.hall, key="x")  # nobody's
    touch(known("Frank"), share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=timedelta())
    assert tell(timedelta()) == 0  # the quarter is not over
    assert tell() == 1
    assert [tell(), tell(EVERY + 2 * MINUTE)] == [0, 0]
    run_jobs()
    (key,) = digests()
    assert key.startswith(f"{DIGEST}:{world.alice_id}:")
    sent = [each for each in wechat.chat("Alice") if "关注1" in str(each["content"])]
    assert len(sent) == 1
    assert tell(2 * EVERY + MINUTE) == 0  # nothing happened


def test_two_clocks_at_one_time_tell_once(app: Flask, told: RepPhone, world: World) -> None:
    assert told
    touch(known("Frank"), share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=timedelta())
    now = clock.now() + EVERY + MINUTE
    outcomes = race(app, lambda _: retried(lambda: tell_digests(now=now)), times=4)
    assert sum(outcome or 0 for outcome in outcomes) == 1
    assert len(digests()) == 1


def test_who_dies_while_telling_leaves_nothing_half_told(told: RepPhone, world: World) -> None:
    assert told
    touch(known("Frank"), share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=timedelta())

    def dying() -> None:
        assert tell_digests(now=clock.now() + EVERY + MINUTE) == 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        retried(dying)
    assert digests() == []
    assert tell() == 1
    assert len(digests()) == 1


def test_after_hours_without_a_clock_one_digest_has_all_of_it(told: RepPhone, world: World) -> None:
    assert told
    for name in ("Erin", "Frank"):
        touch(known(name), share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=timedelta())
    assert tell(timedelta(hours=5)) == 1
    db.session.rollback()
    content = db.session.scalars(select(Message.content).where(Message.purpose == DIGEST)).one()
    assert "关注2" in content["data"]["thing1"]


@pytest.mark.parametrize("wants_digest", [True, False])
def test_a_digest_takes_the_place_of_single_messages(
    told: RepPhone, world: World, wants_digest: bool
) -> None:
    if not wants_digest:
        told.send("/terminal/feed/digest", wanted="no")
    link, erin = share(world.alice_id), known("Erin")
    touch(erin, link, kind=TouchKind.SUBSCRIBE)
    with transaction():
        scene = sign_share(link)
        tell_scanned(appid=APPID, identity_id=erin.identity_id, scene=scene, now=clock.now())
    buy(erin, world.wares, world.tree.hall, key="e")
    db.session.rollback()
    singles = db.session.scalars(
        select(Message.purpose).where(Message.purpose.in_((SCANNED, TO_REP)))
    ).all()
    assert sorted(singles) == ([] if wants_digest else sorted((SCANNED, TO_REP)))
    assert tell() == int(wants_digest)


def test_who_cannot_be_sent_digests_hears_of_everything_by_itself(
    alice: RepPhone, world: World
) -> None:
    page = alice.follow(alice.send("/terminal/feed/digest", wanted="yes")).text
    assert NoDigests.message in page
    db.session.rollback()
    assert not takes_digest(world.alice_id)


def test_a_digest_that_is_set_up_no_more_takes_the_place_of_nothing(
    told: RepPhone, world: World
) -> None:
    assert told
    link, erin = share(world.alice_id), known("Erin")
    with transaction():
        db.session.execute(delete(Template).where(Template.purpose == DIGEST))
        scene = sign_share(link)
        tell_scanned(appid=APPID, identity_id=erin.identity_id, scene=scene, now=clock.now())
    buy(erin, world.wares, world.tree.hall, key="e")
    touch(erin, link, kind=TouchKind.SUBSCRIBE)
    assert tell() == 0
    db.session.rollback()
    assert SCANNED in set(db.session.scalars(select(Message.purpose)))


def test_choosing_is_kept_shown_and_taken_back(told: RepPhone, world: World) -> None:
    alice = told
    alice.send("/terminal/feed/digest", wanted="yes")
    page = alice.get("/terminal/feed").text
    assert "每15分钟一条摘要" in page
    db.session.rollback()
    assert takes_digest(world.alice_id)
    alice.send("/terminal/feed/digest", wanted="no")
    db.session.rollback()
    assert not takes_digest(world.alice_id)
    assert "逐条提醒" in alice.get("/terminal/feed").text


def test_a_rep_nobody_is_bound_to_is_passed_over(app: Flask, world: World) -> None:
    assert app.testing
    with transaction():
        choose_digest(rep_id=world.nils_id, now=clock.now())
    touch(known("Erin"), share(world.nils_id), kind=TouchKind.SUBSCRIBE, ago=timedelta())
    now = clock.now() + EVERY + MINUTE
    assert retried(lambda: tell_digests(now=now)) == 0
    db.session.rollback()
    moved = db.session.scalars(select(DigestChoice.told_until)).one()
    assert moved == quarter_before(now - timedelta(seconds=30))


def test_a_summary_fits_its_field_however_busy_the_day() -> None:
    assert summary_of(News(3, 12, 1, 1, 0)) == "关注3 访问12 下单1 付款1"
    assert len(summary_of(News(*[99_999] * 5))) <= 20


def test_who_has_no_customers_reads_so(phone_of: Phones, world: World) -> None:
    phone = bound(phone_of, "Dave", hire(world.tree.hall, "新人"))
    assert "还没有动态" in phone.get("/terminal/feed").text
