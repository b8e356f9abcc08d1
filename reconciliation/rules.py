"""Pure rules of reconciliation: two sorted legs side by side, and what their rows disagree about.

Nothing here knows a database: legs are streams sorted by number, so that a day of any size is
compared without holding it.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

from reconciliation.models import DifferenceClass, TradeKind
from reconciliation.values import Booked, Finding, Here, Moved, There, subject_of

Left = TypeVar("Left", bound=tuple[Any, ...])
Right = TypeVar("Right", bound=tuple[Any, ...])
Pair = tuple[str, list[Left], list[Right]]

E5_OF_FEN = 1_000  # a bill prints fees in hundred-thousandths of a yuan
PAID = "succeeded"
# How a refund may stand with us while the bill, frozen when the refund was accepted, says this.
REFUND_FITS = {
    "SUCCESS": frozenset({"succeeded"}),
    "FAIL": frozenset({"closed"}),
    "CHANGE": frozenset({"abnormal", "processing", "unknown", "requested", "succeeded"}),
    "PROCESSING": frozenset({"requested", "unknown", "processing", "abnormal", "succeeded", "closed"}),
}  # fmt: skip
_number = attrgetter("number")


def side_by_side(left: Iterable[Left], right: Iterable[Right]) -> Iterator[Pair[Left, Right]]:
    """Both legs by number: every number of either once, with its rows on each side.

    Both must be sorted by number in the order of Python's strings. Raises ValueError otherwise.
    """
    lefts, rights = _grouped(left), _grouped(right)
    one, other = next(lefts, None), next(rights, None)
    while one or other:
        if other is None or (one and one[0] < other[0]):
            assert one  # noqa: S101 - one of both is there
            yield one[0], one[1], []
            one = next(lefts, None)
        elif one is None or other[0] < one[0]:
            yield other[0], [], other[1]
            other = next(rights, None)
        else:
            yield one[0], one[1], other[1]
            one, other = next(lefts, None), next(rights, None)


def _grouped(rows: Iterable[Left]) -> Iterator[tuple[str, list[Left]]]:
    before = ""
    for number, group in groupby(rows, key=_number):
        if number < before:
            raise ValueError("a leg is not sorted")
        before = number
        yield number, list(group)


def trade_findings(there: list[There], here: Here) -> Iterator[Finding]:
    """What bill and books disagree about under one number that both know."""
    row = there[0]
    subject, evidence = subject_of(row.kind, row.number), evidence_of(row, here)
    if row.amount_fen != here.amount_fen or row.currency not in ("", here.currency):
        yield Finding(
            DifferenceClass.AMOUNT_DIFFERS,
            subject,
            row.amount_fen,
            here.amount_fen,
            here.order_id,
            evidence,
        )
    elif not _state_fits(row, here):
        yield Finding(
            DifferenceClass.STATE_DIFFERS,
            subject,
            row.amount_fen,
            here.amount_fen,
            here.order_id,
            evidence,
        )
    yield from duplicates(there, here.order_id)


def duplicates(there: list[There], order_id: int | None = None) -> Iterator[Finding]:
    """The bill has one number more than once: the same row again, or another transaction."""
    copies = sum(row.copies for row in there)
    if copies > 1:
        row = there[0]
        yield Finding(
            DifferenceClass.DUPLICATE,
            subject_of(row.kind, row.number),
            sum(each.amount_fen * each.copies for each in there),
            row.amount_fen,
            order_id,
            {"copies": copies, "platform_ids": [each.platform_id for each in there]},
        )


def missing_here(row: There) -> Finding:
    """The bill has what nobody here knows."""
    return Finding(
        DifferenceClass.MISSING_HERE,
        subject_of(row.kind, row.number),
        row.amount_fen,
        evidence=evidence_of(row, None),
    )


def missing_there(kind: TradeKind, here: Here) -> Finding:
    """Our books have what the bill does not."""
    return Finding(
        DifferenceClass.MISSING_THERE,
        subject_of(kind, here.number),
        ours_fen=here.amount_fen,
        order_id=here.order_id,
        evidence={"state": here.state, "platform_id": here.platform_id},
    )


def evidence_of(row: There, here: Here | None) -> dict[str, Any]:
    """What a person needs to see of both sides."""
    theirs = {
        "platform_id": row.platform_id,
        "payment_number": row.payment_number,
        "state": row.state,
        "traded_at": row.traded_at.isoformat(),
        "currency": row.currency,
    }
    if here is None:
        return {"theirs": theirs}
    return {"theirs": theirs, "ours": {"platform_id": here.platform_id, "state": here.state}}


def needs_settling(row: There, here: Here | None) -> bool:
    """Whether the bill tells something our books do not say yet."""
    return here is None or not _state_fits(row, here)


def _state_fits(row: There, here: Here) -> bool:
    if row.kind == TradeKind.PAYMENT:
        return here.state == PAID and here.platform_id == row.platform_id
    fits = REFUND_FITS.get(row.state)
    return fits is not None and here.state in fits


def fund_findings(
    pairs: Iterable[Pair[There, Moved]], untraded: Callable[[Moved], None]
) -> Iterator[Finding]:
    """Where the account moved by something else than what was traded less the fee.

    Pairs are by number of the platform. `untraded` is told what moved without a row of trade:
    withdrawals, top-ups, and trade that the bill lacks.
    """
    for number, there, moved in pairs:
        if not there:
            untraded(moved[0])
            continue
        expected = _expected_e5(there[0])
        actual = moved[0].amount_fen * E5_OF_FEN if moved else 0
        if expected is None or (moved and abs(actual - expected) < E5_OF_FEN):
            continue
        if there[0].kind == TradeKind.REFUND and actual == 0 and there[0].state == "FAIL":
            continue
        yield Finding(
            DifferenceClass.FEE_DIFFERS,
            f"fund:{number}",
            moved[0].amount_fen if moved else None,
            (expected + E5_OF_FEN // 2) // E5_OF_FEN,
            evidence={"number": there[0].payment_number, "fee_e5": there[0].fee_e5},
        )


def _expected_e5(row: There) -> int | None:
    """By how much the account must have moved: the amount less the fee; a refund's fee is negative."""
    if row.fee_e5 is None:
        return None
    sign = 1 if row.kind == TradeKind.PAYMENT else -1
    return sign * row.amount_fen * E5_OF_FEN - row.fee_e5


def ledger_findings(pairs: Iterable[Pair[Booked, Booked]], kind: TradeKind) -> Iterator[Finding]:
    """Where the clearing account and the payments (or refunds) settled that day disagree."""
    for number, here, booked in pairs:
        ours = sum(each.amount_fen for each in here)
        theirs = sum(each.amount_fen for each in booked)
        if ours != theirs or len(booked) > 1:
            yield Finding(
                DifferenceClass.LEDGER_DIFFERS,
                subject_of(kind, number),
                ours_fen=ours,
                theirs_fen=theirs,
                evidence={"postings": len(booked)},
            )
