"""Reading about people: identities, the member behind one, everything that is one person."""

from sqlalchemy import select

from members.models import Identity
from wx_backend.db import db


def identity_of(appid: str, openid: str) -> Identity | None:
    """The identity of (appid, openid), if it was ever seen."""
    return db.session.scalar(
        select(Identity).where(Identity.appid == appid, Identity.openid == openid)
    )
