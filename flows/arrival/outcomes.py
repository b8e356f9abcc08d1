"""What WeChat says of the messages of a campaign, worked off many at a time.

Each message brings such a push, at the rate it is sent: one by one they would keep a processor busy.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select

from flows.arrival.plan import OF_MESSAGES
from flows.campaign.outcomes import note_outcomes
from members.operations import seen_all
from templates_msg.told import Told
from wechat import events, pushes
from wx_backend import inbox
from wx_backend.claims import Claim
from wx_backend.db import db
from wx_backend.inbox import Push
from wx_backend.platform import config
from wx_backend.sql import among

MORE: Final = 80
IS_WORD: Final = Push.kind.in_(OF_MESSAGES)


def work_off_together(held: Sequence[Claim]) -> Sequence[Claim]:
    """Work off the words on messages among claimed pushes; what is still to be done comes back.

    Where they are the most part there will be more of them: some are claimed here, too.
    """
    found = select(Push.id).where(among(Push.id, [each.id for each in held]), IS_WORD)
    words = set(db.session.scalars(found))
    db.session.rollback()
    mine = [each for each in held if each.id in words]
    others = [each for each in held if each.id not in words]
    if len(mine) > len(others):
        mine += inbox.claim(limit=MORE, where=[IS_WORD])
    if len(mine) < 2 or not inbox.run_together(mine, _work_off):
        return [*others, *mine]
    return others


def _work_off(rows: Sequence[Push]) -> None:
    by_account: dict[str, list[Push]] = defaultdict(list)
    for push in sorted(rows, key=lambda push: push.id):
        account = config().account(push.account)
        if account is not None and push.raw is not None:
            by_account[account.appid].append(push)
    for appid, mine in sorted(by_account.items()):
        _note(appid, mine)


def _note(appid: str, rows: Sequence[Push]) -> None:
    parsed = [(push, events.parse(events.fields(push.raw or b""))) for push in rows]
    at: dict[str, datetime] = {}
    for push, told in parsed:
        at[told.openid] = max(push.event_at, at.get(told.openid, push.event_at))
    who = seen_all(appid, at, known_at=max(push.known_at for push in rows))
    note_outcomes(
        appid,
        [
            Told(msgid, status, push.event_at, who[told.openid])
            for push, told in parsed
            for msgid, status in words_of(told).items()
        ],
    )


def words_of(told: pushes.Push) -> Mapping[str, str]:
    """What a push says of messages, by their numbers."""
    if isinstance(told, pushes.TemplateResult):
        return {told.msg_id: told.status}
    if not isinstance(told, pushes.SubscriptionSent):
        return {}
    return {
        each.msg_id: "success" if each.error_code == "0" else f"failed:{each.error_status}"
        for each in told.notices
    }
