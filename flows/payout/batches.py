"""The life of a batch: proposed, agreed to by somebody else, released piece by piece, called off."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from flows.payout.calls import call_back, send_transfer
from flows.payout.receivers import blocked, candidates, is_place_held
from org.queries import is_within, under
from payments.exceptions import close_exception
from payments.models import ExceptionKind
from settlement.payouts import proposals
from settlement.payouts.ending import cancel_unsent
from settlement.payouts.models import PayoutBatch, PayoutReceiver, Rail
from settlement.payouts.queries import (
    batch_by_id,
    batch_within,
    payout_in,
    ready_to_send,
    times_paused,
    unreleased_batches,
)
from settlement.payouts.release import release_some
from wx_backend import clock, crash, platform
from wx_backend.errors import Conflict, NotFound
from wx_backend.outbox import defer, job

AFTER_RELEASE: Final = crash.point("payout.after_release")
STUCK: Final = timedelta(minutes=10)


def propose_batch(*, proposal: proposals.Proposal, scope_id: int, now: datetime) -> str:
    """Propose to pay everybody below a node; the batch's number. NotFound outside the scope."""
    if not is_within(proposal.node_id, scope_id):
        raise NotFound
    if proposal.rail is Rail.TRANSFER and platform.config().pay is None:
        raise platform.PayNotConfigured
    found = candidates(proposal.node_id, proposal.rail, proposal.terms)
    prefix = platform.config().service.number_prefix
    return proposals.propose(proposal=proposal, candidates=found, now=now, prefix=prefix).number


def approve_batch(*, number: str, scope_id: int, by: str, now: datetime) -> None:
    """Agree to a batch somebody else proposed, and have it released."""
    batch = batch_of(number, scope_id)
    proposals.approve(batch_id=batch.id, by=by, now=now)
    defer(release_batch, batch_id=batch.id)


def reject_batch(*, number: str, scope_id: int, by: str, reason: str, now: datetime) -> None:
    """Turn a batch down; nothing of it leaves."""
    proposals.reject(batch_id=batch_of(number, scope_id).id, by=by, reason=reason, now=now)


def withdraw_batch(*, number: str, scope_id: int, by: str, now: datetime) -> None:
    """Take one's own batch back; nothing of it leaves."""
    proposals.withdraw(batch_id=batch_of(number, scope_id).id, by=by, now=now)


def resume_batch(*, number: str, scope_id: int, by: str, now: datetime) -> None:
    """There is money again: ask for what is left of a paused batch."""
    batch = batch_of(number, scope_id)
    proposals.resume(batch_id=batch.id, by=by, now=now)
    close_exception(
        kind=ExceptionKind.PAYOUT_FUNDS,
        key=f"{batch.number}:{times_paused(batch.id)}",
        by=by,
        resolution="已补足余额，继续发放",
        now=now,
    )
    for payout_id in ready_to_send(batch.id):
        defer(send_transfer, payout_id=payout_id)


def cancel_payout(
    *, number: str, payout_number: str, scope_id: int, by: str, now: datetime
) -> None:
    """Call one transfer off: at once when it was never asked for, else WeChat Pay decides."""
    batch = batch_of(number, scope_id)
    payout = payout_in(payout_number, batch.id)
    if payout is None:
        raise NotFound
    if batch.rail != Rail.TRANSFER:
        raise Conflict("财务付款请用回盘文件登记结果")
    if not cancel_unsent(payout_id=payout.id, actor=by, now=now):
        defer(call_back, payout_id=payout.id)


@job("payout.release")
def release_batch(*, batch_id: int) -> None:
    """Let the money of the next payouts go, each under its receiver's lock; then the next ones.

    Where pay-outs are stopped a batch of that place waits whole.
    """
    batch, now = batch_by_id(batch_id), clock.now()
    rail = Rail(batch.rail)
    if is_place_held(batch.node_id):
        return
    is_more = release_some(batch_id=batch_id, blocked=partial(_blocked, rail), now=now)
    crash.here(AFTER_RELEASE)
    if is_more:
        defer(release_batch, batch_id=batch_id)
    elif rail is Rail.TRANSFER:
        for payout_id in ready_to_send(batch_id):
            defer(send_transfer, key=f"first:{payout_id}", payout_id=payout_id)


def chase_releases(*, now: datetime) -> int:
    """Go on with batches whose release has died; how many."""
    stuck = unreleased_batches(before=now - STUCK)
    for batch_id in stuck:
        defer(release_batch, key=f"{batch_id}:{now:%Y%m%d%H%M}", batch_id=batch_id)
    return len(stuck)


def batch_of(number: str, scope_id: int) -> PayoutBatch:
    """A batch of a node's subtree; NotFound for foreign as for missing ones."""
    batch = batch_within(number, under(scope_id))
    if batch is None:
        raise NotFound("发放批次不存在")
    return batch


def _blocked(rail: Rail, receiver: PayoutReceiver) -> str:
    return blocked(receiver, rail)
