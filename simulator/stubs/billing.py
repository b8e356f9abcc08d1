"""The operator's billing system: takes orders, answers and perhaps calls back with a receipt."""

import hashlib
import hmac
import json
import time

from flask import Blueprint, Response, request

from simulator import outgoing
from simulator.clock import rfc3339
from simulator.pay_records import BillingOrder
from simulator.records import JSON
from simulator.wire import serve
from simulator.workings import Task
from simulator.world import World

SIGNATURE = "X-Billing-Signature"
_CALLBACK_LADDER = (5, 30, 60, 300)


def blueprint(world: World) -> Blueprint:
    """`POST /billing/orders` (signed) and `GET /billing/orders`."""
    billing = Blueprint("billing", __name__)

    @billing.post("/billing/orders")
    def take() -> Response:
        return serve(world, lambda: _take(world), _refused)

    @billing.get("/billing/orders")
    def listed() -> Response:
        with world.acting():
            rows = [receipt_of(order) | {"order": order.content} for order in world.billing_orders]
        return _json({"orders": rows})

    return billing


def signature(key: str, raw: bytes) -> str:
    """Hex HMAC-SHA256 over the raw body."""
    return hmac.new(key.encode(), raw, hashlib.sha256).hexdigest()


def receipt_of(order: BillingOrder) -> JSON:
    return {
        "order_number": order.number,
        "receipt_no": order.receipt_no,
        "status": "accepted",
        "accepted_at": rfc3339(order.accepted_at),
    }


def call_back(world: World, task: Task) -> float | None:
    """Deliver one receipt to the configured address; repeated when it is not taken."""
    body = json.dumps(task.payload["receipt"], ensure_ascii=False).encode()
    with world.acting():
        settings = world.settings
        url, key = settings.billing_callback, settings.billing_key
    headers = {"Content-Type": "application/json", SIGNATURE: signature(key, body)}
    reaction = outgoing.send("POST", url, body, headers, limit=5.0)
    is_taken = 200 <= reaction.status < 300
    with world.acting():
        world.witness(
            "billing.receipt",
            **task.payload["receipt"],
            outcome="accepted" if is_taken else reaction.fault or f"HTTP {reaction.status}",
        )
        if is_taken or task.attempt > len(_CALLBACK_LADDER):
            return None
        return _CALLBACK_LADDER[task.attempt - 1] * world.settings.time_scale


def _take(world: World) -> Response:
    raw = request.get_data()
    with world.acting():
        key, mode = world.settings.billing_key, world.settings.billing_mode
        given = request.headers.get(SIGNATURE, "")
        if not key or not hmac.compare_digest(given.encode(), signature(key, raw).encode()):
            return _json({"error": "signature"}, 401)
        content = _order(raw)
        if content is None:
            return _json({"error": "order_number missing"}, 400)
        if refusal := refusal_of(world, content):
            return _json({"error": refusal}, 422)
        receipt, status = _receive(world, content, mode)
        delay = world.settings.billing_delay
    if status != 200:
        return _json(receipt, status)
    if mode == "late":
        time.sleep(min(delay, 60.0))
    if mode == "never":
        request.environ["simulator.wire"] = "drop"
    return _json(receipt)


def _receive(world: World, content: JSON, mode: str) -> tuple[JSON, int]:
    """Take an order: its receipt, or a word that it comes later, with the HTTP status."""
    order, is_new = accept(world, content)
    if order.content != content:
        return {"error": "the number was used for another order"}, 409
    receipt = receipt_of(order)
    if mode == "wrong":
        receipt["order_number"] = f"{order.number}-X"
    if world.settings.billing_callback and is_new:
        _schedule(world, receipt, mode)
        return receipt_of(order) | {"status": "received"}, 202
    return receipt, 200


def _order(raw: bytes) -> JSON | None:
    try:
        content = json.loads(raw)
    except ValueError:
        return None
    is_named = isinstance(content, dict) and isinstance(content.get("order_number"), str)
    return content if is_named and content["order_number"] else None


def refusal_of(world: World, content: JSON) -> str:
    """Why billing will not take this order; empty when it will."""
    unknown = world.settings.billing_refuses
    lines = content.get("lines") or []
    is_unknown = unknown and any(line.get("sku") == unknown for line in lines)
    return f"SKU {unknown} is not known" if is_unknown else ""


def accept(world: World, content: JSON) -> tuple[BillingOrder, bool]:
    """The order under this number, and whether it is new; a repeat activates nothing twice."""
    number = content["order_number"]
    known = world.billing_orders.find(number)
    if known:
        return known, False
    receipt_no = f"BR{world.serial('billing'):010d}"
    order = BillingOrder(number, receipt_no, content, world.now())
    world.witness("billing.order", order_number=number, receipt_no=receipt_no, order=content)
    return world.billing_orders.save(order), True


def _schedule(world: World, receipt: JSON, mode: str) -> None:
    """One receipt, as the mode wants it: late, twice, wrong (already so), or never."""
    if mode == "never":
        return
    delay = world.settings.billing_delay if mode == "late" else world.settings.event_delay
    for copy in range(2 if mode == "twice" else 1):
        lane = f"billing/{receipt['receipt_no']}/{copy}"
        world.schedule("billing", lane, {"receipt": receipt}, delay)


def _refused(options: JSON) -> Response:
    return _json({"error": "unavailable"}, int(options.get("status", 503)))


def _json(body: JSON, status: int = 200) -> Response:
    text = json.dumps(body, ensure_ascii=False)
    return Response(text, status, content_type="application/json")
