"""How many calls campaigns may still make today, and resting once there are none."""

from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from campaigns import operations
from campaigns.models import Way
from campaigns.queries import campaign_by_id, quota_of
from campaigns.recipients import note_quota
from campaigns.rules import budget, tomorrow
from flows.campaign.texts import ways_of
from wx_backend import clock
from wx_backend.outbox import Steps, remote_job
from wx_backend.platform import client

FRESH: Final = timedelta(minutes=1)
PATHS: Final = {
    Way.TEMPLATE: "/cgi-bin/message/template/send",
    Way.SUBSCRIPTION: "/cgi-bin/message/subscribe/bizsend",
    Way.CUSTOMER_SERVICE: "/cgi-bin/message/custom/send",
    Way.MASS: "/cgi-bin/message/mass/send",
}


def learn_quotas(appid: str, ways: Sequence[Way], now: datetime) -> Generator[Any, Any, None]:
    """Learn what is left today of each way's calls, where that is not known freshly."""
    for way in ways:
        known = quota_of(appid, way)
        if known is not None and known.asked_at > now - FRESH:
            continue
        quota = yield partial(client(appid).quota, PATHS[way])
        note_quota(
            appid=appid,
            way=way,
            daily_limit=quota.daily_limit,
            remaining=quota.remain,
            now=clock.now(),
        )


@remote_job("campaign.ask_quotas")
def ask_quotas(*, campaign_id: int) -> Steps:
    """Learn what is left today, for the dry run."""
    campaign = campaign_by_id(campaign_id)
    yield from learn_quotas(campaign.appid, ways_of(campaign), clock.now())


def calls_left(appid: str, way: Way) -> int:
    """How many calls of a way campaigns may make today; nobody waits for a mass send's."""
    quota = quota_of(appid, way)
    if quota is None:
        return 0
    if way is Way.MASS:
        return max(0, quota.remaining)
    return budget(daily_limit=quota.daily_limit, remaining=quota.remaining)


def rest_until_tomorrow(campaign_id: int, now: datetime) -> None:
    """Pause until the platform counts anew."""
    operations.pause(
        campaign_id,
        reason="今日额度已用完",
        staff_id=None,
        now=now,
        resume_at=tomorrow(now),
    )
