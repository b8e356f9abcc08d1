"""Every page of the console there is a route for, with something to show on each."""

from collections.abc import Iterator, Mapping

from flask import Flask

from reconciliation.days import begin_day
from settlement.periods import open_periods
from tests.console.desk import Desk
from tests.console.owned import ON, Named, everything_owned
from tests.console.policies import drafted
from tests.console.test_rates import proposed
from tests.console.world import World
from tests.storefront.mall import product_of
from wx_backend import clock
from wx_backend.access import TABLE, Caller
from wx_backend.db import retried, transaction

# Files, pictures, and pages that are only there for a moment; the tests of each look at those.
NO_PAGE = {
    "console.account.factor",
    "console.archives.fetch",
    "console.campaign_lists.export",
    "console.campaign_people.export",
    "console.figures.export",
    "console.figures.export_rows",
    "console.imports.file_csv",
    "console.imports.file_xlsx",
    "console.orders.export",
    "console.pool.picture",
    "console.receipts.raw",
    "console.reconciliation.bill",
    "console.statements.raw",
    "console.statements.sheet",
    "console.statements.table",
}


def shown_on_pages(app: Flask, world: World) -> Mapping[str, Named]:
    """What each page shows, by endpoint or blueprint."""
    desk = Desk(app)
    desk.sign_in("root")
    proposal_id = int(proposed(desk).rpartition("/")[2])
    draft_id = int(drafted(desk).rpartition("/")[2])
    retried(lambda: open_periods(now=clock.now()))
    with transaction():
        begin_day(on=ON)
    product = product_of(world.wares.phone_id)
    manager = Desk(app)
    manager.sign_in("manager")
    manager.post(f"/products/{product}/skus/{world.wares.phone}/price", price="999", prepaid="0")
    return {
        **{name: each.named for name, each in everything_owned(world).items()},
        "figures": {"measure": "paid"},
        "kpis": {"key": "success"},
        "message_templates": {"account": "city", "event": "order_paid"},
        "periods": {"month": f"{clock.business_on(clock.now()):%Y-%m}"},
        "policies": {"draft_id": draft_id},
        "products": {"number": product},
        "product_editor": {"number": product},
        "rates": {"proposal_id": proposal_id},
        "console.reconciliation.show": {"day": ON.isoformat()},
        "skus": {"number": product, "sku": world.wares.phone},
    }


def pages(app: Flask, named: Mapping[str, Named]) -> Iterator[tuple[str, str]]:
    """Endpoint and address of every page for staff."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.endpoint):
        is_staffs = TABLE[rule.endpoint].caller is Caller.STAFF and "GET" in (rule.methods or ())
        if is_staffs and rule.endpoint not in NO_PAGE:
            known = named.get(rule.endpoint) or named.get(rule.endpoint.split(".")[1]) or {}
            values = {name: known[name] for name in rule.arguments}
            yield rule.endpoint, str(app.url_map.bind("localhost").build(rule.endpoint, values))
