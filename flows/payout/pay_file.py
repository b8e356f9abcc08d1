"""The pay file for finance: the same content for the same batch, counted and summed up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from flows.payout.batches import batch_of
from flows.payout.places import file_held_by
from settlement.payouts.models import BatchStatus, Payout, PayoutBatch, Rail
from settlement.payouts.proposals import note_event
from settlement.payouts.queries import payouts_of
from settlement.periods import SamePerson
from wx_backend.errors import Conflict
from wx_backend.money import yuan

NUMBER, AMOUNT, OUTCOME, WHY = "发放单号", "实发（元）", "结果", "失败原因"
COLUMNS: Final = (
    NUMBER, "收款人编号", "收款人", "网点", "应发（元）", "代扣税（元）", "手续费（元）", AMOUNT, OUTCOME, WHY,
)  # fmt: skip
PAID_WORD, FAILED_WORD = "成功", "失败"


class FileHeld(Conflict):
    """Pay-outs are stopped where some of its people are; `details.places` names the places."""

    code, message = "file_held", "已停止发放，付款文件等恢复后才能下载"


class NotReleased(Conflict):
    code, message = "not_released", "批次尚未完成审批放款，暂不能下载付款文件"


@dataclass(frozen=True, slots=True)
class PayFile:
    """The file as rows: `head` is names and values above the table; `made_at` never changes."""

    name: str
    head: Sequence[tuple[str, str]]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    made_at: datetime


def pay_file(*, number: str, scope_id: int, by: str, now: datetime) -> PayFile:
    """The file of an approved batch, for somebody else than its proposer; who takes it is noted.

    What finance has cannot be called back: while it would pay somebody whose place is stopped it is
    not handed out a first time. Raises NotFound, NotReleased, SamePerson, FileHeld.
    """
    batch = batch_of(number, scope_id)
    if batch.rail != Rail.FILE or batch.status not in (BatchStatus.RELEASED, BatchStatus.DONE):
        raise NotReleased
    if batch.proposed_by == by:
        raise SamePerson("提出人不能下载付款文件，请由另一位同事下载")
    if held := file_held_by(batch.id):
        raise FileHeld("、".join(held) + FileHeld.message, places=held)
    payouts = payouts_of(batch.id, released_only=True)
    control = control_sum(payouts)
    note_event(batch_id=batch.id, what="downloaded", actor=by, note=f"控制码 {control}", now=now)
    return PayFile(
        name=batch.number,
        head=_head(batch, payouts, control),
        columns=COLUMNS,
        rows=[_row(payout) for payout in payouts],
        made_at=batch.decided_at or batch.proposed_at,
    )


def control_sum(payouts: Sequence[Payout]) -> str:
    """Sixteen hex digits over every number and amount: shows that no row was touched."""
    total = sha256()
    for payout in payouts:
        total.update(f"{payout.number} {payout.net_fen}\n".encode())
    return total.hexdigest()[:16]


def _head(batch: PayoutBatch, payouts: Sequence[Payout], control: str) -> list[tuple[str, str]]:
    return [
        ("批次号", batch.number),
        ("说明", batch.note),
        ("笔数", str(len(payouts))),
        ("实发合计（元）", _plain(sum(payout.net_fen for payout in payouts))),
        ("控制码", control),
    ]


def _row(payout: Payout) -> list[str]:
    amounts = (payout.gross_fen, payout.tax_fen, payout.fee_fen, payout.net_fen)
    return [
        payout.number,
        payout.receiver_number,
        payout.receiver_name,
        payout.outlet_name,
        *(_plain(fen) for fen in amounts),
        "",
        "",
    ]


def _plain(fen: int) -> str:
    return yuan(fen).replace(",", "")
