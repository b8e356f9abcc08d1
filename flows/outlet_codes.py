"""An outlet's own code: scanned at its counter or door, it brings its customers to no rep but to it."""

from datetime import datetime

from flows.codes import CodeSteps, permanent_code
from org.models import Tier
from org.queries import node_by_code
from referral.models import Place, Subject
from referral.operations import Sharer, Sharing, open_share
from wx_backend import clock
from wx_backend.errors import NotFound


def outlet_share(*, outlet_id: int, now: datetime) -> int:
    """The share behind an outlet's printed code: the mall, for the outlet's pool."""
    return open_share(
        sharer=Sharer(outlet_id=outlet_id),
        sharing=Sharing(subject=Subject.SHOWROOM, place=Place.PRINT),
        now=now,
    ).id


def outlet_code(*, outlet: str, appid: str) -> CodeSteps:
    """The permanent code of an outlet at an account, made at the platform once.

    Raises NotFound for a code of no outlet, CodesUsedUp.
    """
    node = node_by_code(outlet)
    if node is None or node.tier != Tier.OUTLET:
        raise NotFound("网点不存在", outlet=outlet)
    share_id = outlet_share(outlet_id=node.id, now=clock.now())
    return (yield from permanent_code(share_id=share_id, appid=appid))
