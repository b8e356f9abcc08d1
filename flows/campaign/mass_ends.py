"""How the calls of a mass send ended of which nobody told: asked for, held campaigns' too."""

from collections.abc import Generator
from datetime import datetime
from functools import partial
from typing import Any, Final

from campaigns.mass import end_part, give_up_held, put_off
from campaigns.mass_models import PartStatus
from campaigns.mass_queries import HELD, held_unsettled, unsettled_parts
from campaigns.models import Campaign
from campaigns.operations import locked_campaign
from wechat import mass
from wx_backend import clock
from wx_backend.outbox import Steps, defer, remote_job
from wx_backend.platform import client

ENDED: Final = {"SEND_SUCCESS": True, "SEND_FAIL": False, "DELETE": False}
ASK_EVERY: Final = 600


def settle_held(*, now: datetime) -> int:
    """Have late calls of paused and stopped campaigns settled, which take no turns; how many."""
    due = held_unsettled(now)
    for campaign_id in due:
        key = f"{campaign_id}:{int(now.timestamp()) // ASK_EVERY}"
        defer(settle_parts, key=key, campaign_id=campaign_id)
    return len(due)


@remote_job("mass_send.query")
def settle_parts(*, campaign_id: int) -> Steps:
    """Give up what a held campaign may not send any more, and ask how the rest ended."""
    campaign, now = locked_campaign(campaign_id), clock.now()
    if campaign.status in HELD:
        give_up_held(campaign, now=now)
        yield from ask_after(campaign, now)


def ask_after(campaign: Campaign, now: datetime) -> Generator[Any, Any, None]:
    """Ask how those parts stand of which nobody told the end in time."""
    api = client(campaign.appid).caller
    late = [
        (each.id, each.msg_id)
        for each in unsettled_parts(campaign.id)
        if each.status == PartStatus.ACCEPTED and each.due_at <= now
    ]
    for part_id, msg_id in late:
        if msg_id is None:
            end_part(part_id, is_sent=True)
            continue
        state = yield partial(mass.mass_state, api, msg_id)
        if state in ENDED:
            end_part(part_id, is_sent=ENDED[state], error="" if ENDED[state] else state)
        else:
            put_off(part_id, now=now)
