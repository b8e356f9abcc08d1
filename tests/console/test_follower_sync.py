"""All followers of an account are read page by page: lost follows and leavings are made good."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import cycle

import pytest
from flask import Flask
from sqlalchemy import select

from members import syncing
from members.joining import locked_identity
from members.models import Identity
from members.operations import ensure_identity, follow, unfollow
from members.sync_models import FollowerSync
from simulator.api.calls import ENDPOINTS
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import APPID, World
from tests.jobs import dies
from tests.racing import kept_waiting
from tests.simulator.stage import Stage
from wx_backend import claims, clock, outbox
from wx_backend.config import Config
from wx_backend.db import db, transaction

LONG_AGO = timedelta(days=9)
PATH = "/accounts/city/followers"
PEOPLE = ("ann", "ben", "cat", "dan", "eve")
RunJobs = Callable[[], None]


@pytest.fixture
def openids(
    wechat: Stage, config: Config, world: World, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Five people follow at WeChat, two on a page, and no push of it reached us: their openids."""
    assert world
    monkeypatch.setattr("simulator.api.users._PAGE", 2)
    [secret] = [each.secret for each in config.accounts if each.appid == APPID]
    wechat.control("PUT", f"/accounts/{APPID}", secret=secret)
    for person in PEOPLE:
        wechat.control("PUT", f"/people/{person}")
        wechat.act(person, "follow", appid=APPID)
    shown = wechat.control("GET", "/people")["people"]
    contacts = [each for person in shown for each in person["contacts"]]
    return sorted(each["openid"] for each in contacts if each["appid"] == APPID)


def row(openid: str) -> Identity:
    db.session.rollback()
    return db.session.scalars(select(Identity).where(Identity.openid == openid)).one()


def latest() -> FollowerSync:
    db.session.rollback()
    return db.session.scalars(select(FollowerSync).order_by(FollowerSync.id.desc())).all()[0]


def known(openid: str, *, is_followed: bool, at: datetime | None = None) -> None:
    """What we knew of a person before."""
    when = at or clock.now() - LONG_AGO
    change, key = (follow, openid[:16]) if is_followed else (unfollow, openid[-16:])
    with transaction():
        change(key=key.encode().ljust(16), appid=APPID, openid=openid, event_at=when, known_at=when)


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    start = clock.now
    monkeypatch.setattr(clock, "now", lambda: start() + by)


def begun(desk: Desk) -> None:
    assert desk.post(PATH).status_code == 302


def test_who_follows_is_found_and_who_left_is_marked(
    desk_of: Desks, openids: list[str], run_jobs: RunJobs
) -> None:
    first, second, *others = openids
    known(first, is_followed=True)
    known(second, is_followed=False)
    known("oGone", is_followed=True)
    with transaction():
        ensure_identity(appid=APPID, openid=others[0], now=clock.now() - LONG_AGO)
    before = row(first).state_at
    desk = desk_of("root")
    begun(desk)
    assert 'http-equiv="refresh"' in desk.get("/accounts").text
    run_jobs()
    done = latest()
    assert (done.phase, done.listed, done.total) == ("done", 5, 5)
    assert (done.found, done.left, done.learnt) == (4, 1, 5)
    assert all(row(each).is_followed for each in openids)
    assert all(row(each).subscribe_scene for each in openids)
    assert row(first).state_at == before
    assert not row("oGone").is_followed
    page = desk.get("/accounts").text
    assert "已完成" in page
    assert "新发现 4 名，取消关注 1 名" in page
    assert 'http-equiv="refresh"' not in page


def test_a_second_reading_finds_nothing_new_and_asks_about_nobody(
    desk_of: Desks, openids: list[str], wechat: Stage, run_jobs: RunJobs
) -> None:
    desk = desk_of("root")
    for _ in range(2):
        begun(desk)
        run_jobs()
    done = latest()
    assert (done.phase, done.found, done.left, done.learnt) == ("done", 0, 0, 0)
    assert openids
    assert wechat


