"""A WeChat person becomes a rep's hands by an invitation, and stops being them."""

from datetime import datetime

from flows.parting import parted_from_phones
from flows.tags.applying import something_happened_to_member
from members.phone_joining import take_phone_turns
from members.queries import member_ids_of, member_of
from org.invites import AlreadyBound, InviteOutcome, bind_rep, unbind_rep, use_invite
from org.queries import bound_rep, rep_by_number


def bind_by_invitation(
    *, rep_number: str, code: str, identity_id: int, now: datetime
) -> InviteOutcome:
    """Try a code; commit whatever comes of it, since a wrong one is counted.

    The rep is this WeChat, and not those that only a phone joined to it. A number nobody has is
    answered like a wrong code. Raises AlreadyBound while the person is
    some rep already, also one who is disabled.
    """
    member_id = member_of(identity_id)
    if member_id is not None and bound_rep(*member_ids_of(member_id)) is not None:
        raise AlreadyBound
    rep = rep_by_number(rep_number)
    if rep is None:
        return InviteOutcome.WRONG
    take_phone_turns()
    outcome = use_invite(rep_id=rep.id, code=code, now=now)
    if outcome is InviteOutcome.BOUND:
        member_id = parted_from_phones(identity_id, now=now)
        bind_rep(rep_id=rep.id, member_id=member_id, now=now)
        something_happened_to_member(member_id)
    return outcome


def unbind_person(*, member_id: int, now: datetime) -> bool:
    """End the binding of a person, whoever he was; False when there was none."""
    rep_id = bound_rep(*member_ids_of(member_id))
    is_unbound = rep_id is not None and unbind_rep(rep_id=rep_id, now=now)
    if is_unbound:
        something_happened_to_member(member_id)
    return is_unbound
