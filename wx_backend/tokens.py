"""Where all processes find the platform's tokens: a row each, with the lease of whoever renews it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import String, Text, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from wechat.tokens import Token
from wx_backend import clock
from wx_backend.db import Instant, Model, db, retried, upsert


class PlatformToken(Model):
    """One account's access token or ticket; `holder` may renew it until `until`."""

    __tablename__ = "platform_token"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    renewed_at: Mapped[datetime | None] = mapped_column(Instant)
    holder: Mapped[str] = mapped_column(String(64), default="")
    until: Mapped[datetime] = mapped_column(Instant)


class DatabaseTokenStore:
    """The token store of `wechat.tokens` on a row; every method is a transaction of its own."""

    def __init__(self, app: Flask, name: str) -> None:
        self._app = app
        self._name = name

    def read(self) -> Token | None:
        with self._app.app_context():
            row = db.session.scalars(
                select(PlatformToken).where(PlatformToken.name == self._name)
            ).one_or_none()
            if row is None or row.value is None or row.expires_at is None:
                return None
            return Token(row.value, row.expires_at)

    def try_lease(self, holder: str, now: datetime, seconds: int) -> bool:
        def take() -> bool:
            row = {"name": self._name, "holder": "", "until": now}
            upsert(PlatformToken, row, key=("name",))
            is_free = or_(PlatformToken.holder == holder, PlatformToken.until <= now)
            return self._change(is_free, holder=holder, until=now + timedelta(seconds=seconds))

        with self._app.app_context():
            return retried(take)

    def write(self, holder: str, token: Token) -> bool:
        with self._app.app_context():
            return retried(
                lambda: self._change(
                    PlatformToken.holder == holder,
                    value=token.value,
                    expires_at=token.expires_at,
                    renewed_at=clock.now(),
                    holder="",
                    until=clock.now(),
                )
            )

    def release(self, holder: str) -> None:
        with self._app.app_context():
            retried(
                lambda: self._change(PlatformToken.holder == holder, holder="", until=clock.now())
            )

    def _change(self, condition: object, **values: object) -> bool:
        changed = db.session.execute(
            update(PlatformToken)
            .where(PlatformToken.name == self._name, condition)  # type: ignore[arg-type]  # an SQL condition
            .values(**values)
        )
        return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult


@dataclass(frozen=True, slots=True)
class TokenState:
    """How an account's access token is, without the token; `holder` is renewing it just now."""

    expires_at: datetime | None
    holder: str
    renewed_at: datetime | None = None


def token_state(appid: str) -> TokenState:
    """What the row of an account's token says of it."""
    row = db.session.scalars(
        select(PlatformToken).where(PlatformToken.name == f"access_token:{appid}")
    ).one_or_none()
    if row is None or row.value is None:
        return TokenState(None, row.holder if row is not None else "")
    return TokenState(row.expires_at, row.holder, row.renewed_at)
