"""The templates an account has at the platform, kept here so that forms can be checked at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from templates_msg.models import LibraryTemplate, MessageKind
from wx_backend.db import db, upsert
from wx_backend.errors import NotFound


@dataclass(frozen=True, slots=True)
class Listed:
    """One template as the platform lists it."""

    template_id: str
    title: str
    content: str


def note_library(*, appid: str, kind: MessageKind, listed: Sequence[Listed], now: datetime) -> None:
    """Keep what the platform listed of a kind; what it does not list any more is not usable."""
    for each in listed:
        row = {
            "appid": appid,
            "template_id": each.template_id,
            "kind": kind,
            "title": each.title[:100],
            "content": each.content,
            "is_usable": True,
            "seen_at": now,
        }
        changing = ("kind", "title", "content", "is_usable", "seen_at")
        upsert(LibraryTemplate, row, key=("appid", "template_id"), update=changing)
    db.session.execute(
        update(LibraryTemplate)
        .where(
            LibraryTemplate.appid == appid,
            LibraryTemplate.kind == kind,
            LibraryTemplate.template_id.not_in([each.template_id for each in listed]),
        )
        .values(is_usable=False)
    )


def library_of(appid: str) -> list[LibraryTemplate]:
    """Every template an account has or had, those in use first."""
    return list(
        db.session.scalars(
            select(LibraryTemplate)
            .where(LibraryTemplate.appid == appid)
            .order_by(
                LibraryTemplate.is_usable.desc(), LibraryTemplate.kind.desc(), LibraryTemplate.title
            )
        )
    )


def usable_template(appid: str, template_id: str) -> LibraryTemplate:
    """A template that may be sent; NotFound for one the account does not have (any more)."""
    found = db.session.scalar(
        select(LibraryTemplate).filter_by(appid=appid, template_id=template_id, is_usable=True)
    )
    if found is None:
        raise NotFound("公众号没有这个模板，请先同步模板库")
    return found
