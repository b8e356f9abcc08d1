"""Who is meant by a campaign, as data: conditions that must all hold."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from wx_backend.errors import BadInput

DAYS_MAX: Final = 3_650
ORDERED: Final = ("", "paid", "never")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Conditions over an account's people; an empty one (0, "") asks for nothing.

    `quiet_days`: no sign of life for at least so long. `plan_ends_days`: the contract of a plan ends
    within so many days from now. `is_list`: only those of an imported list.
    """

    rep_number: str = ""
    outlet_id: int = 0
    followed_days: int = 0
    scanned_days: int = 0
    ordered: str = ""
    ordered_days: int = 0
    product_number: str = ""
    plan_ends_days: int = 0
    seen_days: int = 0
    quiet_days: int = 0
    is_list: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it is stored: only what asks for something."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Segment":
        """The reverse of `as_json`. Raises BadInput for what no segment says."""
        known = {each.name: each.type for each in fields(cls)}
        if unknown := set(stored) - set(known):
            raise BadInput("没有这种人群条件", fields=sorted(unknown))
        segment = cls(**stored)
        days = (
            segment.followed_days,
            segment.scanned_days,
            segment.ordered_days,
            segment.plan_ends_days,
            segment.seen_days,
            segment.quiet_days,
        )
        if segment.ordered not in ORDERED or not all(0 <= each <= DAYS_MAX for each in days):
            raise BadInput("人群条件超出范围", fields=["segment"])
        return segment
