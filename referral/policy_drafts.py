"""Verbs and reads of the policy being changed: one writes a draft, another makes it a version, or it is called off."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select

from referral.models import PolicyCallOff, PolicyVersion
from referral.policy import Policy
from referral.policy_models import DraftVerdict, PolicyDraft
from referral.queries import is_agreed, policy_at
from wx_backend.db import db, inserted, locked, take_turns
from wx_backend.errors import BadInput, Conflict, Forbidden, NotFound, NotTheAsker

NOTICE: Final = timedelta(minutes=10)
"""How long before it begins a version is agreed to: every order placed from then on has seen it."""
CALL_OFF_NOTICE: Final = timedelta(minutes=1)
"""How long before it begins a version is called off at the latest: longer than any transaction lasts."""
AHEAD_MAX: Final = timedelta(days=366)
_TURN: Final = b"policy_version"


class DraftWaits(Conflict):
    code, message = "policy_draft_waits", "已有一份草案等待审批，请先审批或撤回"


class DraftDecided(Conflict):
    code, message = "policy_draft_decided", "这份草案已经审批过或撤回"


class OwnDraft(Forbidden):
    code, message = "own_policy_draft", "不能审批自己提交的草案"


class DraftTooLate(Conflict):
    code, message = "policy_draft_late", "生效时间已过或不足 10 分钟，请驳回或撤回，改期后重新提交"


class VersionTaken(Conflict):
    code, message = "policy_version_taken", "这期间已有别的规则版本，请驳回或撤回后重新提交"


class VersionBegun(Conflict):
    code, message = "policy_version_begun", "已经生效或即将生效的版本不能取消，请起草新版本"


class VersionCalledOff(Conflict):
    code, message = "policy_version_called_off", "这一版已经取消"


def draft_policy(
    *, settings: Mapping[str, Any], valid_from: datetime, reason: str, staff_id: int, now: datetime
) -> int:
    """Ask that the policy be so from an instant on; the draft's id.

    `settings` is what `Policy.from_mapping` takes, without a version. Raises PolicyRefused, BadInput
    for an instant or reason that cannot be, and DraftWaits.
    """
    take_turns(_TURN)
    version = 1 + db.session.scalars(select(func.max(PolicyVersion.version))).one()
    policy = Policy.from_mapping({**settings, "version": version})
    if not reason:
        raise BadInput("请填写原因", fields=["reason"])
    _require_time(valid_from, now)
    _require_change(policy, valid_from)
    values = {
        "version": version,
        "settings": {**settings, "version": version},
        "valid_from": valid_from,
        "reason": reason,
        "drafted_by": staff_id,
        "drafted_at": now,
        "note": "",
    }
    draft = inserted(PolicyDraft, values, key=())
    if draft is None:
        raise DraftWaits
    return draft.id


def approve_draft(*, draft_id: int, note: str, staff_id: int, now: datetime) -> datetime:
    """Make it the next version; since when it holds, in UTC.

    Raises NotFound, BadInput without a note, DraftDecided, OwnDraft, DraftTooLate, VersionTaken.
    """
    take_turns(_TURN)
    draft = _for_another(draft_id, note, staff_id)
    if draft.valid_from < now + NOTICE:
        raise DraftTooLate
    values = {
        "version": draft.version,
        "settings": draft.settings,
        "valid_from": draft.valid_from,
        "staff_id": draft.drafted_by,
        "note": draft.reason,
    }
    if inserted(PolicyVersion, values, key=()) is None:
        raise VersionTaken
    _decide(draft, DraftVerdict.APPROVED, note, staff_id, now)
    return draft.valid_from


def refuse_draft(*, draft_id: int, note: str, staff_id: int, now: datetime) -> None:
    """Turn it down and say why. Raises NotFound, BadInput, DraftDecided, OwnDraft."""
    _decide(_for_another(draft_id, note, staff_id), DraftVerdict.REFUSED, note, staff_id, now)


def withdraw_draft(*, draft_id: int, staff_id: int, now: datetime) -> None:
    """Whoever wrote it takes it back. Raises NotFound, NotTheAsker, DraftDecided."""
    draft = _undecided(draft_id)
    if draft.drafted_by != staff_id:
        raise NotTheAsker
    _decide(draft, DraftVerdict.WITHDRAWN, "", staff_id, now)


def call_off_version(*, version: int, reason: str, staff_id: int, now: datetime) -> None:
    """Have a version never begin: what holds when it would have begun goes on.

    Raises NotFound, BadInput without a reason, VersionBegun, VersionCalledOff.
    """
    take_turns(_TURN)
    row = db.session.get(PolicyVersion, version)
    if row is None:
        raise NotFound("没有这一版规则")
    if not reason:
        raise BadInput("请填写原因", fields=["reason"])
    if row.valid_from < now + CALL_OFF_NOTICE:
        raise VersionBegun
    values = {
        "version": version,
        "valid_from": row.valid_from,
        "reason": reason,
        "staff_id": staff_id,
        "called_off_at": now,
    }
    if inserted(PolicyCallOff, values, key=()) is None:
        raise VersionCalledOff


def policy_of(row: PolicyVersion | PolicyDraft) -> Policy:
    """What a version or draft says."""
    return Policy.from_mapping({**row.settings, "version": row.version})


def policy_versions() -> Sequence[PolicyVersion]:
    """Every version that was not called off, the latest to begin first."""
    query = select(PolicyVersion).where(is_agreed()).order_by(PolicyVersion.valid_from.desc())
    return db.session.scalars(query).all()


def versions_called_off() -> Sequence[tuple[PolicyVersion, PolicyCallOff]]:
    """The versions that never began, and who called them off; the latest first."""
    query = (
        select(PolicyVersion, PolicyCallOff)
        .join(PolicyCallOff, PolicyCallOff.version == PolicyVersion.version)
        .order_by(PolicyCallOff.called_off_at.desc(), PolicyVersion.version.desc())
    )
    return [(version, call_off) for version, call_off in db.session.execute(query)]


def policy_drafts(*, limit: int) -> Sequence[PolicyDraft]:
    """The newest drafts, whatever became of them."""
    return db.session.scalars(
        select(PolicyDraft).order_by(PolicyDraft.id.desc()).limit(limit)
    ).all()


def policy_draft(draft_id: int) -> PolicyDraft:
    """The draft of this id. Raises NotFound."""
    draft = db.session.get(PolicyDraft, draft_id)
    if draft is None:
        raise NotFound("没有这份草案")
    return draft


def drafts_waiting() -> Sequence[PolicyDraft]:
    """What waits for a second person."""
    return db.session.scalars(select(PolicyDraft).where(PolicyDraft.verdict.is_(None))).all()


def drafts_approved() -> dict[int, PolicyDraft]:
    """The drafts that became versions, by version."""
    query = select(PolicyDraft).where(PolicyDraft.verdict == DraftVerdict.APPROVED)
    return {draft.version: draft for draft in db.session.scalars(query)}


def _require_time(valid_from: datetime, now: datetime) -> None:
    """Raises BadInput for an instant that is past, too near, too far, or another version's."""
    if valid_from < now + NOTICE:
        raise BadInput("生效时间最早为 10 分钟后，不能补记过去", fields=["valid_from"])
    if valid_from > now + AHEAD_MAX:
        raise BadInput("生效时间最晚为一年后", fields=["valid_from"])
    taken = select(PolicyVersion.version, is_agreed()).where(PolicyVersion.valid_from == valid_from)
    for version, is_held in db.session.execute(taken):
        said = "已在这个时间生效" if is_held else "虽已取消，原定在这个时间生效"
        raise BadInput(f"第 {version} 版{said}，请换一个时间", fields=["valid_from"])


