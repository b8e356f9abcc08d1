"""Rules of commission as pure functions: which rate, how much, whose part, how much goes back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from settlement.models import Receiver, ShareRole, VolumeOf
from wx_backend.clock import business_on
from wx_backend.money import of_rate, split

WHOLE_BP = 10_000
ROLES = tuple(ShareRole)


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What commission depends on, as frozen on the order line when it was paid.

    `channel_class` is that of the outlet the line belongs to; `product_kind` decides vesting.
    `contract_months` is how long a plan binds its user, 0 without a contract.
    """

    order_line_id: int
    product_id: int
    category_id: int
    channel_class: str
    paid_fen: int
    product_kind: str
    paid_at: datetime
    quantity: int = 1
    outlet_id: int | None = None
    contract_months: int = 0

    @property
    def month_on(self) -> date:
        """The first day of the Shanghai month the line was paid in."""
        return business_on(self.paid_at).replace(day=1)


@dataclass(frozen=True, slots=True)
class Share:
    """A rep's part in a line, in basis points of its commission."""

    rep_id: int
    role: ShareRole
    share_bp: int


@dataclass(frozen=True, slots=True)
class Scope:
    """What a rate is meant for: one product, or one category, or anything; None means any.

    `receiver` is whose rate it is.
    """

    product_id: int | None = None
    category_id: int | None = None
    channel_class: str | None = None
    receiver: Receiver = Receiver.REP

    def covers(self, line: LineFacts) -> bool:
        """Whether the line is of this product, category and channel class."""
        return (
            self.product_id in (None, line.product_id)
            and self.category_id in (None, line.category_id)
            and self.channel_class in (None, line.channel_class)
        )

    @property
    def narrowness(self) -> tuple[bool, bool, bool]:
        """Orders scopes: a product before a category before anything; then a channel class."""
        return (
            self.product_id is not None,
            self.category_id is not None,
            self.channel_class is not None,
        )


ANYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Rate:
    """A dated rate, in basis points of the price or in fen per piece.

    It ends before `valid_until`; None means never. `tiers` are `(from, rate)`, ascending: from so
    much of the month's volume of `volume_of` on, another rate holds for what is beyond.
    """

    id: int
    scope: Scope
    rate_bp: int | None
    piece_fen: int | None
    valid_from: date
    valid_until: date | None
    volume_of: VolumeOf | None = None
    tiers: tuple[tuple[int, int], ...] = ()

    def fits(self, line: LineFacts) -> bool:
        """Whether the rate covers this line and was valid on the day it was paid."""
        day = business_on(line.paid_at)
        is_valid = self.valid_from <= day and (self.valid_until is None or day < self.valid_until)
        return is_valid and self.scope.covers(line)

    def counts(self, line: LineFacts) -> int:
        """How much of the month's volume a line is: fen for basis points, else pieces."""
        return line.paid_fen if self.rate_bp is not None else line.quantity


def rate_of(
    line: LineFacts, rates: Iterable[Rate], receiver: Receiver = Receiver.REP
) -> Rate | None:
    """The narrowest rate of a receiver that fits the line; None when it brings him nothing.

    Rates of the same narrowness never overlap, so the choice does not depend on their order.
    """
    fitting = [rate for rate in rates if rate.scope.receiver == receiver and rate.fits(line)]
    return max(fitting, key=lambda rate: rate.scope.narrowness, default=None)


def commission_of(line: LineFacts, rate: Rate, *, volume_before: int = 0) -> int:
    """What a line brings in fen: of what was really paid for it, cut to whole fen; or per piece.

    With tiers it is what the month's volume brings with the line less what it brought without:
    the sum over a month is exact and the same in whatever order its lines are counted.
    """
    if rate.tiers:
        after = volume_before + rate.counts(line)
        return _of_volume(rate, after) - _of_volume(rate, volume_before)
    if rate.rate_bp is not None:
        return of_rate(line.paid_fen, rate.rate_bp)
    return (rate.piece_fen or 0) * line.quantity


def _of_volume(rate: Rate, volume: int) -> int:
    """What a whole month's volume brings under a rate with tiers, each tier at its own rate."""
    base = rate.rate_bp if rate.rate_bp is not None else rate.piece_fen or 0
    steps = [(0, base), *rate.tiers, (max(volume, rate.tiers[-1][0]), 0)]
    total = sum(
        value * max(0, min(volume, end) - start) for (start, value), (end, _) in pairwise(steps)
    )
    return total // WHOLE_BP if rate.rate_bp is not None else total


def differences(amounts: Iterable[int]) -> list[int]:
    """What each tier gets of amounts told from the counter upwards: what is above all before it.

    Never negative, and together exactly the highest of them: nothing is paid twice.
    """
    highest, parts_ = 0, []
    for amount_fen in amounts:
        parts_.append(max(0, amount_fen - highest))
        highest = max(highest, amount_fen)
    return parts_


def parts(commission_fen: int, shares: Iterable[Share]) -> dict[Share, int]:
    """Each share's fen, the developer first, who also gets the fen that does not divide.

    What is shared to nobody is nobody's. Raises ValueError for a role named twice, an empty
    share, or more than the whole.
    """
    ordered = sorted(shares, key=lambda share: ROLES.index(share.role))
    rest_bp = WHOLE_BP - sum(share.share_bp for share in ordered)
    roles = {share.role for share in ordered}
    if rest_bp < 0 or len(roles) != len(ordered) or any(share.share_bp <= 0 for share in ordered):
        raise ValueError("shares need different roles and at most the whole")
    amounts = split(commission_fen, [*(share.share_bp for share in ordered), rest_bp])
    return dict(zip(ordered, amounts, strict=False))


def taken_back(amount_fen: int, *, refunded_fen: int, paid_fen: int) -> int:
    """How much of a commission is gone once `refunded_fen` of `paid_fen` are refunded in all.

    In proportion, cut to whole fen. Computed from the sum of all refunds so far, it is the same
    however the refunds were cut up, and all of it when everything is refunded.
    """
    return amount_fen * refunded_fen // paid_fen
