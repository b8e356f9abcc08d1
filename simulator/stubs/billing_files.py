"""The night at the operator's billing system: files are read, and acknowledged line by line."""

import csv
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from flask import Blueprint

from simulator.clock import rfc3339
from simulator.control.frame import Control
from simulator.errors import Refused
from simulator.records import JSON
from simulator.stubs.billing import accept, refusal_of, signature
from simulator.world import World

HEADING = ("order_number", "result", "receipt_no", "reason", "decided_at")


@dataclass(frozen=True)
class Decision:
    """What billing says of one order."""

    number: str
    receipt_no: str = ""
    reason: str = ""

    def row(self, at: str) -> tuple[str, ...]:
        result = "accepted" if self.receipt_no else "refused"
        return self.number, result, self.receipt_no, self.reason, at


def control(world: World) -> Blueprint:
    """`POST /_sim/billing/night`: read what lies there and acknowledge it, as the mode wants it."""
    frame = Control("billing_files", world)

    @frame.route("POST", "/billing/night")
    def night() -> JSON:
        if not world.settings.billing_exchange:
            raise Refused("set billing_exchange first")
        folder = Path(world.settings.billing_exchange)
        names = sorted(path.name for path in (folder / "to_billing").glob("*.csv"))
        return {"files": [_work_off(world, folder, name) for name in names]}

    return frame.blueprint


def _work_off(world: World, folder: Path, name: str) -> JSON:
    source = folder / "to_billing" / name
    orders = _orders(source.read_bytes(), world.settings.billing_key)
    world.witness("billing.file", name=name, orders=sorted(orders))
    mode = world.settings.billing_mode
    if mode == "never":
        return {"name": name, "orders": len(orders), "acknowledgements": 0}
    said = [_decide(world, number, content) for number, content in orders.items()]
    if mode == "wrong":
        said = [Decision(f"{each.number}-X", each.receipt_no, each.reason) for each in said]
    raw = _written(world, said)
    copies = 2 if mode == "twice" else 1
    for copy in range(copies):
        target = folder / "from_billing" / f"{name}.ack{copy or ''}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(raw)
    source.unlink()
    return {"name": name, "orders": len(orders), "acknowledgements": copies}


def _orders(raw: bytes, key: str) -> dict[str, JSON]:
    """Orders by number, each as its heading names its fields. Raises Refused for a false file."""
    body, _, signed = raw.decode().rstrip("\n").rpartition(",")
    if not hmac.compare_digest(signature(key, f"{body},".encode()), signed):
        raise Refused("the file's signature does not fit")
    lines = list(csv.DictReader(StringIO(body.rpartition("\n")[0])))
    found: dict[str, JSON] = {}
    for line in lines:
        order = found.setdefault(line["order_number"], {"lines": [], **_head(line)})
        order["lines"].append({name: line[name] for name in line if name not in _head(line)})
    return found


def _head(line: dict[str, str]) -> JSON:
    return {"order_number": line["order_number"], "outlet_code": line["outlet_code"]}


def _decide(world: World, number: str, content: JSON) -> Decision:
    known = world.billing_orders.find(number)
    if known:
        return Decision(number, receipt_no=known.receipt_no)
    if refusal := refusal_of(world, content):
        return Decision(number, reason=refusal)
    return Decision(number, receipt_no=accept(world, content)[0].receipt_no)


def _written(world: World, said: Iterable[Decision]) -> bytes:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADING)
    rows = [each.row(rfc3339(world.now())) for each in said]
    writer.writerows(rows)
    body = f"{out.getvalue()}#,{len(rows)},0,"
    return f"{body}{signature(world.settings.billing_key, body.encode())}\n".encode()
