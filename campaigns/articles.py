"""Verbs on articles and on mass sends made by hand."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import update

from campaigns.mass_models import Article, ConsoleSend
from wx_backend.db import db, upsert
from wx_backend.errors import Conflict


class EnteredBefore(Conflict):
    code, message = "console_send_entered", "这次群发已登记过"


def note_articles(
    appid: str, listed: Sequence[tuple[str, Mapping[str, Any]]], *, now: datetime
) -> None:
    """Keep the articles an account has among its drafts: media id and article; others are gone."""
    for media_id, article in listed:
        row = {
            "appid": appid,
            "media_id": media_id,
            "title": str(article.get("title", ""))[:100],
            "article": dict(article),
            "is_there": True,
            "seen_at": now,
        }
        changing = ("title", "article", "is_there", "seen_at")
        upsert(Article, row, key=("appid", "media_id"), update=changing)
    there = [media_id for media_id, _ in listed]
    gone = update(Article).where(Article.appid == appid, Article.media_id.not_in(there))
    db.session.execute(gone.values(is_there=False))


def enter_console_send(
    *, appid: str, sent_on: date, title: str, staff_id: int, now: datetime
) -> None:
    """Count a mass send that was made in WeChat's own console. Raises EnteredBefore."""
    row = {
        "appid": appid,
        "sent_on": sent_on,
        "title": title,
        "staff_id": staff_id,
        "created_at": now,
    }
    if not upsert(ConsoleSend, row, key=("appid", "sent_on", "title")):
        raise EnteredBefore
