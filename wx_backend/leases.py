"""Leases: rows by which one process at a time leads, and knows when it no longer does."""

from datetime import datetime, timedelta

from sqlalchemy import String, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, db, upsert


class Lease(Model):
    """Who holds `name` until when; `fence` grows with every taking and renewing."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    fence: Mapped[int] = mapped_column(default=0)
    until: Mapped[datetime] = mapped_column(Instant)


def take(name: str, holder: str, *, now: datetime, length: timedelta) -> int | None:
    """Take or renew a lease: its fence number, or None while somebody else holds it."""
    upsert(Lease, {"name": name, "holder": "", "fence": 0, "until": now - length}, key=("name",))
    mine = Lease.holder == holder
    changed = db.session.execute(
        update(Lease)
        .where(Lease.name == name, or_(mine, Lease.until <= now))
        .values(holder=holder, until=now + length, fence=Lease.fence + 1)
        .execution_options(synchronize_session=False)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]  # a CursorResult
        return None
    return db.session.scalar(select(Lease.fence).where(Lease.name == name))


def release(name: str, holder: str, *, now: datetime) -> None:
    """Give a lease back before its time; nothing happens when it is somebody else's by now."""
    db.session.execute(
        update(Lease).where(Lease.name == name, Lease.holder == holder).values(until=now)
    )
