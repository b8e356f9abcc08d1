"""What a rep is credited with: what lines say, and what was given on since they were paid."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, or_

from orders.models import OrderLine


@dataclass(frozen=True, slots=True)
class Credits:
    """Whose credit is meant, and which lines' developer's part he gained and lost since: line -> when."""

    rep_id: int
    gained: Mapping[int, datetime] = field(default_factory=dict)
    lost: Mapping[int, datetime] = field(default_factory=dict)

    def develops(self, line: OrderLine) -> bool:
        """Whether the developer's part of a line is the rep's now."""
        return line.id in self.gained or (
            line.developer_rep_id == self.rep_id and line.id not in self.lost
        )

    def has(self, line: OrderLine) -> bool:
        """Whether a line is credited to the rep now, as developer or acceptor."""
        return self.develops(line) or line.acceptor_rep_id == self.rep_id


def is_developed_by(credited: Credits) -> ColumnElement[bool]:
    """`Credits.develops` as a condition on lines."""
    is_his: ColumnElement[bool] = OrderLine.developer_rep_id == credited.rep_id
    if credited.lost:
        is_his &= OrderLine.id.not_in([*credited.lost])
    return or_(is_his, OrderLine.id.in_([*credited.gained])) if credited.gained else is_his


def is_credited_to(credited: Credits) -> ColumnElement[bool]:
    """`Credits.has` as a condition on lines."""
    return or_(is_developed_by(credited), OrderLine.acceptor_rep_id == credited.rep_id)
