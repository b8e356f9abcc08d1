"""Who had no answer when his campaign was stopped: nobody asks again, so nobody knows, unless it is told."""

from collections.abc import Sequence
from datetime import datetime

from campaigns.counts import put_right
from campaigns.models import CampaignStatus
from campaigns.operations import locked_campaign
from campaigns.queries import stopped_in_doubt
from campaigns.recipients import IN_FLIGHT, Taken, in_doubt, mark
from flows.campaign.chunks import MOST, settled
from templates_msg.bulk import begin_again, statuses_of


def settle_stopped(*, now: datetime) -> int:
    """Have them stand where their messages do, unknown for the most part: as a chore; how many."""
    before, found = now - IN_FLIGHT, 0
    for campaign_id in stopped_in_doubt(before):
        if locked_campaign(campaign_id).status == CampaignStatus.STOPPED:
            held = in_doubt(campaign_id, limit=MOST, before=before)
            _settle(campaign_id, held, now)
            put_right(campaign_id)
            found += len(held)
    return found


def _settle(campaign_id: int, held: Sequence[Taken], now: datetime) -> None:
    by_message = {each.message_id: each for each in held if each.message_id is not None}
    begin_again([*by_message], refusing=[each.identity_id for each in held], now=now)
    stand = statuses_of([*by_message])
    mark(campaign_id, [settled(each, stand[number], now) for number, each in by_message.items()])
