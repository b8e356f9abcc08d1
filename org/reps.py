"""Reps come, move, pause and leave; billing knows them by codes that hold for spans of days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, not_, select

from org.models import (
    ChannelClass,
    Invite,
    OperatorIdentity,
    OrgNode,
    Rep,
    RepBinding,
    RepStatus,
    Tier,
)
from org.operations import WrongTier
from org.queries import ancestors, node_of
from wx_backend.clock import business_on
from wx_backend.db import db, locked, take_turns
from wx_backend.errors import Conflict, NotFound
from wx_backend.numbers import REP, new_number


class RepHasLeft(Conflict):
    code, message = "rep_has_left", "该员工已离职"


class RepPaused(Conflict):
    code, message = "rep_paused", "该员工已停用，不能跨市调动，请先恢复"


class BadHeir(Conflict):
    code, message = "bad_heir", "接手人必须是在职的其他员工"


class SpanTaken(Conflict):
    code, message = "span_taken", "该日期已有生效的工号"


class DeveloperTaken(Conflict):
    """Billing would credit the one with what the other sells."""

    code, message = "developer_taken", "该发展人编码在这些日期属于其他员工"


@dataclass(frozen=True, slots=True)
class OperatorCodes:
    """How billing knows a rep: developer code, channel code, accepting staff number."""

    developer_code: str
    channel_code: str
    staff_number: str


def hire_rep(
    *,
    name: str,
    outlet_id: int,
    channel_class: ChannelClass,
    now: datetime,
    title: str = "",
    greeting: str = "",
) -> int:
    """A new rep of an outlet; his id. WrongTier when it is no open outlet."""
    _check_outlet(node_of(outlet_id))
    on = business_on(now)
    rep = Rep(
        number=new_number(REP, on=on),
        name=name,
        title=title,
        greeting=greeting,
        outlet_id=outlet_id,
        channel_class=channel_class,
        joined_on=on,
    )
    db.session.add(rep)
    db.session.flush()
    return rep.id


def set_greeting(*, rep_id: int, greeting: str) -> None:
    """What a rep says on his showroom and in the welcome."""
    _present(rep_id).greeting = greeting


def assign_codes(*, rep_id: int, codes: OperatorCodes, valid_from: date) -> None:
    """Give a rep new operator codes from a day on; those before end that day.

    Codes already planned for later stay and end these. SpanTaken when some begin on that very
    day; DeveloperTaken, RepHasLeft and NotFound.
    """
    _present(rep_id)
    spans = db.session.scalars(
        select(OperatorIdentity)
        .where(OperatorIdentity.rep_id == rep_id)
        .order_by(OperatorIdentity.valid_from)
    ).all()
    if any(span.valid_from == valid_from for span in spans):
        raise SpanTaken(fields=["valid_from"])
    until = min((span.valid_from for span in spans if span.valid_from > valid_from), default=None)
    _check_developer(rep_id, codes.developer_code, valid_from, until)
    for span in spans:
        if span.valid_from < valid_from and (
            span.valid_until is None or span.valid_until > valid_from
        ):
            span.valid_until = valid_from
    db.session.add(
        OperatorIdentity(
            rep_id=rep_id,
            developer_code=codes.developer_code,
            channel_code=codes.channel_code,
            staff_number=codes.staff_number,
            valid_from=valid_from,
            valid_until=until,
        )
    )
    db.session.flush()


def disable_rep(*, rep_id: int) -> None:
    """Take a rep's rights away at once; his customers stay his."""
    _present(rep_id).status = RepStatus.DISABLED


def enable_rep(*, rep_id: int) -> None:
    """Give a disabled rep his rights back."""
    _present(rep_id).status = RepStatus.ACTIVE


def part_with_rep(*, rep_id: int, now: datetime, heir_id: int | None = None) -> None:
    """A rep leaves: rights, binding and codes end; his customers go to the heir.

    Without an heir they go to his outlet's pool. BadHeir unless the heir is another active rep.
    """
    _lock_reps(rep_id, heir_id)
    rep = _present(rep_id)
    if heir_id is not None:
        _check_heir(rep_id, heir_id)
    rep.status, rep.left_at, rep.heir_id = RepStatus.LEFT, now, heir_id
    binding = locked(
        select(RepBinding).where(RepBinding.rep_id == rep_id, RepBinding.unbound_at.is_(None))
    )
    if binding is not None:
        binding.unbound_at = now
    _end_codes(rep_id, business_on(now))


def move_rep(*, rep_id: int, outlet_id: int) -> bool:
    """Move a rep to another outlet; True when it lies in another city.

    Within the city customers go along. From city to city they stay with the outlet he leaves,
    which is for the caller to arrange.
    """
    rep = _present(rep_id)
    _check_outlet(node_of(outlet_id))
    before, after = ancestors(rep.outlet_id), ancestors(outlet_id)
    rep.outlet_id = outlet_id
    return before.get(Tier.CITY) != after.get(Tier.CITY)


def check_may_begin_anew(rep_id: int) -> None:
    """Lock a rep who is about to get another number. RepPaused: it would give him his rights back."""
    if _present(rep_id).status == RepStatus.DISABLED:
        raise RepPaused


def remove_rep(rep_id: int) -> None:
    """Undo the hiring of a rep whom nothing refers to; IntegrityError when something does."""
    for table in (Invite, OperatorIdentity):
        db.session.execute(delete(table).where(table.rep_id == rep_id))
    db.session.execute(delete(Rep).where(Rep.id == rep_id))


def _present(rep_id: int) -> Rep:
    rep = locked(select(Rep).where(Rep.id == rep_id))
    if rep is None:
        raise NotFound
    if rep.status == RepStatus.LEFT:
        raise RepHasLeft
    return rep


def _lock_reps(*rep_ids: int | None) -> None:
    """Lock several reps in id order, so that two who name each other do not wait for ever."""
    for rep_id in sorted(each for each in rep_ids if each is not None):
        locked(select(Rep).where(Rep.id == rep_id))


def _check_outlet(node: OrgNode) -> None:
    if node.tier != Tier.OUTLET or node.closed_on is not None:
        raise WrongTier


def _check_heir(rep_id: int, heir_id: int) -> None:
    heir = locked(select(Rep).where(Rep.id == heir_id))
    if heir_id == rep_id or heir is None or heir.status != RepStatus.ACTIVE:
        raise BadHeir(fields=["heir"])


def _check_developer(rep_id: int, code: str, first: date, until: date | None) -> None:
    """Nobody else has this developer code on any of these days."""
    take_turns(b"developer code " + code.encode())
    other = OperatorIdentity
    ends_before = other.valid_until.is_not(None) & (other.valid_until <= first)
    theirs = select(other.id).where(
        other.developer_code == code, other.rep_id != rep_id, not_(ends_before)
    )
    if until is not None:
        theirs = theirs.where(other.valid_from < until)
    if db.session.scalar(theirs.limit(1)) is not None:
        raise DeveloperTaken(fields=["developer_code"])


def _end_codes(rep_id: int, last_day: date) -> None:
    """Codes hold through the last day; those that would begin later never do."""
    end = last_day + timedelta(days=1)
    spans = db.session.scalars(select(OperatorIdentity).where(OperatorIdentity.rep_id == rep_id))
    for span in spans:
        if span.valid_from > last_day:
            db.session.delete(span)
        elif span.valid_until is None or span.valid_until > end:
            span.valid_until = end
    db.session.flush()
