"""Trade over several hosts while one after the other goes silent; then what was lost is looked for."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from demo import screen
from demo.chaos.crowd import Crowd
from demo.chaos.leads import leads, offers
from demo.chaos.settling import drain
from demo.hosts.rates import rates
from demo.hosts.stand import DATABASES, WEB, WORKERS, Stand
from demo.story.checks import CHECKS
from demo.story.frame import Story, expect
from demo.story.telling import named, tell

QUIET_SECONDS: Final = 8.0
SILENT_SECONDS: Final = 15.0


def trade_through_silence(story: Story, stand: Stand, *, seed: int) -> dict[str, Any]:
    """People buy, scan and take back while hosts fail; what the one JSON line says of it."""
    added = rates(story, stand)
    for name, rate in added.items():
        screen.note("rate", f"{name}: {rate}/s")
    for host in (*WEB, *WORKERS):
        stand.network.limit(host, None)
    crowd = Crowd(story, leads(story), offers(story), seed)
    crowd.start()
    time.sleep(QUIET_SECONDS)
    sold = {
        name: _during(crowd, name, partial(trouble, stand)) for name, trouble in TROUBLES.items()
    }
    crowd.leave()
    drain(story)
    for number in [*crowd.unproven]:
        crowd.prove(number)
    drain(story)

    def as_promised(story: Story) -> str:
        """Whoever paid is known to have paid; every order is the rep's whose link brought its buyer."""
        return _as_promised(story, crowd)

    told = tell(story, named([*CHECKS, as_promised]))
    expect(
        "somebody bought in every trouble", [name for name, count in sold.items() if not count], []
    )
    return {
        "hosts": added,
        "is_limited": stand.is_limited,
        "orders": len(crowd.orders),
        "paid": len(crowd.paid),
        "scans": crowd.scans,
        "promises": len(story.journal),
        "orders_in_trouble": sold,
        "compared": {name: each.found for name, each in told.items()},
    }


def _silent(stand: Stand, host: str) -> None:
    stand.network.cut(host)
    time.sleep(SILENT_SECONDS)
    stand.network.mend(host)


def _fail_over(stand: Stand) -> None:
    """The primary goes silent with all it holds; it is switched off, and the standby promoted."""
    stand.network.cut(DATABASES[0])
    time.sleep(3.0)
    stand.stop_host(DATABASES[0])  # never two that take writes
    seconds = stand.standby.promote()
    screen.note(DATABASES[1], f"promoted in {seconds:.2f} s")
    stand.network.mend(DATABASES[0])
    time.sleep(SILENT_SECONDS)


TROUBLES: Final[Mapping[str, Callable[[Stand], None]]] = {
    "a web host is silent": lambda stand: _silent(stand, WEB[0]),
    "a worker host is silent": lambda stand: _silent(stand, WORKERS[0]),
    "Valkey is silent": lambda stand: _silent(stand, "valkey"),
    "the primary is silent, the standby promoted": _fail_over,
}


def _during(crowd: Crowd, name: str, trouble: Callable[[], None]) -> int:
    """How many orders were made during a trouble and right after it."""
    before, started = len(crowd.orders), time.monotonic()
    trouble()
    time.sleep(QUIET_SECONDS)
    count = len(crowd.orders) - before
    screen.done("trouble", time.monotonic() - started, f"{name}: {count} orders meanwhile")
    return count


def _as_promised(story: Story, crowd: Crowd) -> str:
    rows = story.rows(
        "SELECT number, paid_at, developer_rep_id AS rep FROM sales_order"
        " JOIN order_line ON order_line.order_id = sales_order.id"
    )
    credited = {row["number"]: row["rep"] for row in rows if row["number"] in crowd.orders}
    expect("who is credited", credited, crowd.orders)
    paid = {row["number"] for row in rows if row["paid_at"] is not None}
    expect("paid, not known as paid", crowd.paid - paid, set())
    return f"{len(credited)} orders, {len(paid)} paid"
