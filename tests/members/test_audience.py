"""The people of an account as a campaign chooses them."""

from flask import Flask
from sqlalchemy import select

from members.audience import Wanted, count_people, people
from members.joining import join_member
from members.models import Identity
from members.operations import ensure_identity
from tests.org.cast import NOON
from wx_backend.db import transaction

CITY = "wx5ad0c1ee0a2b3f4d"


def test_whom_it_is_not_known_of_excludes_nobody_else(app: Flask) -> None:
    """What others are excluded by may have rows without a person."""
    assert app
    with transaction():
        ids = [
            ensure_identity(appid=CITY, openid=f"o{name:0>8}", now=NOON) for name in ("Ann", "Bob")
        ]
        join_member(identity_id=ids[0], now=NOON)
    joined = select(Identity.id).where(Identity.member_id.is_not(None))
    nobody = select(Identity.member_id).where(Identity.member_id.is_(None))
    wanted = Wanted(appid=CITY, without=[joined.union_all(nobody)])

    assert [each.id for each in people(wanted, after=0, limit=10)] == [ids[1]]
    assert count_people(wanted) == 1
