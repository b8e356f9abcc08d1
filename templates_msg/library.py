"""The templates an account has at the platform, kept here so that forms can be checked at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, update

from templates_msg.models import LibraryTemplate, MessageKind
from wx_backend.db import db, upsert
from wx_backend.errors import Conflict, NotFound

ASKED_MAX: Final = 3
"""As many as one pop-up of an older WeChat shows."""


class TooManyAsked(Conflict):
    code, message = "too_many_asked", "一次最多征求 3 个订阅通知，请先取消其他的"


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


def asked_notices(appid: str) -> list[LibraryTemplate]:
    """The subscription notices people of an account are asked to agree to."""
    return list(
        db.session.scalars(
            select(LibraryTemplate)
            .filter_by(appid=appid, kind=MessageKind.SUBSCRIPTION, is_usable=True, is_asked=True)
            .order_by(LibraryTemplate.id)
            .limit(ASKED_MAX)
        )
    )


def ask_for(appid: str, template_id: str, *, is_asked: bool) -> None:
    """Have people asked for a subscription notice, or not any more. Raises NotFound, TooManyAsked."""
    template = usable_template(appid, template_id)
    if template.kind != MessageKind.SUBSCRIPTION:
        raise NotFound
    asked = [each for each in asked_notices(appid) if each.template_id != template_id]
    if is_asked and len(asked) >= ASKED_MAX:
        raise TooManyAsked
    template.is_asked = is_asked


def usable_template(appid: str, template_id: str) -> LibraryTemplate:
    """A template that may be sent; NotFound for one the account does not have (any more)."""
    found = db.session.scalar(
        select(LibraryTemplate).filter_by(appid=appid, template_id=template_id, is_usable=True)
    )
    if found is None:
        raise NotFound("公众号没有这个模板，请先同步模板库")
    return found
