"""What a rep is credited with now: what was decided at the order, and what two persons gave on since."""

from datetime import datetime

from orders.credits import Credits
from referral.reassigning import last_given


def credits_of(rep_id: int) -> Credits:
    """The credits of a rep: of each line that was given on, the last word on him stands."""
    gained: dict[int, datetime] = {}
    lost: dict[int, datetime] = {}
    for line_id, given in last_given(rep_id).items():
        if given.decided_at is not None:
            (gained if given.to_rep_id == rep_id else lost)[line_id] = given.decided_at
    return Credits(rep_id, gained, lost)
