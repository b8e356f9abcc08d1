"""Where a merchant transfer stands: asked for in the same words for ever, ended by its own facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, select

from ledger.models import AccountKind, OwnerKind
from ledger.values import of_merchant
from members.models import Identity
from settlement.payouts.ending import Ending, end
from settlement.payouts.models import (
    BatchStatus,
    Payout,
    PayoutBatch,
    PayoutReceiver,
    PayoutStatus,
    Rail,
)
from settlement.payouts.queries import payout_by_number
from settlement.payouts.release import is_final, locked_payout
from settlement.payouts.rules import OUTCOMES
from wx_backend.db import db
from wx_backend.rounds import take_round

MAY_BE_ASKED = (PayoutStatus.READY, PayoutStatus.ASKING, PayoutStatus.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Words:
    """What is said to WeChat Pay beside number and amount; kept with the payout when first said."""

    identity_id: int
    appid: str
    remark: str
    duty: str
    notify_url: str
    sealed_name: str | None = None
    name_serial: str | None = None


@dataclass(frozen=True, slots=True)
class TransferFact:
    """What WeChat Pay says about a transfer, in fen, whoever brought the word."""

    mchid: str
    out_bill_no: str
    state: str
    amount_fen: int
    appid: str = ""
    openid: str = ""
    transfer_bill_no: str = ""
    fail_reason: str = ""
    created_at: datetime | None = None


class Applied(StrEnum):
    """What a fact did."""

    NOTHING_NEW = "nothing_new"
    MOVED = "moved"
    ENDED = "ended"
    UNKNOWN_NUMBER = "unknown_number"
    MISMATCH = "mismatch"
    CONTRADICTION = "contradiction"


def start_asking(*, payout_id: int, words: Words, now: datetime) -> Payout | None:
    """Note that WeChat Pay is being asked, before it is; None when it is not to be asked (now).

    The first words stay: whoever asks again says the same. So does when it was first asked, by which
    asking again becomes rarer, until WeChat Pay says when it took it: by that its day counts, and a
    person has until 24 hours later to confirm.
    """
    payout, _ = locked_payout(payout_id)
    batch = db.session.get_one(PayoutBatch, payout.batch_id, populate_existing=True)
    may_be_asked = payout.status in MAY_BE_ASKED or lacks_package(payout)
    if not may_be_asked or batch.status != BatchStatus.RELEASED:
        return None
    if payout.identity_id is None:
        payout.identity_id, payout.appid = words.identity_id, words.appid
        payout.remark, payout.duty = words.remark, words.duty
        payout.notify_url = words.notify_url
        payout.sealed_name, payout.name_serial = words.sealed_name, words.name_serial
    payout.status, payout.asked_at = PayoutStatus.ASKING, payout.asked_at or now
    db.session.flush()
    return payout


def lacks_package(payout: Payout) -> bool:
    """Whether it waits for a tap for which the answer that was lost had the package.

    Only asking again in the same words brings it: a query does not tell.
    """
    is_waiting = payout.platform_state == "WAIT_USER_CONFIRM" and not payout.package_info
    return payout.status == PayoutStatus.SENT and is_waiting


def record_accepted(
    *, payout_id: int, state: str, bill_no: str, package: str, taken_at: datetime | None = None
) -> None:
    """WeChat Pay took it, when it says; a notice that came before this answer has the last word."""
    payout, _ = locked_payout(payout_id)
    if is_final(payout):
        return
    payout.status, payout.platform_state = PayoutStatus.SENT, state
    payout.asked_at = taken_at or payout.asked_at
    payout.transfer_bill_no = bill_no
    payout.package_info = package or payout.package_info


def record_unknown(*, payout_id: int) -> None:
    """No usable answer: it may have worked, so it is queried under the same number."""
    payout, _ = locked_payout(payout_id)
    if payout.status == PayoutStatus.ASKING:
        payout.status = PayoutStatus.UNKNOWN


def record_not_taken(*, payout_id: int) -> None:
    """WeChat Pay has no money for it now: the same number later."""
    payout, _ = locked_payout(payout_id)
    if payout.status == PayoutStatus.ASKING:
        payout.status, payout.asked_at = PayoutStatus.READY, None


def give_up(*, payout_id: int, mchid: str, why: str, now: datetime) -> bool:
    """Refused, and a query found nothing: no money moved, it is free again. False if it ended."""
    payout, receiver = locked_payout(payout_id)
    if is_final(payout):
        return False
    end(payout, receiver, _ending(PayoutStatus.FAILED, mchid, why), now=now)
    return True


def apply_fact(*, fact: TransferFact, mchid: str, now: datetime) -> Applied:
    """Apply what a notice, a query or an answer says; a final state holds whatever comes later."""
    found = payout_by_number(fact.out_bill_no)
    if found is None:
        return Applied.UNKNOWN_NUMBER
    payout, receiver = locked_payout(found.id)
    if not _fits(fact, payout, mchid):
        return Applied.MISMATCH
    outcome = OUTCOMES.get(fact.state)
    if is_final(payout):
        same = outcome is None or outcome == payout.status
        return Applied.NOTHING_NEW if same else Applied.CONTRADICTION
    payout.platform_state, payout.asked_at = fact.state, fact.created_at or payout.asked_at
    payout.transfer_bill_no = fact.transfer_bill_no or payout.transfer_bill_no
    if outcome is None:
        payout.status = PayoutStatus.SENT
        return Applied.MOVED
    end(payout, receiver, _ending(outcome, mchid, fact.fail_reason), now=now)
    return Applied.ENDED


def _ending(status: PayoutStatus, mchid: str, reason: str) -> Ending:
    return Ending(status, "wechat", reason, of_merchant(AccountKind.PAYOUT_FUNDS, mchid))


def _fits(fact: TransferFact, payout: Payout, mchid: str) -> bool:
    """Whether the fact is about what we asked for; one never asked for fits nothing."""
    return (
        payout.identity_id is not None
        and fact.mchid == mchid
        and fact.amount_fen == payout.net_fen
        and fact.appid in ("", payout.appid)
        and fact.openid in ("", _openid(payout.identity_id))
    )


def _openid(identity_id: int) -> str:
    return db.session.get_one(Identity, identity_id).openid or ""


def transfers_to_chase(*, asked_before: datetime, now: datetime, limit: int = 50) -> list[int]:
    """The next transfers under way nobody has asked about since an instant; each has its turn."""
    asked = (PayoutStatus.ASKING, PayoutStatus.UNKNOWN, PayoutStatus.SENT)
    return take_round(
        Payout,
        Payout.batch_id.in_(select(PayoutBatch.id).where(PayoutBatch.rail == Rail.TRANSFER)),
        Payout.status.in_(asked),
        since=Payout.asked_at,
        before=asked_before,
        now=now,
        limit=limit,
    )


def not_taken_by(reps: Select[int]) -> Sequence[Payout]:
    """The transfers to some reps that WeChat Pay has not taken, as far as is known; paused ones wait."""
    return db.session.scalars(
        select(Payout)
        .join(PayoutBatch, PayoutBatch.id == Payout.batch_id)
        .join(PayoutReceiver, PayoutReceiver.id == Payout.receiver_id)
        .where(
            PayoutBatch.rail == Rail.TRANSFER,
            PayoutBatch.status == BatchStatus.RELEASED,
            PayoutReceiver.owner_kind == OwnerKind.REP,
            PayoutReceiver.owner_id.in_(reps),
            Payout.status.in_(MAY_BE_ASKED),
        )
        .order_by(Payout.id)
    ).all()


def unsent_to_chase(*, released_before: datetime, now: datetime, limit: int = 50) -> list[int]:
    """The next transfers released before an instant that nobody has asked for; paused ones wait."""
    batches = select(PayoutBatch.id).where(
        PayoutBatch.rail == Rail.TRANSFER, PayoutBatch.status == BatchStatus.RELEASED
    )
    return take_round(
        Payout,
        Payout.batch_id.in_(batches),
        Payout.status == PayoutStatus.READY,
        since=Payout.released_at,
        before=released_before,
        now=now,
        limit=limit,
    )
