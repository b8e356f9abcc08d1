"""What the platform says became of a message, and with it of the person of a campaign it went to."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from campaigns.models import RecipientStatus
from campaigns.recipients import Mark, correct
from flows.campaign.texts import PURPOSE
from templates_msg import outcomes
from templates_msg.models import MessageStatus
from templates_msg.outcomes import Settled
from templates_msg.told import Told, record_outcomes

STANDS: Final[Mapping[MessageStatus, RecipientStatus]] = {
    MessageStatus.SENT: RecipientStatus.SENT,
    MessageStatus.DELIVERED: RecipientStatus.SENT,
    MessageStatus.BLOCKED: RecipientStatus.SENT,
    MessageStatus.FAILED: RecipientStatus.FAILED,
}
"""Where a person stands by what is known of his message; of any other nobody knows."""


def note_outcome(
    *, appid: str, msgid: str, status: str, event_at: datetime, identity_id: int
) -> None:
    """The platform says what became of a message: late, or before we know that it was taken."""
    _take_over(
        outcomes.record_outcome(
            appid=appid, msgid=msgid, status=status, event_at=event_at, identity_id=identity_id
        )
    )


def note_outcomes(appid: str, told: Sequence[Told]) -> None:
    """The platform says what became of many messages."""
    for settled in record_outcomes(appid, told):
        _take_over(settled)


def settle_unknown(*, now: datetime) -> int:
    """Give sends whose answer never came the outcome that can only be theirs: as a chore.

    A send whose sender is gone is one of them; how many were settled or left so.
    """
    given_up = outcomes.give_up_sending(now=now)
    settled = outcomes.settle_unknown(now=now)
    for each in settled:
        _take_over(each)
    return given_up + len(settled)


def as_told(marked: Mark, told: Mapping[int, Settled]) -> Mark:
    """A sender's mark, unless the platform has said already what became of the message."""
    settled = told.get(marked.message_id or 0)
    if settled is None:
        return marked
    return replace(marked, status=STANDS[settled.status], error=_error(settled))


def _take_over(settled: Settled | None) -> None:
    """Of what was marked as taken and arrived, a person's row says so already: no look at it."""
    if settled is None or settled.purpose != PURPOSE:
        return
    if STANDS.get(settled.was) is not STANDS[settled.status]:
        correct(settled.message_id, STANDS[settled.status], error=_error(settled))


def _error(settled: Settled) -> str | None:
    return settled.error[:40] if settled.status is MessageStatus.FAILED and settled.error else None
