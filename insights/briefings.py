"""Which staff read their figures on which WeChat, and who wants them every morning."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import select, update

from insights.models import Briefing
from wx_backend.db import db, locked, upsert
from wx_backend.errors import NotFound

LINK_FOR: Final = timedelta(minutes=30)


class LinkGone(NotFound):
    code, message = "link_gone", "链接已失效，请在平台管理重新生成"


def offer_briefing(*, staff_id: int, now: datetime) -> str:
    """A link's token, good once and for half an hour; one made before is good no more."""
    token = secrets.token_urlsafe(24)
    row = {
        "staff_id": staff_id,
        "is_daily": True,
        "link_digest": _digest(token),
        "link_until": now + LINK_FOR,
    }
    upsert(Briefing, row, key=("staff_id",), update=("link_digest", "link_until"))
    return token


def staff_of_link(token: str, *, now: datetime) -> int:
    """Whose figures a link leads to. Raises LinkGone."""
    found = db.session.scalar(
        select(Briefing.staff_id).where(
            Briefing.link_digest == _digest(token), Briefing.link_until > now
        )
    )
    if found is None:
        raise LinkGone
    return found


def accept_briefing(*, token: str, member_id: int, now: datetime) -> int:
    """Read these figures on this person's WeChat from now on; whose they are. Raises LinkGone."""
    row = locked(select(Briefing).where(Briefing.link_digest == _digest(token)))
    if row is None or row.link_until is None or row.link_until <= now:
        raise LinkGone
    row.member_id, row.confirmed_at, row.is_daily = member_id, now, True
    row.link_digest = row.link_until = None
    return row.staff_id


def briefing_of(staff_id: int) -> Briefing | None:
    """Where a staff member reads his figures, if anywhere."""
    row = db.session.get(Briefing, staff_id)
    return row if row is not None and row.member_id is not None else None


def staff_read_by(member_ids: Iterable[int]) -> Sequence[int]:
    """Whose figures a person reads."""
    return db.session.scalars(
        select(Briefing.staff_id)
        .where(Briefing.member_id.in_(set(member_ids)))
        .order_by(Briefing.staff_id)
    ).all()


def daily_readers() -> Sequence[tuple[int, int]]:
    """(staff, member) of everybody who wants his figures every morning."""
    rows = db.session.execute(
        select(Briefing.staff_id, Briefing.member_id)
        .where(Briefing.member_id.is_not(None), Briefing.is_daily)
        .order_by(Briefing.staff_id)
    )
    return [(staff_id, member_id) for staff_id, member_id in rows if member_id is not None]


def want_daily(*, staff_ids: Sequence[int], is_daily: bool) -> None:
    """Have the morning's message, or do without."""
    _change(staff_ids, is_daily=is_daily)


def end_briefing(*, staff_ids: Sequence[int]) -> None:
    """Let nobody's WeChat show these figures any more."""
    _change(staff_ids, member_id=None, confirmed_at=None, link_digest=None, link_until=None)


def _change(staff_ids: Sequence[int], **values: object) -> None:
    db.session.execute(
        update(Briefing)
        .where(Briefing.staff_id.in_(staff_ids))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
