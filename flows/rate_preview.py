"""What a span of days would have cost under a proposed change: its paid lines counted both ways."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from flows.commission import above, facts_of, shares_of
from orders.models import OrderLine, SalesOrder
from orders.paid_lines import count_paid_lines, paid_lines
from org.models import Tier
from org.queries import ancestors
from settlement.changes.contents import RateWish
from settlement.changes.models import RatePreview, RateProposal, Subject
from settlement.changes.previews import add_line, begin_preview, preview_under_lock
from settlement.changes.queries import every_rate, proposal_of
from settlement.changes.trial import Trial, with_rate, without_rate
from settlement.rules import Rate
from wx_backend import clock
from wx_backend.clock import SHANGHAI
from wx_backend.errors import BadInput
from wx_backend.outbox import defer, job

BATCH: Final = 200
DAYS_MAX: Final = 400


def start_preview(
    *, proposal_id: int, first_on: date, last_on: date, staff_id: int, now: datetime
) -> int:
    """Have a span of (Shanghai) days counted under a proposal; the preview's id.

    Raises BadInput for a span that is too long or turned round, or a change that costs nothing.
    """
    proposal = proposal_of(proposal_id)
    if proposal.subject not in {Subject.RATE, Subject.RATE_END}:
        raise BadInput("这项变更不影响佣金金额，无需测算")
    if not 0 <= (last_on - first_on).days < DAYS_MAX:
        raise BadInput("日期范围不正确，最长400天", fields=["first_on", "last_on"])
    preview_id = begin_preview(
        proposal_id=proposal_id,
        span=(first_on, last_on),
        lines=count_paid_lines(since=_midnight(first_on), until=_midnight(last_on, days=1)),
        staff_id=staff_id,
        now=now,
    )
    defer(count_preview, preview_id=preview_id)
    return preview_id


@job("commission.preview")
def count_preview(*, preview_id: int) -> None:
    """Count the next batch of a preview's lines, and come back while there are more."""
    preview = preview_under_lock(preview_id)
    if preview is None or preview.done_at is not None:
        return
    state = preview.state
    batch = paid_lines(
        since=_midnight(preview.first_on),
        until=_midnight(preview.last_on, days=1),
        after=_place(state),
        limit=BATCH,
    )
    before, after = _trials(proposal_of(preview.proposal_id), preview, state)
    for order, line in batch:
        _count(preview, order, line, before, after)
    preview.lines_done += len(batch)
    if len(batch) < BATCH:
        preview.done_at, preview.state = clock.now(), {}
        return
    preview.state = _state(batch, before, after)
    defer(count_preview, preview_id=preview_id)


def _count(
    preview: RatePreview, order: SalesOrder, line: OrderLine, before: Trial, after: Trial
) -> None:
    shares = shares_of(line)
    facts = facts_of(order, line, shares)
    over = above(facts)
    city_id = ancestors(line.outlet_id).get(Tier.CITY) if line.outlet_id is not None else None
    add_line(
        preview_id=preview.id,
        order_line_id=line.id,
        places=(line.outlet_id, city_id),
        rep_id=shares[0].rep_id if shares else None,
        costs=(before.cost(facts, shares, over), after.cost(facts, shares, over)),
    )


def _trials(
    proposal: RateProposal, preview: RatePreview, state: dict[str, Any]
) -> tuple[Trial, Trial]:
    rates = every_rate()
    volumes = state.get("volumes", [{}, {}])
    wished = _wished(proposal, rates, preview.first_on)
    return Trial(rates, dict(volumes[0])), Trial(wished, dict(volumes[1]))


def _wished(proposal: RateProposal, rates: list[Rate], first_on: date) -> list[Rate]:
    """The rules as if the change had held over the whole span."""
    if proposal.subject == Subject.RATE_END:
        return without_rate(rates, proposal.content["rate_rule_id"])
    return with_rate(rates, RateWish.from_json(proposal.content).as_rate(first_on))


def _place(state: dict[str, Any]) -> tuple[datetime, int] | None:
    after = state.get("after")
    return (datetime.fromisoformat(after[0]), after[1]) if after else None


def _state(
    batch: Sequence[tuple[SalesOrder, OrderLine]], before: Trial, after: Trial
) -> dict[str, Any]:
    order, line = batch[-1]
    assert order.paid_at is not None  # noqa: S101 - paid lines only
    return {
        "after": [order.paid_at.isoformat(), line.id],
        "volumes": [before.volumes, after.volumes],
    }


def _midnight(day: date, *, days: int = 0) -> datetime:
    return datetime.combine(day + timedelta(days=days), time(), SHANGHAI)
