"""After somebody followed, scanned or left: learn who it is, or forget what must be forgotten."""

from datetime import datetime

from customers.operations import erase_about
from flows.tags.applying import something_happened_to_member
from flows.tags.forgetting import untag_at_wechat
from members.erasure import erase_identity, erase_member, erase_profile
from members.joining import merge_same_person
from members.operations import note_profile
from members.queries import (
    identity_by_id,
    is_known_anywhere,
    member_ids_of,
    member_of,
    subjects_of,
)
from orders.cart import Owner, empty_cart
from org.invites import unbind_rep
from org.queries import bound_rep
from templates_msg.operations import erase_texts
from wechat.answers import UserInfo
from wx_backend import clock
from wx_backend.outbox import Steps, job, remote_job
from wx_backend.platform import client


@remote_job("identity.refresh")
def refresh_identity(*, identity_id: int) -> Steps:
    """Ask the platform for the unionid of a follower, and join him with himself elsewhere."""
    identity = identity_by_id(identity_id)
    openid = identity.openid
    if openid is None or not identity.is_followed:
        return
    info = yield lambda: client(identity.appid).user_info(openid)
    note_told(identity_id=identity_id, info=info, now=clock.now())


def note_told(*, identity_id: int, info: UserInfo, now: datetime) -> None:
    """Keep what the platform told about somebody who follows, and join him with himself elsewhere."""
    if not info.is_subscribed:
        return
    note_profile(
        identity_id=identity_id,
        unionid=info.unionid or None,
        subscribe_scene=info.subscribe_scene or None,
    )
    member_id = identity_by_id(identity_id).member_id
    if member_id is not None:
        merge_same_person(identity_id=identity_id, now=now)
        something_happened_to_member(member_id)


@job("identity.forget")
def forget_identity(*, identity_id: int, for_good: bool, until: str | None = None) -> None:
    """Erase what the platform demands: the profile on leaving, who he was on closing an account.

    Who is known by no other identity is forgotten whole. `until` (ISO 8601) is when he left: should this run late, what he agreed to after coming back
    stays. Without it everything up to now goes.
    """
    left_at = datetime.fromisoformat(until) if until else clock.now()
    erase_texts(identity_id=identity_id, until=left_at)
    erase_about(identity_id=identity_id, until=left_at)
    if for_good:
        empty_cart(owner=Owner(identity_id=identity_id))
        untag_at_wechat(identity_id)
        erase_identity(identity_id=identity_id)
        member_id = member_of(identity_id)
        if member_id is not None and not is_known_anywhere(member_id):
            forget_member(member_id=member_id, now=clock.now())
    else:
        erase_profile(identity_id=identity_id, until=left_at)


def forget_member(*, member_id: int, now: datetime) -> None:
    """Erase a person who asks to be forgotten: every identity, name, phone, what was written to him
    and about him.

    He is no rep's hands any more. Orders, touches and receipts keep numbers that name nobody.
    Raises NotFound.
    """
    for identity_id in subjects_of(member_id).identity_ids:
        erase_texts(identity_id=identity_id, until=now)
        erase_about(identity_id=identity_id, until=now)
        empty_cart(owner=Owner(identity_id=identity_id))
        untag_at_wechat(identity_id)
    rep_id = bound_rep(*member_ids_of(member_id))
    if rep_id is not None:
        unbind_rep(rep_id=rep_id, now=now)
    erase_member(member_id=member_id, now=now)
