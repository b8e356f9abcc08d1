"""Who is behind contacts, asked for many of them together."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field

from sqlalchemy import select

from members.models import Identity, IdentityLink
from wx_backend.db import db


@dataclass(frozen=True, slots=True)
class Behind:
    """Every member row that is the person behind an identity, or a browser: today's, and those merged into him."""

    _of_identity: Mapping[int, Set[int]]
    _of_visitor: Mapping[int, Set[int]] = field(default_factory=dict)

    def of(self, *, identity_id: int | None, visitor_id: int | None) -> Set[int]:
        """The member rows behind one contact; none for somebody who never joined."""
        if identity_id is not None:
            return self._of_identity.get(identity_id, frozenset())
        return self._of_visitor.get(visitor_id or 0, frozenset())


def behind(*, identity_ids: Collection[int], visitor_ids: Collection[int]) -> Behind:
    """Who these identities and browsers are: some questions, however many there are."""
    browsers = _identities_of(visitor_ids)
    members = _members_of(set(identity_ids).union(*browsers.values()))
    return Behind(
        members,
        {
            browser: frozenset[int]().union(*(members[each] for each in known))
            for browser, known in browsers.items()
        },
    )


def _identities_of(visitor_ids: Collection[int]) -> Mapping[int, Set[int]]:
    links = db.session.execute(
        select(IdentityLink.visitor_id, IdentityLink.identity_id).where(
            IdentityLink.visitor_id.in_(visitor_ids), IdentityLink.undone_at.is_(None)
        )
    )
    found = defaultdict[int, set[int]](set)
    for visitor_id, identity_id in links:
        if visitor_id is not None:
            found[visitor_id].add(identity_id)
    return found


def _members_of(identity_ids: Collection[int]) -> Mapping[int, Set[int]]:
    rows = db.session.execute(
        select(Identity.id, Identity.member_id).where(
            Identity.id.in_(identity_ids), Identity.member_id.is_not(None)
        )
    )
    today = {identity_id: member_id for identity_id, member_id in rows if member_id is not None}
    merged = _merged_into(set(today.values()))
    found = defaultdict[int, Set[int]](frozenset)
    found.update({each: {member_id, *merged[member_id]} for each, member_id in today.items()})
    return found


def _merged_into(member_ids: Collection[int]) -> Mapping[int, Set[int]]:
    """The rows that were these members before they were joined."""
    rows = db.session.execute(
        select(Identity.member_id, IdentityLink.member_id)
        .join(Identity, Identity.id == IdentityLink.identity_id)
        .where(
            Identity.member_id.in_(member_ids),
            IdentityLink.member_id.is_not(None),
            IdentityLink.undone_at.is_(None),
        )
    )
    found = defaultdict[int, set[int]](set)
    for member_id, before in rows:
        if member_id is not None and before is not None:
            found[member_id].add(before)
    return found
