"""A mass send: one article to ten thousand people a call, each call once, its end told in totals.

A chain of jobs, each making at most one send and deferring the next. Each part has a mark of its
own (`clientmsgid`), under which WeChat knows a repeat for a day: without an answer the same call is
made again, and 45065 tells the number of the first. What goes out is a copy of the article as it
was agreed to, made anew for each part, since WeChat takes a draft away once it was sent.
"""

from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from campaigns import operations
from campaigns.mass import (
    Attempt,
    accept_part,
    begin_part,
    drop_part,
    empty_part,
    fill_part,
    note_copy,
    open_part,
    refuse_part,
    repeat_part,
)
from campaigns.mass_models import MassPart, PartStatus
from campaigns.mass_queries import (
    part_by_id,
    rows_in,
    unsettled_parts,
    waiting_people,
)
from campaigns.models import Campaign, CampaignStatus, Reason, RecipientStatus, Way
from campaigns.queries import campaign_by_id, may_send, opted_out
from campaigns.recipients import Mark, lock_pace, mark, use_quota
from campaigns.rules import loud_at
from flows.campaign.audience import ways_for
from flows.campaign.mass_ends import ask_after
from flows.campaign.quotas import calls_left, learn_quotas, rest_until_tomorrow
from flows.campaign.texts import article_in, link_for_all
from flows.messages import kind_of_refusal
from members.audience import persons_of
from wechat import mass
from wechat.error_codes import Kind
from wx_backend import clock, crash
from wx_backend.errors import PlatformError
from wx_backend.outbox import BULK, Steps, defer, remote_job
from wx_backend.platform import client

if TYPE_CHECKING:
    from wechat.caller import Caller

PEOPLE: int = mass.PEOPLE_MAX
PAGE: Final = 1_000
LOOK_AGAIN: Final = timedelta(minutes=1)
DUPLICATE: Final = "45065"
BEFORE_SEND = crash.point("campaign.mass.before_send")
AFTER_SEND = crash.point("campaign.mass.after_send")


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
        yield from _send(campaign, part_id)
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


def _send(campaign: Campaign, part_id: int) -> Generator[Any, Any, None]:
    """One call: a copy of the article if there is none yet, then the send itself."""
    api, appid = client(campaign.appid).caller, campaign.appid
    campaign_id, run = campaign.id, campaign.run
    article, link = article_in(campaign), link_for_all(campaign, now=clock.now())
    if part_by_id(part_id).media_id is None:
        try:
            media_id = yield partial(mass.add_draft, api, article, link=link)
        except PlatformError as error:
            if not error.permanent:
                raise
            _pause(campaign_id, "图文无法存入草稿箱", error)
            return
        operations.locked_campaign(campaign_id)  # before the part, as everywhere
        note_copy(part_id, media_id)
    openids, gone = _openids(part_id)
    attempt = _begun(campaign_id, run, part_id, openids)
    if attempt is None:
        return
    try:
        msg_id = yield partial(_called, api, attempt, openids)
    except PlatformError as error:
        _judge(campaign_id, appid, attempt, error)
    else:
        now = clock.now()
        accept_part(part_id, msg_id, appid=appid, now=now)
        _leave_out(part_id, gone, now)
        use_quota(appid, {Way.MASS: 1})


def _begun(campaign_id: int, run: int, part_id: int, openids: Sequence[str]) -> Attempt | None:
    """The call that is made now; None when a pause or stop came while the draft was made.

    None also when erasures left fewer than a call takes. Under the campaign's lock: a pause is
    either before or after it.
    """
    operations.locked_campaign(campaign_id)
    if not may_send(campaign_id, run):
        return None
    if len(openids) < mass.PEOPLE_MIN:
        drop_part(part_id)
        return None
    return begin_part(part_id, now=clock.now())


def _called(api: "Caller", attempt: Attempt, openids: Sequence[str]) -> str | None:
    crash.here(BEFORE_SEND)
    msg_id = mass.send_mass(
        api, openids=openids, media_id=attempt.media_id, client_msg_id=attempt.client_msg_id
    )
    crash.here(AFTER_SEND)
    return msg_id


def _openids(part_id: int) -> tuple[list[str], list[int]]:
    """Whom a call goes to, and the rows of those who opted out since their part was made.

    They are left out also of a call that is made again: it may be the first that arrives. So is who
    was erased. The platform's mark bears both.
    """
    rows = rows_in(part_by_id(part_id))
    ids = [identity_id for _, identity_id in rows]
    people = persons_of(ids)
    refusing: set[int] = set()
    for first in range(0, len(ids), PAGE):
        refusing |= opted_out(ids[first : first + PAGE])
    openids = [
        each.openid
        for each in people.values()
        if each.openid is not None and each.id not in refusing
    ]
    return openids, [row_id for row_id, identity_id in rows if identity_id in refusing]


def _leave_out(part_id: int, row_ids: Sequence[int], now: datetime) -> None:
    """The platform had not known this call: whom it did not name was not written to."""
    part, reason, status = part_by_id(part_id), Reason.OPTED_OUT, RecipientStatus.LEFT_OUT
    part.people -= len(row_ids)
    marks = (Mark(id=each, status=status, due_at=now, reason=reason) for each in row_ids)
    mark(part.campaign_id, marks)


def _judge(campaign_id: int, appid: str, attempt: Attempt, error: PlatformError) -> None:
    """What a call means that was not taken: adopted, made again, or given up.

    The campaign is locked before the part, as everywhere.
    """
    part_id, now, told = attempt.part_id, clock.now(), f"{error.code} {error.message}".strip()
    kind = kind_of_refusal(error)
    if error.code == DUPLICATE:
        accept_part(part_id, error.msg_id, appid=appid, now=now)
    elif error.unknown or kind in (Kind.transient, Kind.token, Kind.quota):
        doubt = error.unknown or attempt.is_repeat
        if kind is Kind.quota:
            rest_until_tomorrow(campaign_id, now)
        repeat_part(part_id, error=told, may_have_arrived=doubt, now=now)
    else:
        _pause(campaign_id, "微信拒绝群发", error)
        refuse_part(part_id, error=told, may_have_arrived=attempt.is_repeat)


def _pause(campaign_id: int, what: str, error: PlatformError) -> None:
    """The next ten thousand would be refused as well: a person looks."""
    reason = f"{what}：{error.code} {error.message}".strip()
    operations.pause(campaign_id, reason=reason, staff_id=None, now=clock.now())


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
