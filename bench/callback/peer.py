"""The peer: wechatpy's documented Flask echo app in encrypted mode, restated, writing by the ORM.

With WRITES=0 it stores nothing: the same app for a comparison under our own server.
"""

import os
from datetime import UTC, datetime

from flask import Flask, Response, abort, request
from sqlalchemy import DateTime, String, create_engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.utils import check_signature

TOKEN, KEY, APPID = os.environ["TOKEN"], os.environ["AES_KEY"], os.environ["APPID"]
WRITES = os.environ.get("WRITES", "1") == "1"


class Base(DeclarativeBase):
    """The peer's own tables."""


class Seen(Base):
    """One push, once."""

    __tablename__ = "peer_seen"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    raw: Mapped[str]


class Scan(Base):
    """One scan by one person."""

    __tablename__ = "peer_scan"

    id: Mapped[int] = mapped_column(primary_key=True)
    openid: Mapped[str] = mapped_column(String(64), index=True)
    scene: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Person(Base):
    """Who was seen."""

    __tablename__ = "peer_person"

    id: Mapped[int] = mapped_column(primary_key=True)
    openid: Mapped[str] = mapped_column(String(64), unique=True)


app = Flask(__name__)
engine = create_engine(os.environ["DATABASE_URL"], pool_size=16) if WRITES else None
if engine is not None:
    with engine.begin() as connection:  # one worker after the other
        connection.execute(text("SELECT pg_advisory_xact_lock(1)"))
        Base.metadata.create_all(connection)


@app.post("/wechat")
def wechat() -> str | Response:
    """Check, decrypt, parse, store, reply, encrypt: as the library's example does it."""
    timestamp, nonce = request.args.get("timestamp", ""), request.args.get("nonce", "")
    try:
        check_signature(TOKEN, request.args.get("signature", ""), timestamp, nonce)
    except InvalidSignatureException:
        abort(403)
    crypto = WeChatCrypto(TOKEN, KEY, APPID)
    try:
        text = crypto.decrypt_message(
            request.data, request.args.get("msg_signature", ""), timestamp, nonce
        )
    except (InvalidSignatureException, InvalidAppIdException):
        abort(403)
    message = parse_message(text)
    if engine is not None:
        _store(message, text)
    reply = create_reply("您好，欢迎再次光临", message)
    return str(crypto.encrypt_message(reply.render(), nonce, timestamp))


def _store(message: object, text: str) -> None:
    openid = message.source  # type: ignore[attr-defined]  # wechatpy is untyped
    scene = message.scene_id  # type: ignore[attr-defined]  # the same
    key = f"{openid}:{message.time}:{scene}"  # type: ignore[attr-defined]  # the same
    with Session(engine) as session:
        session.add(Seen(key=key, raw=text))
        person = session.query(Person).filter_by(openid=openid).one_or_none()
        if person is None:
            session.add(Person(openid=openid))
        session.add(Scan(openid=openid, scene=str(scene), at=datetime.now(UTC)))  # noqa: TID251 - the peer's own clock
        try:
            session.commit()
        except IntegrityError:
            session.rollback()