def _require_change(policy: Policy, valid_from: datetime) -> None:
    """Raises BadInput when nothing would be different."""
    before = policy_of(policy_at(valid_from))
    if _says(policy) == _says(before):
        raise BadInput(f"与届时生效的第 {before.version} 版完全相同，没有变更")


def _says(policy: Policy) -> tuple[object, ...]:
    rows = [
        (row.channel_class or "", row.product_category or "", sorted(row.numbers.items()))
        for row in policy.overrides
    ]
    return policy.terms, sorted(rows)


def _for_another(draft_id: int, note: str, staff_id: int) -> PolicyDraft:
    """One that waits, for somebody other than who wrote it and who says why."""
    draft = _undecided(draft_id)
    if draft.drafted_by == staff_id:
        raise OwnDraft
    if not note:
        raise BadInput("请填写审批意见", fields=["note"])
    return draft


def _undecided(draft_id: int) -> PolicyDraft:
    draft = locked(select(PolicyDraft).where(PolicyDraft.id == draft_id))
    if draft is None:
        raise NotFound("没有这份草案")
    if draft.verdict is not None:
        raise DraftDecided
    return draft


def _decide(
    draft: PolicyDraft, verdict: DraftVerdict, note: str, staff_id: int, now: datetime
) -> None:
    draft.verdict, draft.note = verdict, note
    draft.decided_by, draft.decided_at = staff_id, now
    db.session.flush()
