"""Rows of the automatic replies."""

from typing import Any

from sqlalchemy import JSON, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Model, id_column


class ReplyRule(Model):
    """What an account answers: `trigger` + `match` -> a reply of `kind` with `content`."""

    __tablename__ = "reply_rule"
    __table_args__ = (UniqueConstraint("appid", "trigger", "match"),)

    id: Mapped[int] = id_column()
    appid: Mapped[str] = mapped_column(String(32))
    trigger: Mapped[str] = mapped_column(String(12))
    match: Mapped[str] = mapped_column(String(128), default="")
    kind: Mapped[str] = mapped_column(String(24))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    position: Mapped[int] = mapped_column(default=0)
