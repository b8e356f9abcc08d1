"""A paid line earns: who is credited, who is above them, and what the line is worth counting."""

from catalog.terms import contract_months
from flows.delivery import start_days
from orders.models import Fulfilment, OrderLine, SalesOrder
from orders.moves import locked_order
from orders.queries import lines_of_order
from org.models import Tier
from org.queries import ancestors, channel_class_of, successor_of
from referral.proofs import latest_attribution
from settlement.accruals import accrue
from settlement.cascade import Above
from settlement.models import Receiver, ShareRole
from settlement.queries import manager_of
from settlement.rules import LineFacts, Share
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.outbox import job

_TIERS = {
    Tier.OUTLET: Receiver.OUTLET,
    Tier.CITY: Receiver.CITY,
    Tier.PROVINCE: Receiver.PROVINCE,
}


@job("commission.accrue")
def accrue_commission(*, order_id: int) -> None:
    """Hold for everybody his part of what the order's lines bring; once per line."""
    now = clock.now()
    order = locked_order(order_id)
    for line in lines_of_order(order_id):
        shares = shares_of(line)
        facts = facts_of(order, line, shares)
        accrue(line=facts, shares=shares, above=above(facts), now=now)
        if line.fulfilled_at is not None:
            start_days(line_id=line.id, reached=Fulfilment(line.fulfilment), at=line.fulfilled_at)


def shares_of(line: OrderLine) -> list[Share]:
    """Who earns on the line, as its standing attribution says; nobody for an outlet's pool."""
    standing = latest_attribution(line.id)
    if standing is None:
        return []
    parts = (
        (standing.developer_rep_id, ShareRole.DEVELOPER, standing.developer_bp),
        (standing.acceptor_rep_id, ShareRole.ACCEPTOR, standing.acceptor_bp),
    )
    return [Share(rep_id, role, bp) for rep_id, role, bp in parts if rep_id is not None and bp]


def facts_of(order: SalesOrder, line: OrderLine, shares: list[Share]) -> LineFacts:
    """What commission on a paid line depends on; a pool's line is of no channel class."""
    assert order.paid_at is not None  # noqa: S101 - only paid orders are asked about
    return LineFacts(
        order_line_id=line.id,
        product_id=line.product_id,
        category_id=line.category_id,
        channel_class=channel_class_of(shares[0].rep_id) if shares else "",
        paid_fen=line.paid_fen,
        product_kind=line.product_kind,
        paid_at=order.paid_at,
        quantity=line.quantity,
        outlet_id=line.outlet_id,
        contract_months=contract_months(line.product_id),
    )


def above(line: LineFacts) -> Above:
    """The manager and the nodes above a line; nobody where it belongs to no outlet."""
    if line.outlet_id is None:
        return Above()
    tree = ancestors(line.outlet_id)
    nodes = {receiver: tree[tier] for tier, receiver in _TIERS.items() if tier in tree}
    return Above(_manager(line.outlet_id, line), nodes)


def _manager(outlet_id: int, line: LineFacts) -> int | None:
    """The outlet's manager of that day, unless he had left by then."""
    manager_id = manager_of(outlet_id, business_on(line.paid_at))
    if manager_id is None or successor_of(manager_id, line.paid_at).rep_id != manager_id:
        return None
    return manager_id
