"""Whom a claim is about hears what came of it, where an account has a message for it.

By the account the order was placed at if that knows his WeChat, else by the first that does. One that
is reported lost is told nothing: another may hold it.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from flows.accounts import identity_to_write_to, official_accounts
from flows.messages import send_notice
from members.claim_models import ClaimKind, ClaimVerdict, MemberClaim
from members.claims import claim_by_id
from members.lifting import lifts_of, lost_by
from members.models import Identity
from members.queries import appid_of, identity_at, member_ids_of, persons_of
from orders.models import SalesOrder
from wx_backend import clock
from wx_backend.clock import SHANGHAI
from wx_backend.outbox import defer, job
from wx_backend.platform import config

TO_CUSTOMER: Final = "wechat_changed"
OF_VERDICT: Final = "wechat_decided"


class Said(StrEnum):
    """What somebody is told of a claim that did not get his WeChat a customer's orders."""

    REJECTED = "换绑未通过，一切照旧"
    LET_IN = "挂失已解除，可重新登录"
    PARTED = "换绑已撤销，请核对您的订单"


def have_told(asked: MemberClaim, order: SalesOrder, verdict: ClaimVerdict) -> None:
    """Have told whom a verdict is about, just before it takes effect and makes two one person."""
    appid = appid_of(order.identity_id)
    is_agreed = verdict is ClaimVerdict.APPROVED
    if asked.kind != ClaimKind.LOST:
        lost = lost_by(claim_by_id(asked.lifts_id or 0)) if is_agreed else ()
        _have_heard(asked, _one_of(lost, appid), Said.LET_IN)
    elif is_agreed:
        if (identity_id := _new_wechat(asked, appid)) is not None:
            defer(tell_changed, claim_id=asked.id, identity_id=identity_id)
    else:
        _have_heard(asked, _new_wechat(asked, appid), Said.REJECTED)


def have_told_parted(asked: MemberClaim, order: SalesOrder) -> None:
    """Have the WeChat told that was taken for the customer's by mistake, once it is not any more."""
    _have_heard(asked, _new_wechat(asked, appid_of(order.identity_id)), Said.PARTED)


@job("claim.tell")
def tell_changed(*, claim_id: int, identity_id: int) -> None:
    """Tell the new WeChat that it has the customer's orders, as long as it has."""
    asked = claim_by_id(claim_id)
    if ClaimKind.WRONG not in lifts_of(asked):
        return
    send_notice(
        key=f"{TO_CUSTOMER}:{claim_id}",
        identity_id=identity_id,
        purpose=TO_CUSTOMER,
        values={"number": asked.order_number, "at": _decided(asked)},
        url=f"{config().service.base_url}/orders",
        now=clock.now(),
    )


@job("claim.tell_verdict")
def tell_verdict(*, claim_id: int, identity_id: int, said: str) -> None:
    """Tell a WeChat what was decided; not of which order, which need not be its own."""
    send_notice(
        key=f"{OF_VERDICT}:{claim_id}:{identity_id}",
        identity_id=identity_id,
        purpose=OF_VERDICT,
        values={"result": said, "at": _decided(claim_by_id(claim_id))},
        url=f"{config().service.base_url}/orders",
        now=clock.now(),
    )


def _have_heard(asked: MemberClaim, identity_id: int | None, said: Said) -> None:
    if identity_id is not None:
        defer(tell_verdict, claim_id=asked.id, identity_id=identity_id, said=said)


def _new_wechat(asked: MemberClaim, appid: str) -> int | None:
    new_id = min(persons_of({asked.new_id}))
    return identity_at(member_ids_of(new_id), appid) or identity_to_write_to(new_id)


def _one_of(identities: Sequence[Identity], appid: str) -> int | None:
    at = {each.appid: each.id for each in identities if each.openid is not None}
    appids = (appid, *(account.appid for account in official_accounts()))
    return next((at[each] for each in appids if each in at), None)


def _decided(asked: MemberClaim) -> str:
    at = asked.decided_at or asked.asked_at
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
