"""The attribution policy as the console shows it: every version with who made it, and drafts beside what they change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from catalog.queries import categories
from referral.models import PolicyCallOff, PolicyVersion
from referral.policy import Policy
from referral.policy_drafts import (
    drafts_approved,
    policy_draft,
    policy_of,
    policy_versions,
    versions_called_off,
)
from referral.policy_models import DraftVerdict, PolicyDraft
from referral.queries import policy_at

DRAFTS_SHOWN: Final = 50


class Force(StrEnum):
    """Whether a version decides."""

    COMING = "coming"
    NOW = "now"
    OVER = "over"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version, what it says, until when it holds, and the draft it was; none for the first one.

    `call_off` is who had it never begin, and why.
    """

    row: PolicyVersion
    policy: Policy
    force: Force
    until: datetime | None
    draft: PolicyDraft | None
    call_off: PolicyCallOff | None = None


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A draft, what it says, and the version that would hold at its instant without it.

    `until` is when the next version begins, if one that comes later was agreed to already;
    `call_off` says that it was agreed to and never begins.
    """

    row: PolicyDraft
    policy: Policy
    before: Policy
    until: datetime | None
    call_off: PolicyCallOff | None


@dataclass(frozen=True, slots=True)
class Basis:
    """The version a form was filled from, and the one that was the last to begin when it was shown."""

    row: PolicyVersion | None
    last: PolicyVersion
    is_coming: bool

    @property
    def is_last(self) -> bool:
        """Is all that was agreed to in the form?"""
        return self.row is None or self.row.version == self.last.version


def version_rows(now: datetime) -> list[VersionRow]:
    """Every version, the latest to begin first, then those that were called off."""
    rows, drafts, current = policy_versions(), drafts_approved(), policy_at(now).version
    found, until = list[VersionRow](), None
    for row in rows:
        if row.valid_from > now:
            force = Force.COMING
        else:
            force = Force.NOW if row.version == current else Force.OVER
        draft = drafts.get(row.version)
        found.append(VersionRow(row, policy_of(row), force, until, draft))
        until = row.valid_from
    return found + [
        VersionRow(row, policy_of(row), Force.NEVER, None, drafts.get(row.version), call_off)
        for row, call_off in versions_called_off()
    ]


def draft_file(draft_id: int) -> DraftFile:
    """One draft. Raises NotFound."""
    row, versions = policy_draft(draft_id), policy_versions()
    later = [each.valid_from for each in versions if each.valid_from > row.valid_from]
    until = min(later, default=None)
    return DraftFile(row, policy_of(row), _before(row, versions), until, _call_off(row))


def last_policy() -> Policy:
    """What holds once all has begun that was agreed to."""
    return policy_of(policy_versions()[0])


def basis_of(version: str, now: datetime) -> Basis:
    """What a form says it was filled from, as it was sent back; nothing where that is no version."""
    rows = policy_versions()
    found = next((row for row in rows if str(row.version) == version), None)
    return Basis(found, rows[0], rows[0].valid_from > now)


def shelves() -> Mapping[str, str]:
    """What product categories are called, by the name policies know them by."""
    return {each.slug: each.name for each in categories()}


def _call_off(draft: PolicyDraft) -> PolicyCallOff | None:
    if draft.verdict != DraftVerdict.APPROVED:
        return None
    return next((off for row, off in versions_called_off() if row.version == draft.version), None)


def _before(draft: PolicyDraft, versions: Sequence[PolicyVersion]) -> Policy:
    """The version in force at the draft's instant, itself left out once it is one."""
    others = (
        row
        for row in versions
        if row.valid_from <= draft.valid_from and row.version < draft.version
    )
    return policy_of(next(others))
