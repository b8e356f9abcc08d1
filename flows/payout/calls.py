"""Asking WeChat Pay for transfers and about them: one number and one wording until it is certain."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any, Final

from flows.payment.address import notice_url
from flows.payout.receivers import identity_for, limits, waits
from flows.payout.settle import settle_transfer
from flows.refund.calls import wait_after
from ledger.models import OwnerKind
from members.queries import appid_of, identity_by_id
from payments.exceptions import open_exception
from payments.models import ExceptionKind
from settlement.payouts.days import put_off
from settlement.payouts.models import Payout, PayoutStatus
from settlement.payouts.proposals import pause
from settlement.payouts.queries import (
    batch_by_id,
    payout_by_id,
    receiver_by_id,
    times_paused,
    whole_net_fen,
)
from settlement.payouts.release import is_final
from settlement.payouts.rules import NAME_FROM_FEN, OUTCOMES
from settlement.payouts.transfers import (
    Words,
    give_up,
    lacks_package,
    record_accepted,
    record_not_taken,
    record_unknown,
    start_asking,
    transfers_to_chase,
    unsent_to_chase,
)
from wechat.pay.facts import Transfer
from wechat.pay.transfers import (
    Accepted,
    cancel_transfer,
    create_transfer,
    query_transfer,
)
from wechat.pay.transfers import Payout as Wish
from wx_backend import clock, platform
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.errors import PlatformError
from wx_backend.outbox import Steps, defer, remote_job

STALE: Final = timedelta(hours=1)
SOON: Final = timedelta(seconds=5)
REASON: Final = "销售佣金"


@remote_job("transfer.send")
def send_transfer(*, payout_id: int) -> Steps:
    """Ask for the transfer. An unknown outcome is queried, a refusal believed only after a query.

    Where pay-outs are stopped it is not asked for: `go_on` has that done once they are not. Nor while its
    receiver is looked into: once he is not, `chase_transfers` finds it within the hour. What would be too
    much for one day is asked for on the next.
    """
    payout, now = payout_by_id(payout_id), clock.now()
    if waits(receiver_by_id(payout.receiver_id)):
        return
    if put_off(payout_id=payout_id, limits=limits(), now=now):
        due_at = _next_day(now)
        defer(send_transfer, key=f"{due_at:%Y%m%d}:{payout_id}", due_at=due_at, payout_id=payout_id)
        return
    words = _words(payout)
    if words is None:
        give_up(payout_id=payout_id, mchid=_mchid(), why="收款人未绑定微信", now=now)
        return
    asking = start_asking(payout_id=payout_id, words=words, now=now)
    if asking is None:
        return
    try:
        accepted: Accepted = yield _create(asking)
    except PlatformError as error:
        yield from _refused(payout_id, error)
        return
    record_accepted(
        payout_id=payout_id,
        state=accepted.state,
        bill_no=accepted.transfer_bill_no,
        package=accepted.package_info,
        taken_at=accepted.created_at,
    )
    _ask_again(payout_id, at_once=accepted.state in OUTCOMES)


@remote_job("transfer.query")
def ask_about_transfer(*, payout_id: int) -> Steps:
    """Ask how a transfer stands; one WeChat Pay has never heard of is asked for again."""
    payout = payout_by_id(payout_id)
    if is_final(payout) or payout.asked_at is None:
        return
    said: Transfer | None = yield partial(query_transfer, _calls(), payout.number)
    if said is not None:
        settle_transfer(said, now=clock.now())
        if lacks_package(payout_by_id(payout_id)):
            defer(send_transfer, payout_id=payout_id)
        else:
            _ask_again(payout_id)
    elif payout_by_id(payout_id).status == PayoutStatus.SENT:
        _ask_again(payout_id)  # it was taken once, so it cannot be unknown there for long
    else:
        defer(send_transfer, payout_id=payout_id)


@remote_job("transfer.cancel")
def call_back(*, payout_id: int) -> Steps:
    """Ask WeChat Pay to cancel a transfer; what becomes of it, the query tells."""
    payout = payout_by_id(payout_id)
    if is_final(payout):
        return
    try:
        yield partial(cancel_transfer, _calls(), payout.number)
    except PlatformError as error:
        if not (error.permanent or error.unknown):
            raise
    _ask_again(payout_id, at_once=True)


def chase_transfers(*, now: datetime) -> int:
    """Ask about transfers nobody has asked about for long, and for those nobody asked for."""
    stale = transfers_to_chase(asked_before=now - STALE, now=now)
    unsent = unsent_to_chase(released_before=now - STALE, now=now)
    for payout_id in stale:
        defer(ask_about_transfer, key=f"{payout_id}:{now:%Y%m%d%H}", payout_id=payout_id)
    for payout_id in unsent:
        defer(send_transfer, key=f"chase:{payout_id}:{now:%Y%m%d%H}", payout_id=payout_id)
    return len(stale) + len(unsent)


def _refused(payout_id: int, error: PlatformError) -> Steps:
    """What a refused call means for the payout: asked about, put off, or given up."""
    if error.unknown:
        record_unknown(payout_id=payout_id)
        _ask_again(payout_id)
        return
    if error.code == "NOT_ENOUGH":
        _no_money(payout_id)
        return
    if not error.permanent:
        raise error
    found: Transfer | None = yield partial(query_transfer, _calls(), payout_by_id(payout_id).number)
    if found is None:
        why = f"{error.code} {error.message}".strip()
        give_up(payout_id=payout_id, mchid=_mchid(), why=why, now=clock.now())
        return
    settle_transfer(found, now=clock.now())
    _ask_again(payout_id)


def _no_money(payout_id: int) -> None:
    """The operation account is empty: ask for nothing more of this batch until a person says so."""
    now = clock.now()
    record_not_taken(payout_id=payout_id)
    batch = batch_by_id(payout_by_id(payout_id).batch_id)
    if pause(batch_id=batch.id, why="运营账户余额不足", now=now):
        open_exception(
            kind=ExceptionKind.PAYOUT_FUNDS,
            key=f"{batch.number}:{times_paused(batch.id)}",
            details={"batch": batch.number, "mchid": _mchid()},
            now=now,
        )


def _ask_again(payout_id: int, *, at_once: bool = False) -> None:
    """Have it queried later while it has not ended."""
    payout = payout_by_id(payout_id)
    if is_final(payout) or payout.asked_at is None:
        return
    now = clock.now()
    wait = SOON if at_once else wait_after(now - payout.asked_at)
    defer(ask_about_transfer, due_at=now + wait, payout_id=payout_id)


def _next_day(now: datetime) -> datetime:
    """When a day's limit is surely a new one's."""
    tomorrow = business_on(now) + timedelta(days=1)
    return datetime.combine(tomorrow, time(0, 10), SHANGHAI)


def _words(payout: Payout) -> Words | None:
    """What to say about a payout: what was said before, else by today's binding; None without."""
    if payout.identity_id is not None:
        return Words(payout.identity_id, payout.appid or "", payout.remark or "", "", "")
    receiver = receiver_by_id(payout.receiver_id)
    if receiver.owner_kind != OwnerKind.REP:
        return None
    identity_id = identity_for(receiver.owner_id)
    if identity_id is None:
        return None
    serial = sealed = None
    if whole_net_fen(payout) >= NAME_FROM_FEN:  # parts of less are no way round the name
        serial, sealed = platform.merchant().seal(payout.receiver_name, now=clock.now())
    return Words(
        identity_id=identity_id,
        appid=appid_of(identity_id),
        remark=batch_by_id(payout.batch_id).note[:32] or REASON,
        duty=_duty(),
        notify_url=notice_url(),
        sealed_name=sealed,
        name_serial=serial,
    )


def _create(payout: Payout) -> Callable[[], Any]:
    """The call, in the words kept with the payout."""
    wish = Wish(
        appid=payout.appid or "",
        out_bill_no=payout.number,
        openid=identity_by_id(payout.identity_id or 0).openid or "",
        transfer_fen=payout.net_fen,
        remark=payout.remark or "",
        duty=payout.duty or "",
        reason=REASON,
        notify_url=payout.notify_url or "",
        sealed_name=payout.sealed_name,
        name_serial=payout.name_serial,
    )
    return partial(create_transfer, _calls(), wish)


def _calls() -> Any:
    return platform.pay_client().calls


def _mchid() -> str:
    return platform.merchant().mchid


def _duty() -> str:
    pay = platform.config().pay
    if pay is None:
        raise platform.PayNotConfigured
    return pay.transfer_duty
