"""Imported lists: kept until the audience is frozen; then only which lines named nobody, and why."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, delete, func, select, update

from campaigns.models import ListEntry
from wx_backend.db import db, insert_missing


def replace_list(campaign_id: int, entries: Sequence[Mapping[str, Any]]) -> None:
    """Keep an imported list instead of the one before."""
    db.session.execute(delete(ListEntry).where(ListEntry.campaign_id == campaign_id))
    insert_missing(ListEntry, entries)


def forget_list(campaign_id: int) -> None:
    """It has served its purpose: who was named goes, and what every other line said."""
    mine = ListEntry.campaign_id == campaign_id
    db.session.execute(delete(ListEntry).where(mine, ListEntry.miss.is_(None)))
    db.session.execute(update(ListEntry).where(mine).values(sealed=None, identity_id=None))


def missed_lines(
    campaign_id: int, miss: str = "", *, after: int = 0, limit: int
) -> Sequence[ListEntry]:
    """The lines that named nobody, for one reason or any, in the list's order."""
    query = _missed(select(ListEntry), campaign_id, miss)
    return db.session.scalars(query.order_by(ListEntry.position).offset(after).limit(limit)).all()


def count_missed(campaign_id: int, miss: str = "") -> int:
    """How many those are."""
    query = _missed(select(func.count()).select_from(ListEntry), campaign_id, miss)
    return db.session.scalar(query) or 0


def _missed(query: Select[Any], campaign_id: int, miss: str) -> Select[Any]:
    query = query.where(ListEntry.campaign_id == campaign_id, ListEntry.miss.is_not(None))
    return query.where(ListEntry.miss == miss) if miss else query
