"""The day so far, for one node of the organisation: what was sold, who came, what waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from flows.repair import TABLES
from orders.figures import SpanFigures, figures_between
from org.queries import under
from org.roster import holds_everything, rep_ids
from referral.figures import Contacts, contacts_between
from wx_backend.backlog import Backlog, backlog_of
from wx_backend.clock import SHANGHAI, business_on


@dataclass(frozen=True, slots=True)
class Day:
    """One Shanghai day of a node."""

    sales: SpanFigures
    contacts: Contacts


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Today beside yesterday; the backlog only for those who see everything, else empty."""

    today: Day
    yesterday: Day
    backlog: Mapping[str, Backlog]


def dashboard(node_id: int, now: datetime) -> Dashboard:
    """The figures of a node and everything below it."""
    midnight = datetime.combine(business_on(now), time(), SHANGHAI)
    length = timedelta(days=1)
    return Dashboard(
        today=_day(node_id, midnight, length),
        yesterday=_day(node_id, midnight - length, length),
        backlog=_backlog(now) if holds_everything(node_id) else {},
    )


def _backlog(now: datetime) -> dict[str, Backlog]:
    return {label: backlog_of(table, now) for label, table in TABLES.items()}


def _day(node_id: int, begins: datetime, length: timedelta) -> Day:
    scope = under(node_id)
    return Day(
        sales=figures_between(scope, begins, begins + length),
        contacts=contacts_between(rep_ids(scope), begins, begins + length),
    )
