"""Rules of paying out as pure functions: what is kept back, who cannot be paid, what states mean."""

from dataclasses import dataclass
from typing import Final

from settlement.payouts.models import PayoutStatus
from wx_backend.money import of_rate, split

FINAL: Final = frozenset({PayoutStatus.PAID, PayoutStatus.FAILED, PayoutStatus.CANCELLED})
SETTLED: Final = FINAL | {
    PayoutStatus.LEFT_OUT,
    PayoutStatus.REJECTED,
    PayoutStatus.WITHDRAWN,
}
UNDER_WAY: Final = frozenset(
    {PayoutStatus.READY, PayoutStatus.ASKING, PayoutStatus.UNKNOWN, PayoutStatus.SENT}
)
LEAST_TRANSFER_FEN: Final = 10  # WeChat Pay, "transfer to user": from 0.10 yuan
NAME_FROM_FEN: Final = 200_000  # the same: a single transfer of 2,000 yuan needs the real name
PARTS_MAX: Final = 20  # each waits for a tap of its own
OUTCOMES: Final = {
    "SUCCESS": PayoutStatus.PAID,
    "FAIL": PayoutStatus.FAILED,
    "CANCELLED": PayoutStatus.CANCELLED,
}
"""The final states of a transfer; every other state may still pay."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a batch pays from and keeps back: fen and basis points."""

    minimum_fen: int
    fee_fen: int = 0
    tax_bp: int = 0


@dataclass(frozen=True, slots=True)
class Amounts:
    """What leaves the free balance (gross), what is kept back, what arrives (net), in fen."""

    gross_fen: int
    tax_fen: int
    fee_fen: int

    @property
    def net_fen(self) -> int:
        return self.gross_fen - self.tax_fen - self.fee_fen


def amounts_of(free_fen: int, terms: Terms) -> Amounts:
    """All that is free, less tax (cut to whole fen) and the fee."""
    return Amounts(free_fen, of_rate(free_fen, terms.tax_bp), terms.fee_fen)


def too_little(amounts: Amounts, terms: Terms) -> str:
    """Why so little is not paid out; empty when it is enough."""
    if amounts.gross_fen < terms.minimum_fen:
        return "低于起付金额"
    return "" if amounts.net_fen > 0 else "扣除税费后没有余额"


@dataclass(frozen=True, slots=True)
class Limits:
    """What WeChat Pay transfers to one person, as granted: at once, and in a day. Fen."""

    single_fen: int
    day_fen: int

    @property
    def person_fen(self) -> int:
        """What one person is sent in a day: one transfer at least."""
        return max(self.single_fen, self.day_fen)


def no_transfer(net_fen: int, limits: Limits) -> str:
    """Why WeChat Pay would not transfer such an amount; empty when it would, in parts perhaps."""
    if net_fen < LEAST_TRANSFER_FEN:
        return "低于微信转账的最低金额"
    if net_fen > limits.person_fen:
        return "超过微信转账对一人一天的限额"
    if transfers_for(net_fen, limits) > PARTS_MAX:
        return f"超过微信转账的单笔限额，分 {PARTS_MAX} 笔也发不完"
    return ""


def is_for_another_day(net_fen: int, sent_fen: int, limits: Limits) -> bool:
    """Whether a transfer is too much for a day on which its receiver was sent something already."""
    return sent_fen > 0 and sent_fen + net_fen > limits.person_fen


def transfers_for(net_fen: int, limits: Limits) -> int:
    """In how many transfers an amount leaves, each within the limit of a single one."""
    return -(-net_fen // limits.single_fen)


def parted(amounts: Amounts, parts: int) -> list[Amounts]:
    """A payment in so many parts, as equal as whole fen allow; every sum stays what it was.

    Equal, because a small rest might be below what is transferred at all.
    """
    if parts == 1:
        return [amounts]  # of whoever is left out, less than nothing perhaps
    shares = (
        split(fen, [1] * parts) for fen in (amounts.net_fen, amounts.tax_fen, amounts.fee_fen)
    )
    return [Amounts(net + tax + fee, tax, fee) for net, tax, fee in zip(*shares, strict=True)]
