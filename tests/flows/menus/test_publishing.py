"""A menu is published once, whatever happens on the way, and can be brought back."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from flows.menus.adopting import adopt_account
from flows.menus.publishing import publish_soon, restore_soon, stop_publishing
from flows.menus.reading import look_again
from menus.editions import DraftChanged, StillPublishing, change_draft, start_draft
from menus.models import EditionStatus, MenuEdition, Origin
from menus.queries import draft_of, look_of, publication_of, published_edition
from menus.tree import BadMenu, Button
from menus.whole import REP_TAG, AccountMenu, Personal
from tests.flows.menus.conftest import CITY
from tests.simulator.stage import Stage
from wx_backend import claims, clock, crash, outbox
from wx_backend.db import db, transaction
from wx_backend.outbox import Job, done_here

SHOP = Button(name="商城", type="view", url="https://shop.example/")
POSTER = Button(name="海报", type="click", key="my_poster")
SALES = Button(name="业绩", type="view", url="https://shop.example/terminal/")
MENU = AccountMenu((SHOP,), (Personal(REP_TAG, (POSTER, SALES)), Personal("会员", (SHOP, POSTER))))
Made = Callable[[], dict[str, Any]]
RunJobs = Callable[[], None]
pytestmark = pytest.mark.usefixtures("ready")


@pytest.fixture
def ready(account: Stage) -> Stage:
    done_here(adopt_account(appid=CITY))
    return account


def drafted(menu: AccountMenu) -> int:
    with transaction():
        start_draft(appid=CITY, menu=menu, staff_id=None, now=clock.now())
    return 1


def publish(menu: AccountMenu) -> None:
    revision = drafted(menu)
    with transaction():
        publish_soon(appid=CITY, revision=revision, staff_id=None, now=clock.now())


def edition() -> MenuEdition:
    """The newest edition, as committed."""
    db.session.rollback()
    return db.session.scalars(select(MenuEdition).order_by(MenuEdition.number.desc())).first()  # type: ignore[return-value]


def shown(made: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Names of the default menu's buttons, and of each personal one's, newest first."""
    personal = sorted(
        made.get("conditionalmenu", []), key=lambda each: int(each["menuid"]), reverse=True
    )
    names = [[button["name"] for button in each["button"]] for each in personal]
    return [button["name"] for button in made["menu"]["button"]], names


def test_a_draft_is_published_with_its_personal_menus(run_jobs: RunJobs, made: Made) -> None:
    publish(MENU)
    run_jobs()

    assert shown(made()) == (["商城"], [["海报", "业绩"], ["商城", "海报"]])
    assert edition().status == EditionStatus.PUBLISHED
    assert draft_of(CITY) is None
    look = look_of(CITY)
    assert look
    assert AccountMenu.from_json(look.content or {}) == MENU


def test_only_what_differs_is_told(run_jobs: RunJobs, made: Made) -> None:
    publish(MENU)
    run_jobs()
    before = made()
    publish(AccountMenu((SHOP,), (Personal("会员", (SHOP, POSTER)),)))
    run_jobs()
    after = made()

    assert shown(after) == (["商城"], [["商城", "海报"]])
    assert after["conditionalmenu"][0] in before["conditionalmenu"]


@pytest.mark.parametrize("number", [3, 5, 7])
def test_a_publication_that_dies_on_the_way_is_done_once(
    run_jobs: RunJobs, made: Made, number: int
) -> None:
    """It dies after its `number`th call, lies until its lease has run out, and is done again."""
    left = number

    def die_at_last() -> None:
        nonlocal left
        left -= 1
        if not left:
            raise crash.Crashed

    publish(MENU)
    crash.arm(outbox.AFTER_CALL, die_at_last)
    with pytest.raises(crash.Crashed):
        run_jobs()
    crash.disarm()
    assert edition().status == EditionStatus.PUBLISHING
    with transaction():
        job = db.session.scalars(select(Job).where(Job.name == "menus.publish")).one()
        job.due_at = clock.now() - claims.LEASE
    run_jobs()

    assert shown(made()) == (["商城"], [["海报", "业绩"], ["商城", "海报"]])
    assert edition().status == EditionStatus.PUBLISHED


def test_a_refusal_for_good_is_told_and_the_next_one_may_go(run_jobs: RunJobs, made: Made) -> None:
    unknown = Button.from_json({"name": "看看", "type": "hologram", "x": "1"})
    publish(AccountMenu((unknown,)))
    with pytest.raises(StillPublishing):
        publish(AccountMenu((SHOP,)))
    run_jobs()
    assert edition().number == 2
    failed = db.session.scalars(
        select(MenuEdition).where(MenuEdition.status == EditionStatus.FAILED)
    ).one()
    assert "40017" in (failed.error or "")

    with transaction():
        publish_soon(appid=CITY, revision=1, staff_id=None, now=clock.now())
    run_jobs()
    assert shown(made()) == (["商城"], [])


def test_trouble_for_now_is_tried_again_until_somebody_stops_it(
    ready: Stage, run_jobs: RunJobs
) -> None:
    ready.chaos("/cgi-bin/menu/create", "fail_before", status=502, times=2)
    publish(AccountMenu((SHOP,)))
    run_jobs()
    assert publication_of(CITY)
    with transaction():
        stop_publishing(appid=CITY)
        db.session.scalars(
            select(Job).where(Job.name == "menus.publish")
        ).one().due_at = clock.now()
    run_jobs()

    assert edition().status == EditionStatus.FAILED


def test_an_earlier_edition_comes_back_by_one_click(run_jobs: RunJobs, made: Made) -> None:
    begun = AccountMenu((SHOP,))
    publish(begun)
    run_jobs()
    number = edition().number
    publish(MENU)
    run_jobs()
    with transaction():
        restore_soon(appid=CITY, number=number, staff_id=None, now=clock.now())
    run_jobs()

    assert shown(made()) == (["商城"], [])
    back = published_edition(CITY)
    assert back
    assert (back.origin, back.number) == (Origin.RESTORED, number + 2)


def test_a_draft_is_not_saved_over_somebody_elses() -> None:
    revision = drafted(MENU)
    with transaction():
        change_draft(
            appid=CITY, revision=revision, menu=AccountMenu(), staff_id=None, now=clock.now()
        )
    with pytest.raises(DraftChanged), transaction():
        change_draft(appid=CITY, revision=revision, menu=MENU, staff_id=None, now=clock.now())
    with pytest.raises(DraftChanged), transaction():
        publish_soon(appid=CITY, revision=revision, staff_id=None, now=clock.now())
    with pytest.raises(BadMenu), transaction():
        publish_soon(appid=CITY, revision=revision + 1, staff_id=None, now=clock.now())


def test_a_look_shows_what_is_there_and_why_it_could_not_be_seen(
    ready: Stage, run_jobs: RunJobs
) -> None:
    begin = AccountMenu((SHOP,))
    publish(begin)
    run_jobs()
    ready.chaos("/cgi-bin/menu/get", "fail_before", status=502)
    with transaction():
        look_again(appid=CITY)
    run_jobs()
    db.session.rollback()
    look = look_of(CITY)
    assert look
    assert "502" in (look.error or "")
    with transaction():
        look_again(appid=CITY)
    run_jobs()
    db.session.rollback()
    look = look_of(CITY)
    assert look
    assert look.error is None
    assert AccountMenu.from_json(look.content or {}) == begin
