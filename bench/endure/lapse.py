"""Leases that are over: what a dead process held falls due, as it would a minute later."""

from typing import Final

from sqlalchemy import ColumnElement, func, select, update

from payments.models import PayNotice
from wx_backend import clock
from wx_backend.claims import WorkStatus, replay
from wx_backend.db import db, transaction
from wx_backend.inbox import Push
from wx_backend.outbox import Job

TABLES: Final = (PayNotice, Push, Job)


def held() -> int:
    """How many rows are claimed by somebody who has not said how it went."""
    db.session.rollback()
    return sum(
        db.session.scalar(
            select(func.count())
            .select_from(table)
            .where(*_begun(table), table.due_at > clock.now(), table.last_error.is_(None))
        )
        or 0
        for table in TABLES
    )


def lapse() -> int:
    """Have everything that was begun fall due at once, and bring back what was given up; how many of these.

    What ended every process that tried it is given up after twelve attempts: here those were killed by us.
    """
    given_up = 0
    now = clock.now()
    with transaction():
        for table in TABLES:
            dead = select(table.id).where(table.status == WorkStatus.DEAD)
            given_up += sum(replay(table, row, now=now) for row in db.session.scalars(dead).all())
            db.session.execute(update(table).where(*_begun(table)).values(due_at=now))
    return given_up


def _begun(table: type[PayNotice] | type[Push] | type[Job]) -> tuple[ColumnElement[bool], ...]:
    return table.status == WorkStatus.PENDING, table.attempts > 0
