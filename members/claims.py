"""A person lost his WeChat: staff claim what is his for a new one, and another of them agrees.

By a phone alone nobody gets at somebody's orders without his word (`members.join_requests`). Who has
no WeChat left to say it with comes to the store; what two of its people saw stands for his word. The
new WeChat has to have proven the phone of the order all the same, lately, and neither side may have
rights in the shop. Whoever has the old one in his hands by now gets in with it no more, until two of
them say that it is found, or that the claim was wrong (`members.lifting`).
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, select

from members.claim_models import ClaimKind, ClaimVerdict, MemberClaim
from members.joining import join_members
from members.lifting import lift, require_lift
from members.models import Identity, LinkKind
from members.phone_joining import take_phone_turns
from members.queries import member_ids_of, persons_of
from wx_backend.db import db, locked
from wx_backend.errors import Conflict, Forbidden, NotFound, NotTheAsker

Ask = Callable[[frozenset[int]], bool]


class AlreadyClaimed(Conflict):
    code, message = "already_claimed", "这位客户已有待审批的换绑或解除挂失申请"


class NotClaimable(Conflict):
    """The new WeChat has not proven the phone lately, is the same person, or one has rights."""

    code, message = "not_claimable", "只能换到近 90 天内验证过该手机号、且没有工作权限的微信"


class ClaimDecided(Conflict):
    code, message = "claim_decided", "这个申请已经审批过或撤回"


class OwnClaim(Forbidden):
    code, message = "own_claim", "不能审批自己提交的申请"


def claim(
    *, order_number: str, old_id: int, new_id: int, reason: str, actor: str, now: datetime
) -> MemberClaim:
    """Ask that `new` be the person `old` is. Raises AlreadyClaimed.

    The caller has made sure that it may be (`require_claimable`).
    """
    asked = MemberClaim(order_number=order_number, old_id=old_id, new_id=new_id)
    return _asked(asked, reason=reason, actor=actor, now=now)


def ask_to_lift(
    claim_id: int, *, kind: ClaimKind, reason: str, actor: str, now: datetime
) -> MemberClaim:
    """Ask that what came of a claim stands no more. Raises NotFound, NothingToLift, AlreadyClaimed."""
    take_phone_turns()
    lifted = claim_by_id(claim_id)
    require_lift(lifted, kind)
    asked = MemberClaim(
        kind=kind,
        lifts_id=lifted.id,
        order_number=lifted.order_number,
        old_id=lifted.old_id,
        new_id=lifted.new_id,
    )
    return _asked(asked, reason=reason, actor=actor, now=now)


def require_claimable(
    old_id: int, new_id: int, *, provers: Collection[int], has_rights: Ask
) -> None:
    """Raises NotClaimable; `provers` are who proved the phone lately, as they are today."""
    today, new = persons_of({old_id}), persons_of({new_id})
    is_proven = bool(new) and new <= set(provers)
    persons = today | new
    if not is_proven or today & new or any(has_rights(member_ids_of(each)) for each in persons):
        raise NotClaimable


def undecided_claim(claim_id: int) -> MemberClaim:
    """A claim that waits, locked. Raises NotFound, ClaimDecided."""
    take_phone_turns()
    asked = locked(select(MemberClaim).where(MemberClaim.id == claim_id))
    if asked is None:
        raise NotFound("没有这个申请")
    if asked.verdict is not None:
        raise ClaimDecided
    return asked


def decide_claim(
    asked: MemberClaim, *, verdict: ClaimVerdict, note: str, actor: str, now: datetime
) -> None:
    """Another person agrees, by which both are one customer or what made them so is lifted, or does not.

    Raises OwnClaim; NotClaimable where a link between them was undone, which is never made again;
    NothingToLift and StillOne.
    """
    if asked.asked_by == actor:
        raise OwnClaim
    _note(asked, verdict, note, actor, now)
    if verdict is ClaimVerdict.APPROVED and asked.lifts_id is None:
        _join(asked, now)
    elif verdict is ClaimVerdict.APPROVED:
        lifted = db.session.get_one(MemberClaim, asked.lifts_id)
        lift(lifted, ClaimKind(asked.kind), now)
    db.session.flush()


def withdraw_claim(asked: MemberClaim, *, actor: str, now: datetime) -> None:
    """Whoever asked takes it back. Raises NotTheAsker."""
    if asked.asked_by != actor:
        raise NotTheAsker
    _note(asked, ClaimVerdict.WITHDRAWN, "", actor, now)
    db.session.flush()


def is_lost(identity_id: int) -> bool:
    """Whether a WeChat was reported lost, at this account or at any that knows it by its union id."""
    unionid = db.session.scalar(select(Identity.unionid).where(Identity.id == identity_id))
    same = Identity.id == identity_id
    if unionid is not None:
        same |= Identity.unionid == unionid
    lost = select(Identity.id).where(same, Identity.lost_at.is_not(None)).limit(1)
    return db.session.scalar(lost) is not None


def claim_by_id(claim_id: int) -> MemberClaim:
    """The claim of this id; NotFound without it."""
    found = db.session.get(MemberClaim, claim_id)
    if found is None:
        raise NotFound("没有这个申请")
    return found


def order_of_claim(claim_id: int) -> str | None:
    """The number of the order a claim is about; None where there is none."""
    return db.session.scalar(select(MemberClaim.order_number).where(MemberClaim.id == claim_id))


def claims_of_order(order_number: str) -> Sequence[MemberClaim]:
    """Every claim an order was shown for, the newest first."""
    return db.session.scalars(
        select(MemberClaim)
        .where(MemberClaim.order_number == order_number)
        .order_by(MemberClaim.id.desc())
    ).all()


def open_claims(order_numbers: Select[str] | None, *, limit: int) -> Sequence[MemberClaim]:
    """What waits for a second person, of these orders (all without), the oldest first."""
    query = select(MemberClaim).where(MemberClaim.verdict.is_(None))
    if order_numbers is not None:
        query = query.where(MemberClaim.order_number.in_(order_numbers))
    return db.session.scalars(query.order_by(MemberClaim.id).limit(limit)).all()


def _asked(asked: MemberClaim, *, reason: str, actor: str, now: datetime) -> MemberClaim:
    """One of a customer waits at a time."""
    take_phone_turns()
    if _open_of(asked.old_id) is not None:
        raise AlreadyClaimed
    asked.reason, asked.asked_by, asked.asked_at = reason, actor, now
    db.session.add(asked)
    db.session.flush()
    return asked


def _join(asked: MemberClaim, now: datetime) -> None:
    _report_lost(persons_of({asked.old_id}), now)
    persons = persons_of({asked.old_id, asked.new_id})
    join_members(persons, into=min(persons), kind=LinkKind.PHONE, now=now)
    db.session.flush()
    if len(persons_of({asked.old_id, asked.new_id})) > 1:
        raise NotClaimable


def _open_of(old_id: int) -> MemberClaim | None:
    return db.session.scalar(
        select(MemberClaim).where(MemberClaim.old_id == old_id, MemberClaim.verdict.is_(None))
    )


def _report_lost(person: set[int], now: datetime) -> None:
    """Whatever WeChat a person had is his no more: signed out, and let in no more.

    Of one that was lost before it stays known by which claim it was.
    """
    identities = db.session.scalars(
        select(Identity)
        .where(Identity.member_id.in_(person), Identity.lost_at.is_(None))
        .order_by(Identity.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for identity in identities:
        identity.lost_at = identity.signed_out_at = now


def _note(asked: MemberClaim, verdict: ClaimVerdict, note: str, actor: str, now: datetime) -> None:
    asked.verdict, asked.note = verdict, note
    asked.decided_by, asked.decided_at = actor, now
