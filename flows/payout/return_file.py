"""The return file of finance: read, shown row by row, then applied once; odd rows are set aside."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flows.payout.batches import batch_of
from flows.payout.pay_file import AMOUNT, FAILED_WORD, NUMBER, OUTCOME, PAID_WORD, WHY
from flows.spreadsheets import UnreadableFile, plain_cell, table_of
from payments.exceptions import open_exception
from payments.models import ExceptionKind
from settlement.payouts.ending import end_by_file
from settlement.payouts.models import PayoutBatch, PayoutReturn, PayoutStatus, Rail
from settlement.payouts.proposals import note_event
from settlement.payouts.queries import payout_in, return_in
from settlement.payouts.release import is_final, locked_batch
from settlement.payouts.returns import ReturnRow, keep_return, mark_applied, rows_of
from wx_backend.errors import Conflict, NotFound
from wx_backend.money import fen_from_yuan

ROWS_MAX: Final = 5_000


@dataclass(frozen=True, slots=True)
class ReturnFile:
    """A file finance sent back, as it came and as it was read."""

    name: str
    raw: bytes
    rows: Sequence[ReturnRow]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What applying a row will do: `what` is paid, failed, repeat, or one of the faults."""

    row: ReturnRow
    what: str
    words: str

    @property
    def changes(self) -> bool:
        """Whether the row ends a payout."""
        return self.what in ("paid", "failed")


def read_return(raw: bytes, name: str) -> ReturnFile:
    """Read a file outside of any transaction: it may take a while. Raises UnreadableFile."""
    rows = list(_parsed(table_of(raw)))
    if not rows:
        raise UnreadableFile("文件中没有填写结果的行")
    return ReturnFile(name, raw, rows)


def take_return(*, number: str, scope_id: int, file: ReturnFile, by: str, now: datetime) -> int:
    """Keep a file finance sent back; nothing is booked yet. The id to look at and apply it by.

    Raises NotFound, and Conflict for a batch that is not paid by file.
    """
    batch = batch_of(number, scope_id)
    if batch.rail != Rail.FILE:
        raise Conflict("微信转账批次不需要回盘文件")
    return keep_return(
        batch_id=batch.id, raw=file.raw, name=file.name, rows=file.rows, actor=by, now=now
    )


def preview(*, number: str, return_id: int, scope_id: int) -> tuple[PayoutReturn, list[Verdict]]:
    """A kept file with what each of its rows means now."""
    batch = batch_of(number, scope_id)
    kept = return_in(return_id, batch.id)
    if kept is None:
        raise NotFound
    return kept, list(_judged(rows_of(kept), batch.id))


def apply_return(*, number: str, return_id: int, scope_id: int, by: str, now: datetime) -> int:
    """Book what the file says; how many payouts it ended. A file applied before ends none."""
    batch = locked_batch(batch_of(number, scope_id).id)
    kept, verdicts = preview(number=number, return_id=return_id, scope_id=scope_id)
    if not mark_applied(return_id=kept.id, actor=by, now=now):
        return 0
    ended = sum(_apply(batch, verdict, by, now) for verdict in verdicts)
    note = f"{kept.name}：{ended} 笔"
    note_event(batch_id=batch.id, what="returned", actor=by, note=note, now=now)
    return ended


def _apply(batch: PayoutBatch, verdict: Verdict, by: str, now: datetime) -> bool:
    row = verdict.row
    payout = payout_in(row.number, batch.id) if verdict.changes else None
    if payout is None:
        if verdict.what in ("unknown", "amount", "contradiction"):
            _set_aside(batch, verdict, now)
        return False
    status = PayoutStatus.PAID if row.is_paid else PayoutStatus.FAILED
    return end_by_file(payout_id=payout.id, status=status, reason=row.reason, actor=by, now=now)


def _set_aside(batch: PayoutBatch, verdict: Verdict, now: datetime) -> None:
    row = verdict.row
    is_unknown = verdict.what == "unknown"
    open_exception(
        kind=ExceptionKind.PAYOUT_UNKNOWN if is_unknown else ExceptionKind.PAYOUT_MISMATCH,
        key=f"{batch.number}:{row.number}:{row.amount_fen}:{verdict.what}",
        details={
            "batch": batch.number,
            "number": row.number,
            "fen": row.amount_fen,
            "line": row.line,
            "why": verdict.words,
        },
        now=now,
    )


def _judged(rows: Iterable[ReturnRow], batch_id: int) -> Iterator[Verdict]:
    seen: set[str] = set()
    for row in rows:
        if row.number in seen:
            yield Verdict(row, "repeat", "文件内重复，忽略")
        else:
            yield _verdict(row, batch_id)
        seen.add(row.number)


def _verdict(row: ReturnRow, batch_id: int) -> Verdict:
    if row.error:
        return Verdict(row, "unreadable", row.error)
    payout = payout_in(row.number, batch_id)
    if payout is None or payout.released_at is None:
        return Verdict(row, "unknown", "本批次没有这个发放单号，将列入资金异常")
    if payout.net_fen != row.amount_fen:
        return Verdict(row, "amount", "金额与发放单不符，将列入资金异常")
    if is_final(payout):
        is_same = (payout.status == PayoutStatus.PAID) == row.is_paid
        if is_same:
            return Verdict(row, "repeat", "此前已登记，不变")
        return Verdict(row, "contradiction", "与此前登记的结果相反，将列入资金异常")
    return Verdict(row, "paid", "登记为已付") if row.is_paid else _failed(row)


def _failed(row: ReturnRow) -> Verdict:
    return Verdict(row, "failed", f"登记为失败，款项退回可发余额（{row.reason or '未写原因'}）")


def _parsed(table: Sequence[Sequence[str]]) -> Iterator[ReturnRow]:
    """The rows below the heading that say an outcome; a row without one is still to come."""
    above, names = _heading(table)
    at = {name: names.index(name) for name in (NUMBER, AMOUNT, OUTCOME)}
    why = names.index(WHY) if WHY in names else None
    body = table[above + 1 :]
    if len(body) > ROWS_MAX:
        raise UnreadableFile(f"文件超过{ROWS_MAX}行")
    for line, cells in enumerate(body, above + 2):
        said = {name: plain_cell(cells, position) for name, position in at.items()}
        if said[NUMBER] and said[OUTCOME]:
            yield _row(line, said, plain_cell(cells, why) if why is not None else "")


def _heading(table: Sequence[Sequence[str]]) -> tuple[int, list[str]]:
    """Which row names the columns, and how; raises UnreadableFile without one."""
    for position, cells in enumerate(table):
        names = [cell.strip() for cell in cells]
        if NUMBER in names and OUTCOME in names and AMOUNT in names:
            return position, names
    raise UnreadableFile("文件中没有付款文件的列，请上传填好结果的付款文件")


def _row(line: int, said: dict[str, str], why: str) -> ReturnRow:
    error = ""
    amount_fen = 0
    try:
        amount_fen = fen_from_yuan(said[AMOUNT].replace(",", ""))
    except ValueError:
        error = "金额无法识别"
    if said[OUTCOME] not in (PAID_WORD, FAILED_WORD):
        error = f"结果须填“{PAID_WORD}”或“{FAILED_WORD}”"
    return ReturnRow(
        line=line,
        number=said[NUMBER][:32],
        amount_fen=amount_fen,
        is_paid=said[OUTCOME] == PAID_WORD,
        reason=why[:200],
        error=error,
    )
