"""Running a campaign: chunk after chunk, each claimed, sent with no transaction open, marked.

Two lanes take turns, so that one sends while the other marks and claims. A lane is a chain of
jobs, each deferring the next; a pause, stop or new run ends it at its next step. Whatever dies is
taken up by the next chunk: a template message without an answer is repeated under the same
client_msg_id while WeChat would notice, everything else is left as unknown.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from campaigns import operations
from campaigns.models import CampaignClass, CampaignStatus, RecipientStatus
from campaigns.queries import (
    campaign_by_id,
    due_campaigns,
    may_send,
    opted_out,
    resting_campaigns,
    running_campaigns,
)
from campaigns.recipients import ASK_AGAIN, Mark, mark, note_breaker, reserve_slot
from campaigns.rules import EQUAL_ERRORS_MAX, TRIES_MAX, loud_at, shaped
from flows.campaign.chunks import Chunk, Wait, next_chunk
from flows.campaign.mass import start_mass
from flows.campaign.outcomes import as_told
from flows.campaign.posting import (
    DAILY_LIMIT,
    NO_TEMPLATE,
    Letter,
    Look,
    Outcome,
    Posted,
    Slot,
    is_worth_repeating,
    post,
)
from flows.campaign.quotas import calls_left, learn_quotas, rest_until_tomorrow
from flows.campaign.texts import template_of, ways_of
from flows.messages import kind_of_refusal, note_unfollowed
from templates_msg.bulk import Answered, answer_all
from templates_msg.models import MessageKind, MessageStatus
from wechat.error_codes import Kind
from wx_backend import backlog, clock, crash
from wx_backend.db import reading, retried
from wx_backend.errors import PlatformError
from wx_backend.inbox import Push
from wx_backend.outbox import BULK, Job, Steps, defer, remote_job
from wx_backend.platform import client, in_any_thread

LANES: Final = 2
BREATHER: Final = timedelta(seconds=10)
BEFORE_SEND = crash.point("campaign.before_send")
AFTER_SEND = crash.point("campaign.after_send")
BEFORE_MARK = crash.point("campaign.before_mark")


def begin_due(*, now: datetime) -> int:
    """Start what is agreed to and due, go on with what rested long enough; how many."""
    started = [(each, operations.start(each, now=now)) for each in due_campaigns(now)]
    rested = [(e, operations.resume(e, staff_id=None, now=now)) for e in resting_campaigns(now)]
    runs = [(each, run) for each, run in (*started, *rested) if run is not None]
    for campaign_id, run in runs:
        start_lanes(campaign_id, run)
    return len(runs)


def chase(*, now: datetime) -> int:
    """Bring lanes of running campaigns back to life that gave up; how many."""
    if not running_campaigns():
        return 0
    return sum(
        backlog.bring_back(Job, job_id, now=now)
        for kind in ("campaign.send", "campaign.mass")
        for job_id in backlog.dead_ids(Job, kind=kind)
    )


def start_lanes(campaign_id: int, run: int) -> None:
    """Have a run sent: message by message in lanes, or a mass send part by part."""
    if campaign_by_id(campaign_id).campaign_class == CampaignClass.MASS:
        start_mass(campaign_id, run)
        return
    for lane in range(LANES):
        _next_turn(campaign_id, run, lane, 0, due_at=None)


@remote_job("campaign.send", queue=BULK)
def send_chunk(*, campaign_id: int, run: int, lane: int, turn: int) -> Steps:
    """Send the next chunk of a run, and have the one after it sent."""
    campaign, now = campaign_by_id(campaign_id), clock.now()
    if campaign.status != CampaignStatus.RUNNING or campaign.run != run:
        return
    if campaign.template_id and template_of(campaign) is None:
        reason = "公众号已没有这个模板，请同步模板库"
        operations.pause(campaign_id, reason=reason, staff_id=None, now=now)
        return
    again = partial(_next_turn, campaign_id, run, lane, turn + 1)
    loud = loud_at(now)
    rate = shaped(campaign.rate_per_second, backlog.backlog_of(Push, now).due)
    if loud > now or rate == 0:
        again(due_at=max(loud, now + BREATHER if rate == 0 else now))
        return
    api, ways = client(campaign.appid), ways_of(campaign)
    yield from learn_quotas(campaign.appid, ways, now)
    most = min(calls_left(campaign.appid, way) for way in ways)
    if most == 0:
        rest_until_tomorrow(campaign_id, now)
        return
    chunk = next_chunk(campaign_id, run=run, rate=rate, most=most, now=clock.now())
    if isinstance(chunk, Wait):
        _wait(campaign_id, chunk, again)
    elif chunk is not None:
        begins_at = _begin(campaign.appid, chunk.rate, len(chunk.letters))
        outcome = yield partial(_posted, api, chunk, begins_at, campaign_id, run)
        crash.here(BEFORE_MARK)
        _note(campaign_id, campaign.appid, outcome, clock.now())
        again(due_at=None)


def _begin(appid: str, rate: float, count: int) -> datetime:
    """Take a time of their own for so many letters, last of all, so that it does not run out unused."""
    return reserve_slot(appid, count=count, rate=rate, now=clock.now())


def _slot(rate: float, begins_at: datetime) -> Slot:
    return Slot((begins_at - clock.now()).total_seconds(), rate)


def _posted(api: Any, chunk: Chunk, begins_at: datetime, campaign_id: int, run: int) -> Outcome:
    crash.here(BEFORE_SEND)
    outcome = post(
        api,
        chunk.letters,
        _slot(chunk.rate, begins_at),
        another=in_any_thread(partial(_another, api.appid, chunk.rate)),
        look=partial(_look, campaign_id, run),
    )
    crash.here(AFTER_SEND)
    return outcome


def _another(appid: str, rate: float, count: int) -> Slot:
    """Another slot, for letters that the first had no time for."""
    return _slot(rate, retried(partial(_begin, appid, rate, count)))


def _look(campaign_id: int, run: int, ahead: Sequence[Letter]) -> Look:
    """Looked at while sending: whether the run is on, and who opted out since the chunk was made."""
    with reading():
        if not may_send(campaign_id, run):
            return Look(goes_on=False)
        return Look(True, opted_out([each.message.identity_id for each in ahead]))


def _wait(campaign_id: int, wait: Wait, again: Any) -> None:
    """Nobody's turn now: later, or never again."""
    now = clock.now()
    if wait.until is None:
        operations.finish(campaign_id, now=now)
    else:
        again(due_at=max(wait.until, now + timedelta(seconds=0.5)))


