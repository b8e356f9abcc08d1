"""One call of a mass send: a copy of the article, the send itself, and what the answer means.

Each part has a mark of its own (`clientmsgid`), under which WeChat knows a repeat for a day:
without an answer the same call is made again, and 45065 tells the number of the first. What goes
out is a copy of the article as it was agreed to, made anew for each part, since WeChat takes a
draft away once it was sent.
"""

from collections.abc import Generator, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from campaigns import operations
from campaigns.mass import (
    Attempt,
    accept_part,
    begin_part,
    drop_part,
    note_copy,
    refuse_part,
    repeat_part,
)
from campaigns.mass_queries import part_by_id, rows_in
from campaigns.models import Campaign, Reason, RecipientStatus, Way
from campaigns.queries import may_send, opted_out
from campaigns.recipients import Mark, mark, use_quota
from flows.campaign.quotas import rest_until_tomorrow
from flows.campaign.texts import article_in, link_for_all
from flows.messages import kind_of_refusal
from members.audience import persons_of
from wechat import mass
from wechat.error_codes import Kind
from wx_backend import clock, crash
from wx_backend.errors import PlatformError
from wx_backend.platform import client

if TYPE_CHECKING:
    from wechat.caller import Caller

PAGE: Final = 1_000
DUPLICATE: Final = "45065"
BEFORE_SEND = crash.point("campaign.mass.before_send")
AFTER_SEND = crash.point("campaign.mass.after_send")


def send_to(campaign: Campaign, part_id: int) -> Generator[Any, Any, None]:
    """One call, to the people of a part: a copy of the article if there is none yet, then the send itself."""
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
