"""A manager's figures on the phone, and at half past eight the message with yesterday's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from flows.accounts import identity_to_write_to
from flows.farming.desk import count_waiting
from flows.figures.pages import Change, changes
from flows.messages import send_notice
from flows.parting import parted_from_phones
from flows.repair import number_of_items
from fulfilment.queries import count_overdue
from insights.briefings import accept_briefing, daily_readers, staff_of_link, staff_read_by
from insights.values import Span
from members.queries import member_ids_of
from org.models import Role
from org.queries import node_of, under
from org.sessions import Rights, active_staff
from templates_msg.queries import keys_made
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.errors import NotFound
from wx_backend.money import yuan
from wx_backend.platform import config

PURPOSE: Final = "daily_figures"
TOLD_FROM: Final = 8 * 60 + 30
TOLD_UNTIL: Final = 12 * 60
READERS: Final = frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.FINANCE, Role.CLERK})
DECIDE_ON_FLAGS: Final = frozenset({Role.ADMINISTRATOR, Role.MANAGER})


@dataclass(frozen=True, slots=True)
class Morning:
    """What one staff member finds: today so far, yesterday, each beside the day before; what is late.

    `flags` of farming that wait for a word are for those who may decide on them, else None.
    """

    staff: Rights
    place: str
    on: date
    today: Sequence[Change]
    yesterday: Sequence[Change]
    overdue: int
    open_items: int
    flags: int | None


def morning_of(staff_id: int, *, now: datetime) -> Morning | None:
    """A staff member's figures by his rights of this moment; None without any."""
    staff = active_staff(staff_id)
    if staff is None or staff.role not in READERS:
        return None
    today = business_on(now)
    return Morning(
        staff=staff,
        place=node_of(staff.node_id).name,
        on=today,
        today=changes(staff.node_id, Span(today, today)),
        yesterday=changes(staff.node_id, _day_before(today)),
        overdue=count_overdue(under(staff.node_id), now=now),
        open_items=number_of_items(staff.node_id),
        flags=count_waiting(staff.node_id) if staff.role in DECIDE_ON_FLAGS else None,
    )


def my_mornings(member_id: int, *, now: datetime) -> list[Morning]:
    """Everything a person may read on this WeChat."""
    staff_ids = staff_read_by(member_ids_of(member_id))
    found = (morning_of(staff_id, now=now) for staff_id in staff_ids)
    return [each for each in found if each is not None]


def offered_to(token: str, *, now: datetime) -> Rights:
    """Whose figures a link is for; LinkGone, and NotFound for one who has no rights any more."""
    staff = active_staff(staff_of_link(token, now=now))
    if staff is None:
        raise NotFound
    return staff


def accept(token: str, *, identity_id: int, now: datetime) -> None:
    """Read them on this WeChat from now on, not on those that only a phone joined to it.

    Repeating it says that the link is used up.
    """
    offered_to(token, now=now)
    member_id = parted_from_phones(identity_id, now=now)
    accept_briefing(token=token, member_id=member_id, now=now)


def tell_managers(*, now: datetime) -> int:
    """From 8:30 on, send yesterday's figures to whoever wants them, once a day; how many messages."""
    local = now.astimezone(SHANGHAI)
    if not TOLD_FROM <= local.hour * 60 + local.minute < TOLD_UNTIL:
        return 0
    readers = {_key(staff_id, local.date()): (staff_id, who) for staff_id, who in daily_readers()}
    told = keys_made(readers)
    return sum(
        _tell(key, staff_id, member_id, now)
        for key, (staff_id, member_id) in readers.items()
        if key not in told
    )


def _tell(key: str, staff_id: int, member_id: int, now: datetime) -> bool:
    staff, identity_id = active_staff(staff_id), identity_to_write_to(member_id)
    if staff is None or staff.role not in READERS or identity_id is None:
        return False
    span = _day_before(business_on(now))
    figures = {each.measure.key: each for each in changes(staff.node_id, span)}
    values = {
        "day": f"{span.first}",
        "place": node_of(staff.node_id).name[:20],
        "sales": f"{yuan(figures['sales'].now)}元",
        "orders": f"{figures['paid'].now}",
        "follows": f"{figures['follows'].now}",
    }
    return (
        send_notice(
            key=key,
            identity_id=identity_id,
            purpose=PURPOSE,
            values=values,
            url=f"{config().service.base_url}/terminal/briefing",
            now=now,
        )
        is not None
    )


def _key(staff_id: int, on: date) -> str:
    return f"{PURPOSE}:{staff_id}:{on}"


def _day_before(day: date) -> Span:
    return Span(day - timedelta(days=1), day - timedelta(days=1))
