"""The next chunk of a running campaign: whose turn it is, looked at again, with what is sent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from campaigns.models import Campaign, CampaignStatus, Reason, RecipientStatus, Way
from campaigns.operations import locked_campaign
from campaigns.queries import next_due, opted_out
from campaigns.recipients import (
    IN_FLIGHT,
    Mark,
    Taken,
    lock_pace,
    mark,
    take,
    use_quota,
)
from flows.campaign.audience import ways_for
from flows.campaign.outcomes import STANDS
from flows.campaign.posting import Letter
from flows.campaign.texts import Wording, draft_of, key_of, signatures
from members.audience import Person, persons_of
from members.consents import use_consent
from templates_msg.bulk import Begun, begin_again, begin_all, give_up_all, statuses_of
from templates_msg.models import MessageStatus
from templates_msg.operations import Draft
from templates_msg.windows import use_window

SECONDS: float = 1
MOST: Final = 1_000
FRESH: Final = timedelta(seconds=2)
SOON: Final = timedelta(seconds=15)
"""A window that closes before that is too short for a chunk."""
HEADROOM: Final = 0.9
"""Below the limit by so much: what left us evenly arrives unevenly."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Messages that are being sent from now on, and how fast."""

    letters: Sequence[Letter]
    rate: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Nobody's turn yet; None when everybody's is over."""

    until: datetime | None


def next_chunk(
    campaign_id: int, *, run: int, rate: int, most: int, now: datetime
) -> Chunk | Wait | None:
    """Take the next people and begin their messages; None when this run is not on any more.

    The locks of the campaign and of the account's pace are held meanwhile: a pause is either
    before or after it, and two campaigns never count the same person's messages at once.
    """
    campaign = locked_campaign(campaign_id)
    if campaign.status != CampaignStatus.RUNNING or campaign.run != run:
        return None
    pace = lock_pace(campaign.appid, now=now)
    if pace.free_at > now + FRESH:
        return Wait(pace.free_at - FRESH / 2)
    taken = take(campaign_id, limit=min(MOST, most, max(1, int(rate * SECONDS))), now=now)
    if not taken:
        return Wait(next_due(campaign_id))
    letters = _letters(campaign, taken, now)
    use_quota(campaign.appid, Counter(Way(each.message.kind) for each in letters))
    return Chunk(letters, rate * HEADROOM)


def _letters(campaign: Campaign, taken: Sequence[Taken], now: datetime) -> list[Letter]:
    people = persons_of([each.identity_id for each in taken])
    first = [each for each in taken if each.message_id is None]
    begun = _first(campaign, first, people, now)
    again = [each for each in taken if each.message_id is not None]
    begun |= _again(campaign, again, people, now)
    return [
        Letter(each.id, each.tries, people[each.identity_id].openid or "", begun[each.id])
        for each in taken
        if each.id in begun
    ]


def _first(
    campaign: Campaign, taken: Sequence[Taken], people: Mapping[int, Person], now: datetime
) -> dict[int, Begun]:
    """Whoever is tried for the first time, if he still may be written to."""
    found = [people[each.identity_id] for each in taken]
    ways = ways_for(campaign, found, now=now, until=now + SOON)
    signed = signatures(campaign, [each.rep_id for each in taken], now=now)
    wording = Wording(campaign)
    marks, drafts, of = [], [], {}
    for each in taken:
        way = ways[each.identity_id]
        content = wording(each.variant, way, signed[each.rep_id]) if isinstance(way, Way) else None
        if isinstance(way, Way):
            way = Reason.FIELD if content is None else _used(campaign, each, way, now)
        if isinstance(way, Reason) or content is None:
            marks.append(_left_out(each, Reason(way), now))
            continue
        draft = draft_of(campaign, identity_id=each.identity_id, way=way, content=content)
        drafts.append(draft)
        of[draft.key] = each.id
    begun = begin_all(drafts, now=now)
    marks += [_sending(of[draft.key], begun[draft.key], draft, now) for draft in drafts]
    mark(campaign.id, marks, taken_at=now)
    return {of[key]: message for key, message in begun.items()}


def _used(campaign: Campaign, each: Taken, way: Way, now: datetime) -> Way | Reason:
    """Use up what a way needs: a yes, or a place in a window."""
    key = key_of(campaign.id, each.identity_id)
    if way is Way.SUBSCRIPTION:
        template_id = campaign.template_id or ""
        agreed = use_consent(
            key=key, identity_id=each.identity_id, template_id=template_id, now=now
        )
        return way if agreed else Reason.NO_CONSENT
    if way is Way.CUSTOMER_SERVICE:
        return way if use_window(identity_id=each.identity_id, now=now) else Reason.NO_WAY
    return way


_GONE: Final = frozenset(
    {
        *(Reason.ERASED, Reason.OPTED_OUT, Reason.NOT_FOLLOWING),
        *(Reason.FREQUENCY, Reason.NO_EVENT),
    }
)


def _again(
    campaign: Campaign, taken: Sequence[Taken], people: Mapping[int, Person], now: datetime
) -> dict[int, Begun]:
    """Whoever was tried before: the same message, if it may be sent (again)."""
    ids = {each.message_id: each for each in taken if each.message_id is not None}
    begun: dict[int, Begun] = {}
    marks, over = [], []
    left_out = _not_any_more(campaign, ids, people, now)
    give_up_all(left_out)
    refusing = opted_out(people)
    wanted = [*(ids.keys() - left_out)]
    for message_id, message in begin_again(wanted, refusing=refusing, now=now).items():
        each = ids[message_id]
        if message is None:
            over.append(message_id)
            continue
        begun[each.id] = message
        marks.append(_still_sending(each, message, now))
    stand = statuses_of(over)
    marks += [settled(ids[each], stand[each], now) for each in over]
    marks += [_left_out(ids[each], reason, now) for each, reason in left_out.items()]
    mark(campaign.id, marks, taken_at=now)
    return begun


def _not_any_more(
    campaign: Campaign, ids: Mapping[int, Taken], people: Mapping[int, Person], now: datetime
) -> dict[int, Reason]:
    """The messages that waited, a day perhaps, for people who may not be written to by now.

    The yes and the place in a window that a message used up are its own and not asked for again.
    """
    waited = {message_id: each for message_id, each in ids.items() if not each.was_sending}
    found = [people[each.identity_id] for each in waited.values()]
    ways = ways_for(campaign, found, now=now, until=now)
    stands = ((message_id, ways[each.identity_id]) for message_id, each in waited.items())
    return {
        message_id: way for message_id, way in stands if isinstance(way, Reason) and way in _GONE
    }


def settled(each: Taken, status: MessageStatus, now: datetime) -> Mark:
    """What is known by now of a message that is not sent again."""
    stands = STANDS.get(status, RecipientStatus.UNKNOWN)
    return Mark(id=each.id, status=stands, due_at=now, message_id=each.message_id, way=each.way)


def _left_out(each: Taken, reason: Reason, now: datetime) -> Mark:
    """By no way; of a message that was made before, that it was and by which."""
    return Mark(
        id=each.id,
        status=RecipientStatus.LEFT_OUT,
        due_at=now,
        message_id=each.message_id,
        way=each.way if each.message_id is not None else None,
        reason=reason,
    )


def _sending(recipient_id: int, message: Begun, draft: Draft, now: datetime) -> Mark:
    return Mark(
        id=recipient_id,
        status=RecipientStatus.SENDING,
        due_at=now + IN_FLIGHT,
        message_id=message.id,
        way=draft.kind,
    )


def _still_sending(each: Taken, message: Begun, now: datetime) -> Mark:
    return Mark(
        id=each.id,
        status=RecipientStatus.SENDING,
        due_at=now + IN_FLIGHT,
        message_id=message.id,
        way=message.kind,
    )
