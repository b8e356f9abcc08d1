"""The page between choosing and ordering."""

import secrets
from collections.abc import Sequence

from flask import Blueprint, render_template, request

from flows.counter import CounterPage, counter_page
from orders.models import Delivery
from org.models import OrgNode, Tier
from org.queries import ancestors, node_by_code, nodes_under
from storefront import session
from storefront.arrival import promise_of
from storefront.showcase import RepPanel, adviser, variant_page
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import NotFound

bp = Blueprint("checkout", __name__)


@bp.get("/checkout")
def page() -> str:
    """Quantity, contact, the plan's user, and how the goods get to the buyer."""
    now = clock.now()
    product, variant = variant_page(request.args.get("sku", ""), now)
    if variant.is_sold_out:
        raise NotFound("商品已售罄")
    rep = adviser(session.carried_share(), now)
    return render_template(
        "storefront/checkout.html",
        page=product,
        variant=variant,
        rep=rep,
        needs_user=variant.has_user,
        needs_delivery=variant.has_goods,
        takes_number=variant.takes_number,
        outlets=pickup_outlets(rep),
        offer=_offer(request.args.get("counter", "")),
        promise=promise_of(variant.number, delivery=Delivery.COURIER),
        client_key=new_client_key(),
    )


def _offer(token: str) -> CounterPage | None:
    """The counter sale that is ordered here; without a token there is none."""
    if not token:
        return None
    viewer = session.member()
    return retried(
        lambda: counter_page(
            token,
            member_id=viewer.member_id,
            identity_id=viewer.identity_id,
            now=clock.now(),
        )
    )


def pickup_outlets(rep: RepPanel | None) -> Sequence[OrgNode]:
    """The outlets to fetch goods from: those of the adviser's city, his own first."""
    code = rep.outlet.code if rep else session.account().default_outlet
    home = node_by_code(code)
    if home is None:
        return []
    city = ancestors(home.id).get(Tier.CITY)
    around = nodes_under(city, tier=Tier.OUTLET) if city is not None else [home]
    is_open = [node for node in around if node.closed_on is None]
    return sorted(is_open, key=lambda node: (node.id != home.id, node.code))


def new_client_key() -> str:
    """What makes every repeat of one submit the same submit."""
    return secrets.token_hex(16)
