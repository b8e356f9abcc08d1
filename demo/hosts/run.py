"""Trade over several hosts while one after the other goes silent; then what was lost is looked for."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
IN_FLIGHT_SECONDS: Final = 2.0  # what had reached the standby before is acknowledged within


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
    troubles = {
        name: _during(crowd, name, partial(trouble, stand, crowd))
        for name, trouble in TROUBLES.items()
    }
    sold = {name: each.orders for name, each in troubles.items()}
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
        "said_in_trouble": {name: each.said for name, each in troubles.items() if each.said},
        "compared": {name: each.found for name, each in told.items()},
    }


@dataclass(frozen=True, slots=True)
class Suffered:
    """What a trouble let through: orders during it and right after, and what else there is to say."""

    orders: int
    said: str


def _silent(host: str, stand: Stand, _crowd: Crowd) -> str:
    stand.network.cut(host)
    time.sleep(SILENT_SECONDS)
    stand.network.mend(host)
    return ""


def _without_standby(stand: Stand, crowd: Crowd) -> str:
    """The one standby is silent: nothing is acknowledged until a person lets the primary go on alone."""
    stand.network.cut(DATABASES[1])
    time.sleep(IN_FLIGHT_SECONDS)
    before = len(crowd.orders)
    time.sleep(SILENT_SECONDS)
    expect("orders acknowledged without a second copy", len(crowd.orders) - before, 0)
    waiting = stand.primary.commits_waiting()
    expect("commits wait", waiting > 0, True)
    seconds = stand.primary.go_alone()
    time.sleep(SILENT_SECONDS)
    alone = len(crowd.orders) - before
    expect("the primary goes on alone", alone > 0, True)
    stand.network.mend(DATABASES[1])
    stand.primary.acknowledge_by_standby()
    return (
        f"synchronous: {waiting} commits waited, none was acknowledged for {SILENT_SECONDS:.0f} s; "
        f"all went on {seconds:.2f} s after the standby's name was taken out, {alone} orders alone"
    )


def _fail_over(stand: Stand, _crowd: Crowd) -> str:
    """The primary goes silent with all it holds; it is switched off, and the standby promoted."""
    stand.network.cut(DATABASES[0])
    time.sleep(3.0)
    stand.stop_host(DATABASES[0])  # never two that take writes
    seconds = stand.standby.promote()
    stand.network.mend(DATABASES[0])
    time.sleep(SILENT_SECONDS)
    return f"promoted in {seconds:.2f} s"


TROUBLES: Final[Mapping[str, Callable[[Stand, Crowd], str]]] = {
    "a web host is silent": partial(_silent, WEB[0]),
    "a worker host is silent": partial(_silent, WORKERS[0]),
    "Valkey is silent": partial(_silent, "valkey"),
    "the standby is silent": _without_standby,
    "the primary is silent, the standby promoted": _fail_over,
}


def _during(crowd: Crowd, name: str, trouble: Callable[[], str]) -> Suffered:
    """How many orders were made during a trouble and right after it, and what it says of itself."""
    before, started = len(crowd.orders), time.monotonic()
    said = trouble()
    time.sleep(QUIET_SECONDS)
    count = len(crowd.orders) - before
    told = "; ".join(filter(None, (f"{name}: {count} orders meanwhile", said)))
    screen.done("trouble", time.monotonic() - started, told)
    return Suffered(count, said)


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
