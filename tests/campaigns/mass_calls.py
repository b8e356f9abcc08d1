"""The calls of a mass send as tests look at them, and their ends as the platform tells them."""

from collections import Counter
from datetime import date, timedelta

from sqlalchemy import select

from campaigns.articles import enter_console_send
from campaigns.mass import Told, record_end
from campaigns.mass_models import MassPart
from tests.campaigns.cast import CITY, NOON, Cast, people
from wx_backend import clock
from wx_backend.db import db, transaction

MINUTE = timedelta(minutes=1)
NAMES = [f"{n:05d}" for n in range(7)]


def parts() -> list[tuple[str, str | None, int]]:
    """Every call: how it stands, its number, its people."""
    db.session.rollback()
    rows = db.session.scalars(select(MassPart).order_by(MassPart.id)).all()
    return [(each.status, each.msg_id, each.people) for each in rows]


def stands(campaign_id: int) -> Counter[str]:
    return Counter(status for status, _, _ in people(campaign_id).values())


def ended(msg_id: str | None, *, status: str = "send success", sent: int = 3) -> None:
    """The platform tells the end of a job."""
    assert msg_id is not None
    told = Told(status=status, total=sent, filtered=sent, sent=sent, failed=0, event_at=clock.now())
    with transaction():
        record_end(appid=CITY, msg_id=msg_id, told=told)


def all_ended() -> None:
    for _, msg_id, count in parts():
        ended(msg_id, sent=count)


def entered_by_hand(cast: Cast, day: date) -> None:
    enter_console_send(appid=CITY, sent_on=day, title="周报", staff_id=cast.writer, now=NOON)
