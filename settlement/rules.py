"""Rules of commission as pure functions: which rate, how much, whose part, how much goes back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from settlement.models import ShareRole
from wx_backend.clock import business_on
from wx_backend.money import of_rate, split

WHOLE_BP = 10_000
ROLES = tuple(ShareRole)


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What commission depends on, as frozen on the order line when it was paid.

    `channel_class` is that of the outlet the line belongs to; `product_kind` decides vesting.
    """

    order_line_id: int
    product_id: int
    category_id: int
    channel_class: str
    paid_fen: int
    product_kind: str
    paid_at: datetime
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Share:
    """A rep's part in a line, in basis points of its commission."""

    rep_id: int
    role: ShareRole
    share_bp: int


@dataclass(frozen=True, slots=True)
class Scope:
    """What a rate is meant for: one product, or one category, or anything; None means any."""

    product_id: int | None = None
    category_id: int | None = None
    channel_class: str | None = None

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

    It ends before `valid_until`; None means never.
    """

    id: int
    scope: Scope
    rate_bp: int | None
    piece_fen: int | None
    valid_from: date
    valid_until: date | None

    def fits(self, line: LineFacts) -> bool:
        """Whether the rate covers this line and was valid on the day it was paid."""
        day = business_on(line.paid_at)
        is_valid = self.valid_from <= day and (self.valid_until is None or day < self.valid_until)
        return is_valid and self.scope.covers(line)


def rate_of(line: LineFacts, rates: Iterable[Rate]) -> Rate | None:
    """The narrowest rate that fits the line; None when it brings nothing.

    Rates of the same narrowness never overlap, so the choice does not depend on their order.
    """
    fitting = [rate for rate in rates if rate.fits(line)]
    return max(fitting, key=lambda rate: rate.scope.narrowness, default=None)


def commission_of(line: LineFacts, rate: Rate) -> int:
    """What a line brings in fen: of what was really paid for it, cut to whole fen; or per piece."""
    if rate.rate_bp is not None:
        return of_rate(line.paid_fen, rate.rate_bp)
    return (rate.piece_fen or 0) * line.quantity


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
