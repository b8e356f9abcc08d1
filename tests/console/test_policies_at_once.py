"""Drafts and versions of the policy through races, deaths and forged rows; what is lost or wrong is found."""

from contextlib import suppress
from datetime import UTC
from functools import partial
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from demo.story import credit
from demo.story.frame import Contradiction, Story
from orders.models import OrderLine
from referral.models import Attribution, PolicyVersion
from referral.policy_drafts import (
    approve_draft,
    draft_policy,
    policy_of,
)
from referral.policy_models import DraftVerdict, PolicyDraft
from tests.console.desk import Desk
from tests.console.policies import DAY, NOTE, drafted, first, later, second, staff_id, versions
from tests.console.world import World, buy, known
from tests.racing import race
from tests.rows import rows
from wx_backend import clock
from wx_backend.db import db, retried, transaction
from wx_backend.errors import AppError

__all__ = ["first", "later", "second"]


@pytest.mark.usefixtures("later")
def test_a_line_of_the_wrong_version_and_a_version_that_is_lost_are_found(
    app: Flask, first: Desk, second: Desk, world: World
) -> None:
    """What the story looks for is there to be found: by the next version, and by a draft without one."""
    assert second.post(f"{drafted(first)}/approve", **NOTE).status_code == 302
    clock._offset.value += 1.5 * DAY
    sold = buy(known("Dora"), world.wares, world.tree.hall)
    story = Story(cast(Any, None), cast(Any, None), db.engine, app)
    assert credit.lines_keep_their_policy(story) == "2 versions of the policy"
    with transaction() as session:
        stands = select(Attribution).join(OrderLine).where(OrderLine.order_id == sold.id)
        kept = session.scalars(stands).first()
        assert kept is not None
        values = {each.name: getattr(kept, each.name) for each in Attribution.__table__.columns}
        wrong = {**values, "version": 2, "policy_version": 1}
        del wrong["id"]
        planted = session.execute(insert(Attribution).values(wrong).returning(Attribution.id))
        [wrong_id] = planted.scalars()
    with pytest.raises(Contradiction, match=f"another policy than that of .*'id': {wrong_id}"):
        credit.lines_keep_their_policy(story)


def test_what_two_persons_agreed_to_is_missed_when_it_is_no_version(
    app: Flask, first: Desk, second: Desk
) -> None:
    path = drafted(first)
    with transaction() as session:
        agreed = {"verdict": DraftVerdict.APPROVED, "decided_by": staff_id("chief")}
        more = {"decided_at": clock.now(), "note": "同意"}
        session.execute(update(PolicyDraft).values(**agreed, **more))
    story = Story(cast(Any, None), cast(Any, None), db.engine, app)
    with pytest.raises(Contradiction, match=f"no version.*'id': {path.rpartition('/')[2]}"):
        credit.lines_keep_their_policy(story)
    assert second


def _draft(staff: int) -> int:
    now = clock.now()
    settings = {"window_days": 40, "overrides": []}
    return draft_policy(
        settings=settings, valid_from=now + DAY, reason="试行", staff_id=staff, now=now
    )


def test_of_many_who_agree_at_once_one_does(app: Flask, second: Desk) -> None:
    assert second
    who, chief = staff_id("root"), staff_id("chief")
    draft_id = retried(lambda: _draft(who))
    db.session.rollback()
    agree = partial(approve_draft, draft_id=draft_id, note="同意", staff_id=chief)

    def decide(_: int) -> bool:
        try:
            retried(lambda: agree(now=clock.now()))
        except AppError:
            return False
        return True

    assert race(app, decide, times=4).count(True) == 1
    assert versions() == [1, 2]


def test_many_who_write_at_once_write_one(app: Flask, world: World) -> None:
    assert world
    who = staff_id("root")
    db.session.rollback()

    def write(_: int) -> bool:
        with suppress(AppError):
            retried(lambda: _draft(who))
            return True
        return False

    assert race(app, write, times=4).count(True) == 1


def test_a_crash_in_the_middle_leaves_it_waiting(second: Desk) -> None:
    assert second
    draft_id = retried(lambda: _draft(staff_id("root")))
    chief, before = staff_id("chief"), rows()
    with suppress(KeyboardInterrupt), transaction():
        approve_draft(draft_id=draft_id, note="同意", staff_id=chief, now=clock.now())
        raise KeyboardInterrupt
    assert rows() == before


def test_what_was_decided_is_never_changed_and_a_version_neither(second: Desk) -> None:
    assert second
    root, chief = staff_id("root"), staff_id("chief")
    draft_id = retried(lambda: _draft(root))
    alone = {"decided_by": root, "decided_at": clock.now(), "note": "x"}
    for change in (
        update(PolicyDraft).values(verdict=DraftVerdict.APPROVED, **alone),
        update(PolicyDraft).values(settings={"window_days": 50}),
        update(PolicyDraft).values(valid_from=clock.now()),
        update(PolicyDraft).values(
            verdict=DraftVerdict.APPROVED, decided_by=chief, decided_at=clock.now()
        ),
    ):
        with pytest.raises(DBAPIError), transaction() as session:
            session.execute(change)
    retried(lambda: approve_draft(draft_id=draft_id, note="同意", staff_id=chief, now=clock.now()))
    for sql in (
        "UPDATE policy_draft SET note = 'x'",
        "UPDATE policy_draft SET verdict = NULL, decided_by = NULL, decided_at = NULL",
        "DELETE FROM policy_draft",
        "UPDATE policy_version SET note = 'x' WHERE version = 2",
        "DELETE FROM policy_version WHERE version = 2",
    ):
        with pytest.raises(DBAPIError), transaction() as session:
            session.execute(text(sql))
    db.session.rollback()
    row = db.session.get_one(PolicyVersion, 2)
    assert (row.staff_id, row.note, policy_of(row).terms.window_days) == (root, "试行", 40)
    assert row.valid_from.tzinfo is UTC