def _next_turn(
    campaign_id: int, run: int, lane: int, turn: int, *, due_at: datetime | None
) -> None:
    defer(
        send_chunk,
        key=f"{campaign_id}:{run}:{lane}:{turn}",
        due_at=due_at,
        campaign_id=campaign_id,
        run=run,
        lane=lane,
        turn=turn,
    )


def _note(campaign_id: int, appid: str, outcome: Outcome, now: datetime) -> None:
    """Write down what came of a chunk; what was not begun waits again.

    Identities first, in the order of the door: who works off words has them before the messages, too.
    """
    for posted in sorted(outcome.posted, key=lambda each: each.letter.openid):
        if posted.error is not None and posted.letter.message.kind != MessageKind.SUBSCRIPTION:
            note_unfollowed(
                posted.error,
                identity_id=posted.letter.message.identity_id,
                asked_at=now - timedelta(minutes=1),
            )
    pairs = [_judged(each, now) for each in outcome.posted]
    back = [_given_back(each, now) for each in outcome.unsent]
    told = answer_all(appid, [answer for answer, _ in (*pairs, *back)], now=now)
    mark(campaign_id, (as_told(each, told) for _, each in (*pairs, *back)))
    if outcome.used_up:
        rest_until_tomorrow(campaign_id, now)
    _break_if_failing(campaign_id, outcome.posted, now)


