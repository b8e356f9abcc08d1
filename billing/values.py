"""What is handed over to billing, and what billing says to it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from wechat.reading import integer, rfc3339, string


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One order line as billing needs it; amounts in fen, codes as in force on the day.

    `user_phone` is the number the line is for; `prepaid_fen` is the part of `paid_fen` that we
    collected for billing.
    """

    position: int
    sku: str
    quantity: int
    paid_fen: int
    prepaid_fen: int
    developer_code: str = ""
    channel_code: str = ""
    staff_number: str = ""
    user_phone: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """One paid order. Billing knows it by `order_number`: a repeat activates nothing twice."""

    order_number: str
    outlet_code: str
    lines: tuple[Line, ...]

    def as_json(self) -> Mapping[str, Any]:
        """The body billing takes; equal orders give equal bodies."""
        return {
            "order_number": self.order_number,
            "outlet_code": self.outlet_code,
            "lines": [asdict(line) for line in self.lines],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Billing took the order and activates it: its receipt."""

    order_number: Annotated[str, string("order_number")]
    receipt_no: Annotated[str, string("receipt_no")]
    accepted_at: Annotated[datetime, rfc3339("accepted_at")]


class ServiceEvent(StrEnum):
    """What billing tells of a plan after it was activated."""

    FIRST_TOP_UP = "first_top_up"
    MONTH_ALIVE = "month_alive"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Something happened to an activated plan: the line by its position in the order.

    `month` counts the months a plan is still on, from 1; 0 for the other events.
    """

    event: ServiceEvent
    order_number: Annotated[str, string("order_number")]
    position: Annotated[int, integer("position")]
    happened_at: Annotated[datetime, rfc3339("happened_at")]
    month: Annotated[int, integer("month")] = 0


@dataclass(frozen=True, slots=True)
class Received:
    """Billing has the order and will send its receipt."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Billing will not take the order as it is; repeating it cannot help."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """No usable answer: billing may have the order or not. Hand it over again, unchanged."""

    reason: str


Answer = Accepted | Received | Refused | Unknown
