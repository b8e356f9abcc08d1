"""Rows that came in from outside and are their own jobs: claim them, do their work, record how it went."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, select

from wx_backend import claims, clock, crash
from wx_backend.claims import Claim, LostClaim
from wx_backend.db import Model, db, retried, transaction
from wx_backend.errors import AppError, PlatformError
from wx_backend.sql import among

log = logging.getLogger(__name__)

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class RowWork(Generic[Row]):
    """The work of one table of claimable rows; `name` is what logs call a row.

    `before_done` and `after_done` are crash points around the commit.
    """

    table: type[Row]
    name: str
    before_done: str
    after_done: str

    def claim(self, *, limit: int, where: Sequence[ColumnElement[bool]] = ()) -> list[Claim]:
        """Take due rows for the length of a lease."""
        now = clock.now()
        return retried(lambda: claims.claim(self.table, limit=limit, now=now, where=where))

    def run(self, held: Claim, work: Callable[[Row], None]) -> bool:
        """Do the work of one claimed row and its completion in one transaction; False if it failed."""

        def once() -> None:
            work(db.session.get_one(self.table, held.id))
            crash.here(self.before_done)
            claims.finish(self.table, held, now=clock.now())

        try:
            retried(once)
        except LostClaim:
            log.warning("claim lost", extra={"row": self.name, "row_id": held.id})
            return False
        except Exception as error:  # noqa: BLE001 - an edge: the failure becomes the row's outcome
            record_failure(self.table, held, error, name=self.name, is_final=False)
            return False
        crash.here(self.after_done)
        return True

    def run_together(self, held: Sequence[Claim], work: Callable[[Sequence[Row]], None]) -> bool:
        """Do the work of several claimed rows in one transaction; False if nothing of it was done.

        Each is to be run by itself then: what is wrong may be with one of them.
        """

        def once() -> None:
            rows = select(self.table).where(among(self.table.id, [each.id for each in held]))  # type: ignore[attr-defined]  # every row has one
            work(db.session.scalars(rows).all())
            crash.here(self.before_done)
            claims.finish_all(self.table, held, now=clock.now())

        try:
            retried(once)
        except LostClaim:
            log.warning("claims lost", extra={"row": self.name, "rows": len(held)})
            return False
        except Exception:
            log.exception("not done together", extra={"row": self.name, "rows": len(held)})
            return False
        crash.here(self.after_done)
        return True


def record_failure(table: Any, held: Claim, error: Exception, *, name: str, is_final: bool) -> None:
    """Log what went wrong and put the row off, or give it up when trying again cannot help.

    A refusal of ours or of the platform is expected; anything else is a bug and logged with its
    trace.
    """
    is_expected = isinstance(error, (AppError, PlatformError))
    ids = {"row": name, "row_id": held.id, "attempt": held.attempt, "error": repr(error)}
    level = logging.WARNING if is_expected else logging.ERROR
    log.log(level, "work failed", extra=ids, exc_info=None if is_expected else error)
    try:
        with transaction():
            is_dead = claims.fail(
                table, held, error=repr(error), permanent=is_final, now=clock.now()
            )
    except LostClaim:
        log.warning("claim lost", extra=ids)
        return
    if is_dead:
        log.error("work is dead", extra=ids)