def _given_back(letter: Letter, now: datetime) -> tuple[Answered, Mark]:
    """What was not begun is as before: new, or without an answer to an earlier send."""
    status, stands = MessageStatus.QUEUED, RecipientStatus.WAITING
    if letter.message.is_repeat:
        status, stands = MessageStatus.UNKNOWN, RecipientStatus.SENDING
    return Answered(id=letter.message.id, status=status), Mark(
        id=letter.recipient_id,
        status=stands,
        due_at=now,
        message_id=letter.message.id,
        way=letter.message.kind,
    )


def _judged(posted: Posted, now: datetime) -> tuple[Answered, Mark]:
    """What a send means for the message and for the person."""
    message, error = posted.letter.message, posted.error
    status, stands, due_at = _meaning(message.kind, error, now)
    if status is MessageStatus.QUEUED and message.is_repeat:
        # Refused for now, which says nothing of the send before it: never new again.
        status, stands, due_at = MessageStatus.UNKNOWN, RecipientStatus.SENDING, now + ASK_AGAIN
    elif status is MessageStatus.FAILED and message.is_repeat:
        # For good, which says as little: who may have got it is not written to anew.
        status, stands = MessageStatus.UNKNOWN, RecipientStatus.UNKNOWN
    elif status is MessageStatus.QUEUED and posted.letter.tries + 1 >= TRIES_MAX:
        status, stands = MessageStatus.FAILED, RecipientStatus.FAILED
    told = f"{error.code} {error.message}".strip() if error is not None else None
    answer = Answered(id=message.id, status=status, msgid=posted.msgid, error=told)
    return answer, Mark(
        id=posted.letter.recipient_id,
        status=stands,
        due_at=due_at,
        message_id=message.id,
        way=message.kind,
        error=error.code[:40] if error is not None else None,
    )


def _meaning(
    kind: MessageKind, error: PlatformError | None, now: datetime
) -> tuple[MessageStatus, RecipientStatus, datetime]:
    if error is None or kind_of_refusal(error) is Kind.duplicate:
        return MessageStatus.SENT, RecipientStatus.SENT, now
    if error.unknown:
        # A template message is repeated soon, under the same mark; of the others nothing is certain.
        open_ = kind is MessageKind.TEMPLATE
        stands = RecipientStatus.SENDING if open_ else RecipientStatus.UNKNOWN
        return MessageStatus.UNKNOWN, stands, now + ASK_AGAIN
    if error.code == DAILY_LIMIT:
        return MessageStatus.QUEUED, RecipientStatus.WAITING, now
    if is_worth_repeating(error):
        return MessageStatus.QUEUED, RecipientStatus.WAITING, now + ASK_AGAIN
    return MessageStatus.FAILED, RecipientStatus.FAILED, now


def _break_if_failing(campaign_id: int, posted: Sequence[Posted], now: datetime) -> None:
    """Pause once the same error came too often in a row: the next million would fail too.

    First tries only: a few people who are asked about again say nothing of the others. A template that
    is gone or banned is so for everybody: once is too often.
    """
    campaign = operations.locked_campaign(campaign_id)
    codes = (each.error.code for each in posted if each.error is not None)
    if gone := next((code for code in codes if code in NO_TEMPLATE), ""):
        note_breaker(campaign, last_error=gone, equal_errors=EQUAL_ERRORS_MAX)
        reason = f"微信不再接受这个模板（错误 {gone}），已自动暂停"
        operations.pause(campaign_id, reason=reason, staff_id=None, now=now)
        return
    last, times = campaign.last_error, campaign.equal_errors
    for each in posted:
        if each.letter.tries:
            continue
        code = each.error.code if each.error is not None else ""
        last, times = code, times + 1 if code == last else 1
    note_breaker(campaign, last_error=last, equal_errors=times)
    if last and last != DAILY_LIMIT and times >= EQUAL_ERRORS_MAX:
        operations.pause(
            campaign_id,
            reason=f"连续 {times} 次同样的错误 {last}，已自动暂停",
            staff_id=None,
            now=now,
        )