def test_what_a_push_tells_later_stands(
    desk_of: Desks, openids: list[str], run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """He leaves while the list is read, and comes after it was: both are told by pushes."""
    begun(desk_of("root"))
    later(monkeypatch, timedelta(seconds=2))
    known(openids[0], is_followed=False, at=clock.now())
    known("oNewcomer", is_followed=True, at=clock.now())
    run_jobs()
    assert latest().phase == "done"
    assert not row(openids[0]).is_followed
    assert row("oNewcomer").is_followed


@pytest.mark.parametrize("point", [outbox.AFTER_CALL, outbox.BEFORE_DONE, outbox.AFTER_DONE])
@pytest.mark.parametrize("step", range(5))
def test_a_crash_at_any_step_loses_and_doubles_nothing(
    desk_of: Desks,
    openids: list[str],
    run_jobs: RunJobs,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
    step: int,
) -> None:
    known("oGone", is_followed=True)
    begun(desk_of("root"))
    dies(outbox.BULK, after=step, point=point)
    later(monkeypatch, claims.LEASE + timedelta(seconds=1))
    run_jobs()
    done = latest()
    assert (done.phase, done.listed, done.found, done.left) == ("done", 5, 5, 1)
    assert all(row(each).is_followed for each in openids)


def test_a_list_that_breaks_off_makes_nobody_leave(
    desk_of: Desks, openids: list[str], run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    known("oStays", is_followed=True)
    monkeypatch.setattr("simulator.api.users._PAGE", 0)
    begun(desk_of("root"))
    run_jobs()
    assert latest().phase == "failed"
    assert row("oStays").is_followed
    assert "未标记取消关注" in desk_of("root").get("/accounts").text
    assert openids


@pytest.mark.parametrize("answer", [{}, {"total": 5}, {"count": 0, "next_openid": ""}])
def test_an_answer_that_says_nothing_makes_nobody_leave(
    desk_of: Desks,
    openids: list[str],
    run_jobs: RunJobs,
    monkeypatch: pytest.MonkeyPatch,
    answer: dict[str, object],
) -> None:
    known("oStays", is_followed=True)
    with monkeypatch.context() as broken:
        broken.setitem(
            ENDPOINTS,
            "/cgi-bin/user/get",
            replace(ENDPOINTS["/cgi-bin/user/get"], run=lambda _call: answer),
        )
        begun(desk_of("root"))
        run_jobs()
        assert (latest().phase, latest().listed) == ("listing", 0)
        assert "微信暂时没有给出可用的应答" in desk_of("root").get("/accounts").text
        for _ in range(claims.ATTEMPTS_MAX):
            later(monkeypatch, claims.BACKOFF_MAX)
            run_jobs()
    assert (latest().phase, latest().listed) == ("failed", 0)
    assert (
        "微信多次没有给出可用的应答（unreadable_answer）" in desk_of("root").get("/accounts").text
    )
    assert row("oStays").is_followed
    begun(desk_of("root"))
    run_jobs()
    assert (latest().phase, latest().found, latest().note) == ("done", 5, "")
    assert openids


def test_a_platform_that_fails_now_and_then_ends_no_reading(
    desk_of: Desks, openids: list[str], run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.resuming.ATTEMPTS_MAX", 2)
    endpoint, turns = ENDPOINTS["/cgi-bin/user/get"], cycle([True, False])
    monkeypatch.setitem(
        ENDPOINTS,
        "/cgi-bin/user/get",
        replace(endpoint, run=lambda call: {} if next(turns) else endpoint.run(call)),
    )
    begun(desk_of("root"))
    for _ in range(5):  # four pages, the last one empty, and what follows
        run_jobs()
        later(monkeypatch, claims.BACKOFF_MAX)
    assert (latest().phase, latest().found) == ("done", 5)
    assert openids


def test_a_page_locks_people_in_the_order_in_which_everybody_does(app: Flask, world: World) -> None:
    """WeChat lists them as it likes: whoever locks two of them would wait for it, and it for him."""
    assert world
    now = clock.now()
    with transaction():
        first, second = (ensure_identity(appid=APPID, openid=each, now=now) for each in "ab")
        sync_id = syncing.start_sync(appid=APPID, by="staff:1", now=now)

    def note() -> None:
        with transaction():
            sync = syncing.sync_under_way(sync_id)
            assert sync
            syncing.note_page(sync, ["b", "a"], total=2, following="b", now=now)

    with kept_waiting(app, note, by=lambda: locked_identity(first)):
        locked_identity(second)
    assert latest().listed == 2


def test_a_person_is_asked_before_many_leave(
    desk_of: Desks, openids: list[str], run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "LEAVE_FEW", 1)
    for openid in ("oOne", "oTwo"):
        known(openid, is_followed=True)
    desk = desk_of("root")
    begun(desk)
    run_jobs()
    assert latest().phase == "asking"
    assert row("oOne").is_followed
    page = desk.get("/accounts").text
    assert "我们记录的 7 名粉丝中有 2 名不在列表上" in page
    assert 'http-equiv="refresh"' not in page
    assert desk_of("north").post(f"{PATH}/left").status_code == 404
    assert desk.post(f"{PATH}/left").status_code == 302
    assert desk.post(f"{PATH}/left").status_code == 404
    run_jobs()
    assert (latest().phase, latest().left) == ("done", 2)
    assert not row("oOne").is_followed
    assert openids


def test_a_quota_used_up_goes_on_the_next_day(
    desk_of: Desks,
    openids: list[str],
    wechat: Stage,
    run_jobs: RunJobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wechat.control("PUT", f"/accounts/{APPID}", limits={"/cgi-bin/user/get": 1})
    desk = desk_of("root")
    begun(desk)
    run_jobs()
    assert (latest().phase, latest().listed) == ("listing", 2)
    assert "今日接口额度已用完" in desk.get("/accounts").text
    wechat.control("PUT", f"/accounts/{APPID}", limits={})
    run_jobs()
    assert latest().listed == 2
    later(monkeypatch, timedelta(days=1, minutes=5))
    run_jobs()
    assert (latest().phase, latest().found) == ("done", 5)
    assert openids


def test_one_reading_at_a_time_and_it_can_be_stopped(
    desk_of: Desks, openids: list[str], run_jobs: RunJobs
) -> None:
    desk = desk_of("root")
    begun(desk)
    assert desk.post(PATH).status_code == 409
    [held] = outbox.claim(outbox.BULK, limit=1)
    assert outbox.run(held)
    assert desk.post(f"{PATH}/stop").status_code == 302
    run_jobs()
    assert (latest().phase, latest().listed) == ("stopped", 2)
    assert desk.post(f"{PATH}/stop").status_code == 404
    begun(desk)
    run_jobs()
    assert latest().phase == "done"
    assert openids


def test_only_administrators_of_the_accounts_owner_may(desk_of: Desks, world: World) -> None:
    assert world
    assert desk_of("north").post(PATH).status_code == 404
    assert desk_of("north").post(f"{PATH}/stop").status_code == 404
    assert desk_of("marketer").post(PATH).status_code == 403
