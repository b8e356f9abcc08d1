"""What the platform was seen to have: asked for, noted, and taken over once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from menus.models import Adoption, MenuLook
from menus.whole import AccountMenu
from wx_backend.db import db, upsert
from wx_backend.errors import Conflict


class AlreadyAdopted(Conflict):
    code, message = "already_adopted", "这个公众号的菜单和自动回复已经接管过"


class NotAdopted(Conflict):
    code, message = "not_adopted", "请先读取并接管这个公众号现有的菜单和自动回复"


def ask_to_look(*, appid: str, now: datetime) -> None:
    """State that the platform is being asked; what it said before stays until it answers."""
    row = {"appid": appid, "asked_at": now, "error": None}
    upsert(MenuLook, row, key=("appid",), update=("asked_at", "error"))


def note_look(*, appid: str, menu: AccountMenu, now: datetime) -> None:
    """Keep what the platform shows."""
    row = {
        "appid": appid,
        "asked_at": now,
        "seen_at": now,
        "content": menu.as_json(),
        "error": None,
    }
    upsert(MenuLook, row, key=("appid",), update=("seen_at", "content", "error"))


def note_no_look(*, appid: str, error: str, now: datetime) -> None:
    """Keep why the platform could not be asked."""
    row = {"appid": appid, "asked_at": now, "error": error[:200]}
    upsert(MenuLook, row, key=("appid",), update=("error",))


def note_adoption(
    *,
    appid: str,
    told: Mapping[str, Any],
    notes: Sequence[str],
    staff_id: int | None,
    now: datetime,
) -> None:
    """Keep what an account had, word for word. Raises AlreadyAdopted."""
    row = Adoption(
        appid=appid, adopted_at=now, staff_id=staff_id, told=dict(told), notes=list(notes)
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError as error:
        raise AlreadyAdopted from error
