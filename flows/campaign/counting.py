"""The counts of campaigns, tended by the clock: few rows, and right for those that have ended too."""

from datetime import datetime, timedelta
from typing import Final

from campaigns.counts import kept_in_many, put_right, sum_up
from campaigns.operations import locked_campaign
from campaigns.queries import ended_since

MANY: Final = 1_000
LATELY: Final = timedelta(minutes=30)
"""Three times as long as between two looks: a worker of an older version may still be at work."""


def sum_up_counts(*, now: datetime) -> int:  # noqa: ARG001 - a chore
    """Keep few rows again of what a page would sum: each late failure adds two; how many campaigns."""
    found = kept_in_many(MANY)
    for campaign_id in found:
        locked_campaign(campaign_id)
        sum_up(campaign_id)
    return len(found)


def put_right_ended(*, now: datetime) -> int:
    """Put right what a worker of an older version changed beside or after the end; how many campaigns."""
    ended = ended_since(now - LATELY)
    for campaign_id in ended:
        locked_campaign(campaign_id)
        put_right(campaign_id)
    return len(ended)
