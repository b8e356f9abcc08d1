"""Scopes and filters made up at random, for every list that is asked with a scope: rows lie within it.

One query layer: each of these takes the places one may see as a query of its own, so that a list,
its count and its file cannot differ. Made up are unions of subtrees, loose sets of places, places that
are not there, a scope of nothing, and one of NULLs; texts hold what SQL and LIKE would like to read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Select, cast, false, null, or_, select

from campaigns.models import Campaign
from campaigns.queries import campaigns_of, count_campaigns
from fulfilment.queries import count_overdue, overdue_tasks
from orders.models import OrderLine, OrderStatus, SalesOrder
from orders.search import OrderFilter, count_found, order_ids, orders_found
from org.models import OrgNode, RepStatus
from org.queries import under
from org.roster import RepFilter, count_reps, reps_found
from payments.desk import count_exceptions, exceptions_within, refunds_within
from payments.models import ExceptionItem, Payment, Refund
from payments.proposals import waiting_proposals
from payments.ways_out import ways_out_waiting
from reconciliation.differences import DifferenceFilter, count_differences, differences_found
from reconciliation.models import DifferenceClass, DifferenceStatus
from settlement.payouts.queries import batches_within, count_batches
from settlement.statements.models import StatementOwner
from settlement.statements.queries import StatementFilter, count_statements, statements_found
from tests.conftest import Tally
from tests.console.owned import everything_owned, quiet_statement
from tests.console.world import World, order
from wx_backend import clock
from wx_backend.db import db

Scope = Select[int]
MANY = 1_000
TEXTS = ("", "OD", "RP", "ST", "爱", "%", "_", "\\", "' OR 1=1 --", '") OR ("1"="1', "🙂")


@dataclass(frozen=True, slots=True)
class Asked:
    """What else is asked for: a text, and a number that picks a value of each choice."""

    text: str
    pick: int

    def one_of(self, choices: Sequence[Any]) -> Any:
        """One of the choices, or None."""
        return [None, *choices][self.pick % (len(choices) + 1)]


@dataclass(frozen=True, slots=True)
class Found:
    """The places of each row of a list, and its count where the list has one."""

    places: Sequence[set[int]]
    count: int | None = None


def _orders(scope: Scope, asked: Asked) -> Found:
    wanted = OrderFilter(scope=scope, number=asked.text, status=asked.one_of([*OrderStatus]))
    found = orders_found(wanted, limit=MANY)
    return Found([_of_order(each.id) for each in found], count_found(wanted, limit=MANY))


def _reps(scope: Scope, asked: Asked) -> Found:
    wanted = RepFilter(scope, asked.text, asked.one_of([*RepStatus]))
    return Found([{each.outlet_id} for each in reps_found(wanted, limit=MANY)], count_reps(wanted))


def _exceptions(scope: Scope, _asked: Asked) -> Found:
    found = exceptions_within(order_ids(scope), limit=MANY)
    return Found([_of_item(each) for each in found], count_exceptions(order_ids(scope)))


def _refunds(scope: Scope, _asked: Asked) -> Found:
    return Found([_of_refund(each) for each in refunds_within(order_ids(scope), limit=MANY)])


def _proposals(scope: Scope, _asked: Asked) -> Found:
    found = waiting_proposals(order_ids(scope), limit=MANY)
    return Found([_of_order(each.order_id) for each in found])


def _ways_out(scope: Scope, _asked: Asked) -> Found:
    found = ways_out_waiting(order_ids(scope), limit=MANY)
    return Found([_of_refund(refund) for _, refund in found])


def _differences(scope: Scope, asked: Asked) -> Found:
    wanted = DifferenceFilter(
        scope=scope,
        kind=asked.one_of([*DifferenceClass]),
        status=asked.one_of([*DifferenceStatus]),
        owner_role=asked.text,
    )
    found = differences_found(wanted, limit=MANY)
    return Found([{each.owner_node_id or 0} for each in found], count_differences(wanted))


def _batches(scope: Scope, _asked: Asked) -> Found:
    found = batches_within(scope, limit=MANY)
    return Found([{each.node_id} for each in found], count_batches(scope))


def _statements(scope: Scope, asked: Asked) -> Found:
    wanted = StatementFilter(scope, None, asked.one_of([*StatementOwner]), asked.text)
    found = statements_found(wanted, limit=MANY)
    return Found([{each.node_id} for each, _ in found], count_statements(wanted))


def _campaigns(scope: Scope, _asked: Asked) -> Found:
    found: Sequence[Campaign] = campaigns_of(scope, limit=MANY)
    return Found([{each.node_id} for each in found], count_campaigns(scope))


def _overdue(scope: Scope, _asked: Asked) -> Found:
    later = clock.now() + timedelta(days=30)
    found = overdue_tasks(scope, now=later, limit=MANY)
    places = [{chain.outlet_id or 0, chain.pool_id or 0} for chain, _ in found]
    return Found(places, count_overdue(scope, now=later))


LISTS: dict[str, Callable[[Scope, Asked], Found]] = {
    "orders": _orders,
    "reps": _reps,
    "exceptions": _exceptions,
    "refunds": _refunds,
    "proposals": _proposals,
    "ways out": _ways_out,
    "differences": _differences,
    "batches": _batches,
    "statements": _statements,
    "campaigns": _campaigns,
    "overdue": _overdue,
}


def _of_order(order_id: int) -> set[int]:
    """The outlets that sold an order or hand it out."""
    fetched = db.session.get_one(SalesOrder, order_id).outlet_id
    sold = db.session.scalars(select(OrderLine.outlet_id).where(OrderLine.order_id == order_id))
    return {place for place in (fetched, *sold) if place is not None}


def _of_item(item: ExceptionItem) -> set[int]:
    return _of_order(db.session.get_one(Payment, item.payment_id).order_id)


def _of_refund(refund: Refund) -> set[int]:
    return _of_order(db.session.get_one(Payment, refund.payment_id).order_id)


@pytest.fixture
def busy(world: World) -> World:
    """Rows of every kind in the north, and some of each that the south has too."""
    everything_owned(world)
    order(world.bob, world.wares, world.tree.bay, key="at-the-bay")
    order(world.nora, world.wares, world.tree.hall, key="fetched-in-the-south")
    quiet_statement(
        world.alice_id,
        number="ST260228ALICE",
        rep_number=world.alice_number,
        outlet_id=world.tree.hall,
        month=2,
    )
    return world


def scopes(nodes: Sequence[int]) -> st.SearchStrategy[Scope]:
    """Ways to say which places somebody sees."""
    some = st.sets(st.sampled_from([*nodes, -1, 2**40]), max_size=4)
    loose = some.map(lambda ids: select(OrgNode.id).where(OrgNode.id.in_(ids)))
    trees = some.map(
        lambda ids: select(OrgNode.id).where(
            or_(false(), *(OrgNode.id.in_(under(each)) for each in sorted(ids)))
        )
    )
    nothing: list[Scope] = [
        select(OrgNode.id).where(false()),
        select(cast(null(), BigInteger)),
        under(-1),
    ]
    return st.one_of(loose, trees, st.sampled_from(nothing))


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("name", LISTS)
def test_rows_are_a_subset_of_the_scope(name: str, tally: Tally) -> None:
    nodes = db.session.scalars(select(OrgNode.id)).all()
    everywhere = select(OrgNode.id)
    assert LISTS[name](everywhere, Asked("", 0)).places, "nothing to be kept apart"
    tried = count()

    @given(scope=scopes(nodes), text=st.sampled_from(TEXTS), pick=st.integers(0, 20))
    @settings(
        max_examples=80, derandomize=True, suppress_health_check=list(HealthCheck), deadline=None
    )
    def hold(scope: Scope, text: str, pick: int) -> None:
        next(tried)
        mine = {each for each in db.session.scalars(scope) if each is not None}
        found = LISTS[name](scope, Asked(text, pick))
        assert all(places & mine for places in found.places), (mine, text, pick)
        assert found.count is None or found.count == len(found.places)

    hold()
    tally(next(tried))
