"""Pictures in reply rules: kept here, uploaded to each account once, known there by a media id."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from menus.models import ReplyRule
from menus.operations import turn_page
from menus.rules import ReplyKind
from wx_backend.db import db

TAKEN_FOR: Final = timedelta(seconds=60)


def pictures_waiting(appid: str) -> list[str]:
    """The pictures that rules of an account refer to and that WeChat has not got yet."""
    return sorted({row.content["picture"] for row in _rows(appid) if _is_waiting(row)})


def take_picture(appid: str, *, now: datetime) -> str | None:
    """The next picture to upload; whoever else asks within a minute is not given it."""
    at = int(now.timestamp())
    rows = [row for row in _rows(appid, is_locked=True) if _is_waiting(row)]
    free = (row for row in rows if at - row.content.get("asked", 0) >= TAKEN_FOR.total_seconds())
    if (first := next(free, None)) is None:
        return None
    picture: str = first.content["picture"]
    for row in rows:
        if row.content["picture"] == picture:
            row.content = {**row.content, "asked": at}
    return picture


def media_of(appid: str, picture: str) -> str:
    """By which id WeChat knows a picture at an account; empty when it does not."""
    mine = (row.content for row in _rows(appid) if row.content["picture"] == picture)
    return next((each["media_id"] for each in mine if each.get("media_id")), "")


def media_ids(appid: str) -> set[str]:
    """The ids of all pictures of an account's rules that WeChat has."""
    return {row.content["media_id"] for row in _rows(appid) if row.content.get("media_id")}


def note_media(appid: str, picture: str, media_id: str, *, fault: str = "") -> None:
    """WeChat has it now, or says why it will not."""
    turn_page(appid)
    for row in _rows(appid, is_locked=True):
        if row.content["picture"] == picture:
            row.content = {"picture": picture, "media_id": media_id, "fault": fault[:100]}


def forget_media(appid: str, gone: Collection[str]) -> None:
    """WeChat has these no more: until they are uploaded again other rules answer."""
    turn_page(appid)
    for row in _rows(appid, is_locked=True):
        if row.content.get("media_id") in gone:
            row.content = {**row.content, "media_id": ""}


def pictures_of_rules() -> set[str]:
    """The addresses of all pictures that rules refer to, at whichever account."""
    return {row.content["picture"] for row in _rows(None)}


def accounts_with_pictures() -> list[str]:
    """The accounts (appids) whose rules have pictures."""
    return sorted({row.appid for row in _rows(None)})


def _is_waiting(row: ReplyRule) -> bool:
    return not row.content.get("media_id") and not row.content.get("fault")


def _rows(appid: str | None, *, is_locked: bool = False) -> Iterator[ReplyRule]:
    query = select(ReplyRule).where(ReplyRule.kind == ReplyKind.IMAGE).order_by(ReplyRule.id)
    if appid is not None:
        query = query.where(ReplyRule.appid == appid)
    if is_locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (row for row in db.session.scalars(query) if row.content.get("picture"))
