"""Stop buttons: what goes out of the house, held until a person lets it go on.

A stopped line's jobs stay due and are not claimed, and what was claimed just before is not begun;
they go on by themselves when it is lifted. A call that had begun comes to its end. Stops are rows with a reason and names, never deleted.

Pay-outs can also be stopped for one place and what is below it; whose they are `flows.payout` knows.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, String, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, db, id_column, locked
from wx_backend.errors import Conflict, Unavailable

_OPEN = text("lifted_at IS NULL AND node_id IS NULL")
_OPEN_PLACE = text("lifted_at IS NULL AND node_id IS NOT NULL")


class Line(StrEnum):
    """What can be stopped. EVERYTHING is every call that changes something in another system."""

    EVERYTHING = "everything"
    MESSAGES = "messages"
    REFUNDS = "refunds"
    PAYOUTS = "payouts"


# The jobs of a line, by the beginnings of their names.
_JOBS: Final[Mapping[Line, Sequence[str]]] = {
    Line.MESSAGES: ("message.", "poster.send", "campaign."),
    Line.REFUNDS: ("refund.send", "refund.apply_abnormal"),
    Line.PAYOUTS: ("payout.release", "transfer.send"),
}
# Asking what is so elsewhere goes on: by that a restored copy learns what it has missed.
_ASKING: Final = (
    *("bill.fetch", "payment.query", "refund.query", "transfer.query", "mass_send.query"),
    *("identity.refresh", "menus.look", "templates.sync", "articles.sync", "followers.sync"),
)


class Stop(Model):
    """One time a line was stopped, everywhere or for a place: why, by whom, and when who let it go on."""

    __tablename__ = "stop"
    __table_args__ = (
        Index("uq_stop_open", "line", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(
            "uq_stop_open_place",
            *("line", "node_id"),
            unique=True,
            sqlite_where=_OPEN_PLACE,
            postgresql_where=_OPEN_PLACE,
        ),
        CheckConstraint("node_id IS NULL OR line = 'payouts'", name="place"),
    )
    __audited__: ClassVar = ("line", "node_id", "reason")

    id: Mapped[int] = id_column()
    line: Mapped[str] = mapped_column(String(12))
    node_id: Mapped[int | None] = mapped_column(ForeignKey("org_node.id"))
    reason: Mapped[str] = mapped_column(String(200))
    stopped_by: Mapped[str] = mapped_column(String(40))
    stopped_at: Mapped[datetime] = mapped_column(Instant)
    lifted_by: Mapped[str | None] = mapped_column(String(40))
    lifted_at: Mapped[datetime | None] = mapped_column(Instant)


class Stopped(Unavailable):
    code, message = "stopped", "系统正在维护，请稍后再试"


class AlreadyStopped(Conflict):
    code, message = "already_stopped", "已经处于停止状态"


class NotStopped(Conflict):
    code, message = "not_stopped", "现在没有停止"


def stop(*, line: Line, reason: str, by: str, now: datetime, node_id: int | None = None) -> None:
    """Hold a line, pay-outs for one place perhaps. Raises AlreadyStopped."""
    row = Stop(line=line, node_id=node_id, reason=reason[:200], stopped_by=by, stopped_at=now)
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError as error:
        raise AlreadyStopped from error


def lift(*, line: Line, by: str, now: datetime, node_id: int | None = None) -> None:
    """Let a line, or a place, go on. Raises NotStopped."""
    row = locked(
        select(Stop).where(Stop.line == line, Stop.node_id == node_id, Stop.lifted_at.is_(None))
    )
    if row is None:
        raise NotStopped
    row.lifted_by, row.lifted_at = by, now


def stops(*, limit: int) -> Sequence[Stop]:
    """The stops of now and before, the latest first."""
    return db.session.scalars(select(Stop).order_by(Stop.id.desc()).limit(limit)).all()


def open_stops() -> Mapping[Line, Stop]:
    """What is stopped everywhere now."""
    rows = db.session.scalars(_open().where(Stop.node_id.is_(None)))
    return {Line(row.line): row for row in rows}


def stopped_places() -> Mapping[int, Stop]:
    """The places whose pay-outs are stopped now."""
    rows = db.session.scalars(_open().where(Stop.node_id.is_not(None)))
    return {row.node_id: row for row in rows if row.node_id is not None}


def check_open(*lines: Line) -> None:
    """Raise Stopped while one of these lines, or everything, is held."""
    if not open_stops().keys().isdisjoint({*lines, Line.EVERYTHING}):
        raise Stopped


def held_jobs(name: Any, *, is_call: bool) -> list[Any]:
    """Conditions on a job's name that leave out what is stopped; `is_call`: the queue of calls."""
    held = list(open_stops())
    left_out = [~_begins(name, _JOBS[line]) for line in held if line in _JOBS]
    if Line.EVERYTHING in held and is_call:
        left_out.append(_begins(name, _ASKING))
    return left_out


def is_held(name: str, *, is_call: bool) -> bool:
    """Whether a job of this name is stopped at this moment; `is_call` as above."""
    held = open_stops()
    if any(name.startswith(tuple(_JOBS[line])) for line in held if line in _JOBS):
        return True
    return Line.EVERYTHING in held and is_call and not name.startswith(_ASKING)


def _open() -> Select[Stop]:
    return select(Stop).where(Stop.lifted_at.is_(None)).order_by(Stop.id)


def _begins(name: Any, beginnings: Sequence[str]) -> Any:
    return or_(*(name.startswith(each, autoescape=True) for each in beginnings))
