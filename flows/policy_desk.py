"""The attribution policy as the console shows it: every version with who made it, and drafts beside what they change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from catalog.queries import categories
from referral.models import PolicyVersion
from referral.policy import Policy
from referral.policy_drafts import (
    drafts_approved,
    policy_draft,
    policy_of,
    policy_versions,
)
from referral.policy_models import PolicyDraft
from referral.queries import policy_at

DRAFTS_SHOWN: Final = 50


class Force(StrEnum):
    """Whether a version decides."""

    COMING = "coming"
    NOW = "now"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version, what it says, until when it holds, and the draft it was; none for the first one."""

    row: PolicyVersion
    policy: Policy
    force: Force
    until: datetime | None
    draft: PolicyDraft | None


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A draft, what it says, and the version that would hold at its instant without it."""

    row: PolicyDraft
    policy: Policy
    before: Policy


def version_rows(now: datetime) -> list[VersionRow]:
    """Every version, the latest to begin first."""
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
    return found


def draft_file(draft_id: int) -> DraftFile:
    """One draft. Raises NotFound."""
    row = policy_draft(draft_id)
    return DraftFile(row, policy_of(row), _before(row))


def shelves() -> Mapping[str, str]:
    """What product categories are called, by the name policies know them by."""
    return {each.slug: each.name for each in categories()}


def _before(draft: PolicyDraft) -> Policy:
    """The version in force at the draft's instant, itself left out once it is one."""
    others = (
        row
        for row in policy_versions()
        if row.valid_from <= draft.valid_from and row.version < draft.version
    )
    return policy_of(next(others))
