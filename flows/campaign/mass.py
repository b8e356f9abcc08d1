"""A mass send: one article to ten thousand people a call, each call once, its end told in totals.

A chain of jobs, each making at most one send (`mass_call`) and deferring the next.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from campaigns import operations
from campaigns.mass import drop_part, empty_part, fill_part, open_part
from campaigns.mass_models import MassPart, PartStatus
from campaigns.mass_queries import rows_in, unsettled_parts, waiting_people
from campaigns.models import Campaign, CampaignStatus, Reason, RecipientStatus, Way
from campaigns.queries import campaign_by_id
from campaigns.recipients import Mark, lock_pace, mark
from campaigns.rules import loud_at
from flows.campaign.audience import ways_for
from flows.campaign.mass_call import PAGE, send_to
from flows.campaign.mass_ends import ask_after
from flows.campaign.quotas import calls_left, learn_quotas, rest_until_tomorrow
from members.audience import persons_of
from wechat import mass
from wx_backend import clock
from wx_backend.outbox import BULK, Steps, defer, remote_job

PEOPLE: int = mass.PEOPLE_MAX
LOOK_AGAIN: Final = timedelta(minutes=1)


def start_mass(campaign_id: int, run: int) -> None:
    """Have a run of a mass send sent."""
    _next_turn(campaign_id, run, 0, due_at=None)


@remote_job("campaign.mass", queue=BULK)
def send_part(*, campaign_id: int, run: int, turn: int) -> Steps:
    """Send the next part of a run or look how the parts stand, and have the next turn follow."""
    campaign, now = campaign_by_id(campaign_id), clock.now()
    if campaign.status != CampaignStatus.RUNNING or campaign.run != run:
        return
    again = partial(_next_turn, campaign_id, run, turn + 1)
    if (loud := loud_at(now)) > now:
        again(due_at=loud)
        return
    yield from learn_quotas(campaign.appid, [Way.MASS], now)
    part_id = _due_part(campaign_id, run, clock.now())
    if part_id is None:
        yield from ask_after(campaign, clock.now())
        _wait_or_finish(campaign_id, again)
    elif calls_left(campaign.appid, Way.MASS) == 0:
        rest_until_tomorrow(campaign_id, now)
    else:
        yield from send_to(campaign, part_id)
        again(due_at=None)


def _next_turn(campaign_id: int, run: int, turn: int, *, due_at: datetime | None) -> None:
    defer(
        send_part,
        key=f"{campaign_id}:{run}:{turn}",
        due_at=due_at,
        campaign_id=campaign_id,
        run=run,
        turn=turn,
    )


def _due_part(campaign_id: int, run: int, now: datetime) -> int | None:
    """The part whose turn it is: one without an answer, else a new one; None while none is due.

    The locks of the campaign and of the account's pace are held meanwhile, as for single messages:
    for one page of people, also when nobody on it is meant any more.
    """
    campaign = operations.locked_campaign(campaign_id)
    if campaign.status != CampaignStatus.RUNNING or campaign.run != run:
        return None
    lock_pace(campaign.appid, now=now)
    opened = [each for each in unsettled_parts(campaign_id) if each.status == PartStatus.OPEN]
    if opened:
        due = next((each for each in opened if each.due_at <= now), None)
        return due.id if due is not None and _still_due(campaign, due, now) else None
    rows = waiting_people(campaign_id, limit=PEOPLE + mass.PEOPLE_MIN)
    reached = _still_meant(campaign, _fitting(rows), now)
    return open_part(campaign, reached, now=now).id if reached else None


def _still_due(campaign: Campaign, part: MassPart, now: datetime) -> bool:
    """A call that was never made may have waited for days: its people are looked at anew.

    Its mark stays: should a refused call have arrived after all, the platform knows the next one.
    """
    if part.sent_at is not None:
        return True
    rows = rows_in(part)
    empty_part(part)
    if reached := _still_meant(campaign, rows, now):
        fill_part(part, reached, now=now)
    else:
        drop_part(part.id)
    return bool(reached)


def _fitting(rows: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """As many as go into one call, so that nobody is left over alone."""
    rest = len(rows) - PEOPLE
    return rows[: PEOPLE - 1] if rest == 1 else rows[:PEOPLE]


def _still_meant(campaign: Campaign, rows: Sequence[tuple[int, int]], now: datetime) -> list[int]:
    """Whose turn it is and who may be written to by now, by row; the others are left out."""
    ways: dict[int, Way | Reason] = {}
    for first in range(0, len(rows), PAGE):
        people = persons_of([identity_id for _, identity_id in rows[first : first + PAGE]])
        ways |= ways_for(campaign, list(people.values()), now=now, until=now)
    reached = [row_id for row_id, identity_id in rows if ways[identity_id] is Way.MASS]
    if len(reached) < mass.PEOPLE_MIN:
        ways |= {who: Reason.ALONE for row_id, who in rows if row_id in reached}
        reached = []
    left = [(row_id, ways[who]) for row_id, who in rows if ways[who] is not Way.MASS]
    mark(
        campaign.id,
        (
            Mark(id=row_id, status=RecipientStatus.LEFT_OUT, due_at=now, reason=why)
            for row_id, why in left
        ),
    )
    return reached


def _wait_or_finish(campaign_id: int, again: Any) -> None:
    """Whoever waits comes next; else look again in a minute while a part has no answer or no end."""
    now, unsettled = clock.now(), unsettled_parts(campaign_id)
    is_open = any(each.status == PartStatus.OPEN for each in unsettled)
    if not is_open and waiting_people(campaign_id, limit=1):
        again(due_at=None)
    elif unsettled:
        again(due_at=now + LOOK_AGAIN)
    else:
        operations.finish(campaign_id, now=now)
