"""A tag's rule gives it to whoever fits, takes it from who no longer does, and leaves what people gave."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, select

from campaigns.segments import Segment
from flows.tags import applying, desk
from flows.tags.applying import (
    apply_due,
    apply_soon,
    look_at,
    something_happened,
    something_happened_to_member,
)
from members.erasure import erase_profile
from members.operations import follow, unfollow
from members.queries import member_of
from members.tags.models import Tag, TagHolder, TagOrigin
from members.tags.operations import (
    HeldByRule,
    TagTaken,
    TooManyTags,
    create_tag,
    give,
    locked_tag,
    take,
)
from org.invites import bind_rep
from org.queries import rep_card
from referral.operations import Contact, record_touch
from referral.values import Certainty, TouchKind
from tests.campaigns.cast import CITY, DAY, NOON, Cast, brought, followers, make_cast, paid
from tests.racing import race
from wx_backend import claims, clock, crash, outbox
from wx_backend.db import db, retried, transaction
from wx_backend.errors import BadInput

pytestmark = pytest.mark.usefixtures("cast")
RunJobs = Callable[[], None]


@pytest.fixture
def cast(app: Flask) -> Cast:
    assert app.testing
    return make_cast()


def tagged(**rule: object) -> int:
    """A tag with a rule, about to be applied."""
    with transaction():
        tag = create_tag(appid=CITY, name="标签", rule=rule, by="staff:1", now=NOON)
        apply_soon(tag)
        return tag.id


def holders(tag_id: int) -> dict[int, str]:
    """Who has a tag, and by what."""
    db.session.rollback()
    rows = db.session.execute(
        select(TagHolder.identity_id, TagHolder.origin).where(
            TagHolder.tag_id == tag_id, TagHolder.taken_at.is_(None)
        )
    )
    return {identity_id: origin for identity_id, origin in rows}  # noqa: C416 - rows are no pairs to dict()


def applied(tag_id: int, run_jobs: RunJobs) -> dict[int, str]:
    with transaction():
        apply_soon(locked_tag(tag_id))
    run_jobs()
    return holders(tag_id)


def test_who_bought_of_a_shelf_has_the_tag_once_he_follows(run_jobs: RunJobs) -> None:
    buyer, looker, gone = followers(["Ann", "Ben", "Cat"])
    with time_machine.travel(NOON, tick=False):
        paid(buyer)
        paid(gone)
        with transaction():
            unfollow(key=b"left", appid=CITY, openid="oCat", event_at=NOON, known_at=NOON)
        tag_id = tagged(ordered="paid", shelf="phones")
        run_jobs()
        assert holders(tag_id) == {buyer: "rule"}
        none = applied(tagged_as("别的", shelf="nothing-there"), run_jobs)
    assert none == {}
    assert looker


def scanned_code(identity_id: int, scene: str) -> None:
    with transaction():
        record_touch(
            Contact(
                key=b"scan".ljust(16),
                kind=TouchKind.SCAN,
                certainty=Certainty.PLATFORM,
                event_at=NOON,
                known_at=NOON,
                identity_id=identity_id,
                appid=CITY,
                scene=scene,
            )
        )


def tagged_as(name: str, **rule: object) -> int:
    with transaction():
        return create_tag(appid=CITY, name=name, rule=rule, by="staff:1", now=NOON).id


def test_a_scan_of_a_code_and_whose_customer_somebody_is(cast: Cast, run_jobs: RunJobs) -> None:
    scanned, theirs, other = followers(["Ann", "Ben", "Cat"])
    with time_machine.travel(NOON, tick=False):
        brought(theirs, cast.alice_id)
        scanned_code(scanned, "channel-7")
        alice = rep_card(cast.alice_id).number
        scene, rep = tagged_as("扫码", scene="channel-7"), tagged_as("爱丽丝", rep_number=alice)
        assert applied(scene, run_jobs) == {scanned: "rule"}
        assert applied(rep, run_jobs) == {theirs: "rule"}
    assert other


def test_time_alone_takes_a_tag_from_who_followed_too_long_ago(run_jobs: RunJobs) -> None:
    [ann] = followers(["Ann"])
    with time_machine.travel(NOON, tick=False):
        tag_id = tagged(followed_days=7)
        run_jobs()
        assert holders(tag_id) == {ann: "rule"}
        with transaction():
            assert apply_due(now=NOON + timedelta(minutes=59)) == 0
    with time_machine.travel(NOON + 6 * DAY, tick=False):
        with transaction():
            assert apply_due(now=clock.now()) == 1
            assert apply_due(now=clock.now()) == 0
        run_jobs()
    assert holders(tag_id) == {}


def test_what_a_person_gave_stays_when_the_rule_no_longer_fits(
    cast: Cast, run_jobs: RunJobs
) -> None:
    ann, ben = followers(["Ann", "Ben"])
    with time_machine.travel(NOON, tick=False):
        paid(ann)
        tag_id = tagged(ordered="paid")
        run_jobs()
        with transaction():
            give(locked_tag(tag_id), [ann, ben], origin=TagOrigin.HAND, by="staff:1", now=NOON)
        with transaction():
            desk.edit(
                account="city",
                tag_id=tag_id,
                name="标签",
                rule=Segment(ordered="never", seen_days=1),
                node_id=cast.tree.group,
                now=NOON,
            )
        run_jobs()
        assert holders(tag_id) == {ann: "hand", ben: "hand"}
        with transaction():
            take(locked_tag(tag_id), ann, now=NOON)
    assert holders(tag_id) == {ben: "hand"}


def test_what_a_rule_gives_is_not_taken_by_hand(run_jobs: RunJobs) -> None:
    [ann] = followers(["Ann"])
    with time_machine.travel(NOON, tick=False):
        tag_id = tagged(followed_days=30)
        run_jobs()
        with transaction(), pytest.raises(HeldByRule):
            take(locked_tag(tag_id), ann, now=NOON)
    assert holders(tag_id) == {ann: "rule"}


def test_who_has_it_keeps_since_when(run_jobs: RunJobs) -> None:
    [ann] = followers(["Ann"])
    with time_machine.travel(NOON, tick=False):
        tag_id = tagged(followed_days=30)
        run_jobs()
    with time_machine.travel(NOON + DAY, tick=False):
        applied(tag_id, run_jobs)
    row = db.session.scalars(select(TagHolder).where(TagHolder.identity_id == ann)).one()
    assert row.given_at == NOON


@pytest.mark.parametrize("page", [1, 2, 3])
def test_pages_look_at_everybody(
    run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(applying, "PAGE", page)
    ids = followers([f"{n:03d}" for n in range(6)])
    with time_machine.travel(NOON, tick=False):
        for each in ids[1::2]:
            paid(each)
        tag_id = tagged(ordered="paid")
        run_jobs()
        assert holders(tag_id) == dict.fromkeys(ids[1::2], "rule")
        with transaction():
            tag = locked_tag(tag_id)
            tag.rule = {"ordered": "never"}
        assert applied(tag_id, run_jobs) == dict.fromkeys(ids[::2], "rule")
    with transaction():
        assert not locked_tag(tag_id).is_applying


@pytest.mark.parametrize("point", [outbox.BEFORE_DONE, outbox.AFTER_DONE])
@pytest.mark.parametrize("step", range(3))
def test_a_crash_on_a_page_loses_nobody(
    run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch, point: str, step: int
) -> None:
    monkeypatch.setattr(applying, "PAGE", 2)
    ids = followers([f"{n:03d}" for n in range(5)])
    with time_machine.travel(NOON) as clocks:
        tag_id = tagged(followed_days=30)
        for _ in range(step):
            [held] = outbox.claim(outbox.BULK, limit=1)
            assert outbox.run(held)
        [held] = outbox.claim(outbox.BULK, limit=1)
        crash.arm(point, crash.raise_crashed)
        with suppress(crash.Crashed):
            outbox.run(held)
        crash.disarm()
        db.session.rollback()
        clocks.shift(claims.LEASE + timedelta(seconds=1))
        run_jobs()
    assert sorted(holders(tag_id)) == ids


def test_a_rule_changed_while_it_is_applied_ends_the_run_before(
    run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "PAGE", 1)
    ann, ben = followers(["Ann", "Ben"])
    with time_machine.travel(NOON, tick=False):
        paid(ben)
        tag_id = tagged(followed_days=30)
        [held] = outbox.claim(outbox.BULK, limit=1)
        assert outbox.run(held)
        assert holders(tag_id) == {ann: "rule"}
        with transaction():
            tag = locked_tag(tag_id)
            tag.rule = {"ordered": "paid"}
            apply_soon(tag)
        run_jobs()
    assert holders(tag_id) == {ben: "rule"}


def test_a_rule_that_cannot_be_applied_says_so_and_takes_from_nobody(run_jobs: RunJobs) -> None:
    [ann] = followers(["Ann"])
    with time_machine.travel(NOON, tick=False):
        tag_id = tagged(followed_days=30)
        run_jobs()
        with transaction():
            locked_tag(tag_id).rule = {"product_number": "PD-NONE"}
        assert applied(tag_id, run_jobs) == {ann: "rule"}
        with transaction():
            tag = locked_tag(tag_id)
            assert (tag.fault, tag.is_applying) == ("没有这个商品", False)
            tag.rule = {"followed_days": 1}
        assert applied(tag_id, run_jobs) == {}
    with transaction():
        assert locked_tag(tag_id).fault == ""


def test_being_bound_to_a_rep_gives_the_tag_at_once(cast: Cast, run_jobs: RunJobs) -> None:
    [ann] = followers(["Ann"])
    with time_machine.travel(NOON, tick=False):
        paid(ann)  # by which he is a member
        tag_id = tagged(is_rep=True)
        run_jobs()
        assert holders(tag_id) == {}
        with transaction():
            member_id = member_of(ann)
            assert member_id
            bind_rep(rep_id=cast.alice_id, member_id=member_id, now=NOON)
            something_happened_to_member(member_id)
        run_jobs()
        assert holders(tag_id) == {ann: "rule"}


def test_a_look_at_somebody_waits_for_no_tag_that_stays_as_it_is(
    app: Flask, run_jobs: RunJobs
) -> None:
    """Each push has one; a tag that somebody else changes just now must not hold it up."""
    ann, ben = followers(["Ann", "Ben"])
    with time_machine.travel(NOON, tick=False):
        stays, gets = tagged(followed_days=30), tagged_as("别的", ordered="paid")
        run_jobs()
        assert holders(stays) == {ann: "rule", ben: "rule"}
        paid(ann)
        locks: list[str] = []

        def note(*arguments: Any) -> None:
            if " FOR UPDATE" in arguments[2] and "FROM tag " in arguments[2]:
                locks.append(str(arguments[3]))

        event.listen(db.engine, "before_cursor_execute", note)
        for each in (ann, ben):
            with transaction():
                something_happened(each)
        [first, *_] = outbox.claim(outbox.BULK, limit=1)
        assert outbox.run(first)
        run_jobs()
        event.remove(db.engine, "before_cursor_execute", note)
    assert holders(gets) == {ann: "rule"}
    if db.engine.dialect.name == "postgresql":
        assert len(locks) == 1
    assert app


def test_each_tag_that_changes_is_a_transaction_of_its_own_in_one_order(
    run_jobs: RunJobs,
) -> None:
    [ann] = followers(["Ann"])
    with time_machine.travel(NOON, tick=False):
        tags = [tagged_as(name, ordered="paid") for name in ("丙", "乙", "甲")]
        run_jobs()
        paid(ann)
        with transaction():
            something_happened(ann)
        for done in range(1, 4):
            [held] = outbox.claim(outbox.BULK, limit=1)
            assert outbox.run(held)
            assert [bool(holders(each)) for each in tags] == [n < done for n in range(3)]
        run_jobs()
    assert [holders(each) for each in tags] == [{ann: "rule"}] * 3


def test_of_two_looks_at_one_person_at_once_nothing_is_lost(app: Flask, run_jobs: RunJobs) -> None:
    [ann] = followers(["Ann"])
    tags = [tagged_as(f"标签{n}", ordered="paid") for n in range(3)]
    paid(ann)

    def one(_: int) -> None:
        retried(lambda: look_at(identity_id=ann))

    race(app, one, times=8)
    run_jobs()
    assert [holders(each) for each in tags] == [{ann: "rule"}] * 3


def test_who_left_loses_all_tags_and_gets_those_of_rules_when_he_comes_back(
    run_jobs: RunJobs,
) -> None:
    ann, ben = followers(["Ann", "Ben"])
    with time_machine.travel(NOON, tick=False):
        tag_id = tagged(followed_days=30)
        run_jobs()
        with transaction():
            give(locked_tag(tag_id), [ann], origin=TagOrigin.LIST, now=NOON)
    with time_machine.travel(NOON + DAY, tick=False):
        with transaction():
            unfollow(
                key=b"left", appid=CITY, openid="oAnn", event_at=clock.now(), known_at=clock.now()
            )
            erase_profile(identity_id=ann, until=clock.now())
        assert holders(tag_id) == {ben: "rule"}
        with transaction():
            back = clock.now() + timedelta(seconds=5)
            follow(key=b"back", appid=CITY, openid="oAnn", event_at=back, known_at=back)
        assert applied(tag_id, run_jobs) == {ann: "rule", ben: "rule"}


def test_a_name_is_there_once_however_many_make_it(
    app: Flask,
) -> None:
    def one(_: int) -> bool:
        try:
            retried(lambda: create_tag(appid=CITY, name="会员", rule={}, by="", now=NOON).id)
        except TagTaken:
            return False
        return True

    assert sum(race(app, one, times=8)) == 1
    assert len(db.session.scalars(select(Tag)).all()) == 1


@pytest.mark.parametrize("name", ["", "字" * 31, "黑名单"])
def test_names_the_platform_would_refuse(name: str) -> None:
    with transaction(), pytest.raises(BadInput):
        create_tag(appid=CITY, name=name, rule={}, by="", now=NOON)


def test_an_account_has_a_hundred_tags_at_most() -> None:
    with transaction():
        for number in range(100):
            create_tag(appid=CITY, name=f"标签{number}", rule={}, by="", now=NOON)
        with pytest.raises(TooManyTags):
            create_tag(appid=CITY, name="一百零一", rule={}, by="", now=NOON)
