"""What came of a rep's own shares: each counted with everything customers made of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import CTE, exists, func, select
from sqlalchemy.orm import aliased

from referral.figures import Contacts, contacts_from
from referral.models import Attribution, Place, Share, Touch
from wx_backend.db import db


@dataclass(frozen=True, slots=True)
class Spread:
    """How far a share went: contacts, people met, shares made of it, order lines it won."""

    contacts: Contacts
    people: int
    passed_on: int
    line_ids: tuple[int, ...]


def shares_of_rep(rep_id: int, *, after: int = 0, limit: int) -> Sequence[Share]:
    """The shares a rep made himself, the newest first; `after` skips that many. His counter sends nobody anything."""
    return db.session.scalars(
        select(Share)
        .where(Share.root_rep_id == rep_id, Share.rep_id == rep_id, Share.place != Place.COUNTER)
        .order_by(Share.created_at.desc(), Share.id.desc())
        .offset(after)
        .limit(limit)
    ).all()


def spread_of(share_ids: Iterable[int]) -> dict[int, Spread]:
    """What came of each of these shares; every one of them has an entry.

    What a colleague passed on further is the colleague's, and not counted here.
    """
    wanted = set(share_ids)
    family = _family(wanted)
    contacts, people = _contacts(family), _people(family)
    passed_on, lines = _passed_on(family), _lines(family)
    return {
        share_id: Spread(
            contacts=contacts_from(contacts.get(share_id, {})),
            people=people.get(share_id, 0),
            passed_on=passed_on.get(share_id, 1) - 1,
            line_ids=tuple(lines.get(share_id, ())),
        )
        for share_id in wanted
    }


def _family(share_ids: set[int]) -> CTE:
    """Each share with those that customers made of it, directly or through others."""
    first = select(Share.id.label("origin"), Share.id.label("share_id")).where(
        Share.id.in_(share_ids)
    )
    family = first.cte("family", recursive=True)
    child = aliased(Share)
    return family.union_all(
        select(family.c.origin, child.id)
        .join(child, child.parent_id == family.c.share_id)
        .where(child.rep_id.is_(None))
    )


def _contacts(family: CTE) -> Mapping[int, Mapping[str, int]]:
    rows = db.session.execute(
        select(family.c.origin, Touch.kind, func.count())
        .join(Touch, Touch.share_id == family.c.share_id)
        .group_by(family.c.origin, Touch.kind)
    )
    found: dict[int, dict[str, int]] = {}
    for origin, kind, count in rows:
        found.setdefault(origin, {})[kind] = count
    return found


def _people(family: CTE) -> Mapping[int, int]:
    rows = db.session.execute(
        select(family.c.origin, func.count(Touch.identity_id.distinct()))
        .join(Touch, Touch.share_id == family.c.share_id)
        .group_by(family.c.origin)
    )
    return {origin: count for origin, count in rows}  # noqa: C416 - rows are no pairs to dict()


def _passed_on(family: CTE) -> Mapping[int, int]:
    rows = db.session.execute(select(family.c.origin, func.count()).group_by(family.c.origin))
    return {origin: count for origin, count in rows}  # noqa: C416 - the same


def _lines(family: CTE) -> Mapping[int, list[int]]:
    """The order lines whose standing attribution names one of these shares."""
    newer = aliased(Attribution)
    stands = ~exists().where(
        newer.order_line_id == Attribution.order_line_id, newer.version > Attribution.version
    )
    rows = db.session.execute(
        select(family.c.origin, Attribution.order_line_id)
        .join(Attribution, Attribution.share_id == family.c.share_id)
        .where(stands)
        .order_by(Attribution.order_line_id)
    )
    found: dict[int, list[int]] = {}
    for origin, line_id in rows:
        found.setdefault(origin, []).append(line_id)
    return found
