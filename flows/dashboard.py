"""The day so far, for one node of the organisation: what was sold, who came, what waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flows.figures.pages import Change, changes
from flows.repair import TABLES
from insights.values import Span
from org.roster import holds_everything
from wx_backend.backlog import Backlog, backlog_of
from wx_backend.clock import business_on


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Today beside yesterday; the backlog only for those who see everything, else empty."""

    span: Span
    changes: Sequence[Change]
    backlog: Mapping[str, Backlog]


def dashboard(node_id: int, now: datetime) -> Dashboard:
    """The figures of a node and everything below it, as they were counted last."""
    today = business_on(now)
    span = Span(today, today)
    return Dashboard(
        span=span,
        changes=changes(node_id, span),
        backlog=_backlog(now) if holds_everything(node_id) else {},
    )


def _backlog(now: datetime) -> dict[str, Backlog]:
    return {label: backlog_of(table, now) for label, table in TABLES.items()}
