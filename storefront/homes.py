"""Where whoever looks belongs: whom he may ask, and the outlet that serves him; found once per request."""

from flask import g

from org.models import OrgNode
from org.queries import node_by_code
from storefront import session
from storefront.showcase import RepPanel, adviser
from wx_backend import clock


def my_adviser() -> RepPanel | None:
    """The rep to ask: who has the customers of the one whose link brought this browser."""
    if "adviser" not in g:
        g.adviser = adviser(session.carried_share(), clock.now())
    found: RepPanel | None = g.adviser
    return found


def home_outlet() -> str:
    """The code of the outlet this buyer belongs to: his adviser's, else the account's own."""
    rep = my_adviser()
    return rep.outlet.code if rep else session.account().default_outlet


def home_node() -> OrgNode | None:
    """The same outlet as a row, closed or not; None where there is none of that code."""
    if "home_node" not in g:
        g.home_node = node_by_code(home_outlet())
    found: OrgNode | None = g.home_node
    return found


def home_id() -> int | None:
    """The same outlet by its id; None where there is none of that code, or it is closed."""
    node = home_node()
    return node.id if node is not None and node.closed_on is None else None
