"""Every contact of a buyer that was known when a line was decided is on its receipt: looked for without the service's words."""

import json
from collections import defaultdict
from collections.abc import Collection
from typing import Final

from sqlalchemy import text

from demo.story.credit import NEWEST
from demo.story.frame import Story, expect
from flows.attribution import case_today, credited, standing_of, with_newcomers
from flows.confirmed_acts import own_acts
from orders.models import OrderLine
from orders.queries import order_by_id
from referral.disputes import disputes_of_lines
from referral.proofs import as_values, receipt_of_line
from referral.queries import touches_by_id
from referral.replay import frozen_in
from referral.rules import decide
from wx_backend.db import db

# Who was joined to the buyer, or whose browser was found to be his, after the decision had no say in it.
KNOWN: Final = f"""
    SELECT order_line.id AS line_id, order_line.order_id, touch.id AS touch_id, touch.key
    FROM order_line
    JOIN sales_order ON sales_order.id = order_line.order_id
    JOIN ({NEWEST}) AS newest ON newest.order_line_id = order_line.id
    JOIN attribution ON attribution.order_line_id = newest.order_line_id
     AND attribution.version = newest.version
    JOIN identity AS buyer ON buyer.id = sales_order.identity_id
    JOIN identity AS own ON own.id = buyer.id OR (own.member_id = buyer.member_id AND NOT EXISTS
     (SELECT 1 FROM identity_link AS joined WHERE joined.member_id IS NOT NULL
      AND joined.identity_id IN (own.id, buyer.id) AND joined.linked_at > attribution.decided_at))
    JOIN touch ON touch.identity_id = own.id OR touch.visitor_id IN
     (SELECT seen.visitor_id FROM identity_link AS seen WHERE seen.identity_id = own.id
      AND seen.visitor_id IS NOT NULL AND seen.undone_at IS NULL
      AND seen.linked_at <= attribution.decided_at)
    WHERE touch.known_at <= attribution.decided_at AND NOT EXISTS
     (SELECT 1 FROM touch_withdrawal WHERE touch_withdrawal.touch_id = touch.id)
"""  # noqa: S608 - our own text


def receipts_list_every_contact(story: Story) -> str:
    """What a receipt leaves out would have changed nothing, or somebody was asked to look at it."""
    with story.ours():
        left = left_out()
        wrong = {line_id: ids for line_id, ids in left.items() if not _is_harmless(line_id, ids)}
        known = db.session.execute(text(KNOWN)).all()
    expect("contacts that receipts leave out although they count", wrong, {})
    return f"{len(known)} contacts of {len({row.line_id for row in known})} lines, {len(left)} left out"


def left_out() -> dict[int, list[int]]:
    """By line, the contacts of its buyer that were known when it was last decided, and are not on its receipt."""
    found = defaultdict[int, list[int]](list)
    for row in db.session.execute(text(KNOWN)).all():
        _, listed = frozen_in(json.loads(receipt_of_line(row.line_id).body))
        if row.touch_id not in listed and bytes(row.key) not in own_acts(
            row.order_id, [row.line_id]
        ):
            found[row.line_id].append(row.touch_id)
    return dict(found)


def _is_harmless(line_id: int, ids: Collection[int]) -> bool:
    """Whether the same people are credited with these too; or a dispute is about the line."""
    line = db.session.get_one(OrderLine, line_id)
    order = order_by_id(line.order_id)
    assert order is not None  # noqa: S101 - the line's own
    placed, listed = frozen_in(json.loads(receipt_of_line(line_id).body))
    touches = as_values(touches_by_id(listed | {*ids}))
    today = case_today(order, line, touches)
    again = decide(touches, with_newcomers(placed, today.facts), today.policy)
    return credited(again) == credited(standing_of(line)) or bool(disputes_of_lines([line_id]))
