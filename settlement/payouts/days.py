"""What one person is sent in a Shanghai day: no more than WeChat Pay allows, over all batches of that day."""

from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy import and_, func, or_, select

from settlement.payouts.models import Payout, PayoutStatus
from settlement.payouts.release import locked_payout
from settlement.payouts.rules import Limits, is_for_another_day
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.db import db

ON_ITS_WAY: Final = timedelta(minutes=1)
WAITS: Final = "今日转账已达一人一天的限额，次日继续"


def put_off(*, payout_id: int, limits: Limits, now: datetime) -> bool:
    """Whether a transfer must wait for another day; it says so itself.

    Only one that WeChat Pay was not asked for: whoever asks again asks for what it may have taken. The
    receiver's lock is kept until it is noted that it is being asked for, so that two batches at once
    see each other.
    """
    payout, receiver = locked_payout(payout_id)
    if payout.status != PayoutStatus.READY:
        return False
    is_late = is_for_another_day(payout.net_fen, _sent_fen(receiver.id, now), limits)
    payout.reason = WAITS if is_late else ""
    return is_late


def _sent_fen(receiver_id: int, now: datetime) -> int:
    """What a receiver was sent today and may still get; what nobody knows may be taken today.

    What was asked for on the last moment of a day may have been taken on this one.
    """
    begins = datetime.combine(business_on(now), time(), SHANGHAI) - ON_ITS_WAY
    unsure = Payout.status.in_((PayoutStatus.ASKING, PayoutStatus.UNKNOWN))
    sent = Payout.status.in_((PayoutStatus.SENT, PayoutStatus.PAID))
    query = select(func.sum(Payout.net_fen)).where(
        Payout.receiver_id == receiver_id, or_(unsure, and_(sent, Payout.asked_at >= begins))
    )
    return int(db.session.scalar(query) or 0)
