"""The operator's certified real-name service: a page for a person, and its signed word to the shop.

The person presses passed or not on the page; a test decides by the control API, and may have the
word come late, twice, from the past, or badly signed.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, render_template, request

from simulator import outgoing
from simulator.clock import rfc3339
from simulator.control.frame import Control, body
from simulator.errors import Refused
from simulator.pay_records import RealNameCheck
from simulator.records import JSON
from simulator.wire import serve
from simulator.workings import Task
from simulator.world import World

SIGNATURE, TIME = "X-Real-Name-Signature", "X-Real-Name-Time"
DECISIONS = ("passed", "refused")
_LADDER = (5, 30, 60, 300)
_CSP = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'"


def blueprint(world: World) -> Blueprint:
    """`GET /realname/check` (signed) and the decision a person makes there."""
    realname = Blueprint("realname", __name__, template_folder="templates")

    @realname.get("/realname/check")
    def look() -> Response:
        return serve(world, lambda: _look(world), _busy)

    @realname.post("/realname/check")
    def press() -> Response:
        return serve(world, lambda: _press(world), _busy)

    return realname


def control(world: World) -> Blueprint:
    """What was opened, and deciding without a person."""
    control = Control("realname", world)

    @control.route("GET", "/real-names")
    def opened() -> JSON:
        return {"checks": [vars(row) for row in world.real_names]}

    @control.route("POST", "/real-names/<reference>/decide")
    def decided(reference: str) -> JSON:
        return {"decision_id": decide(world, reference, Word(**body()))}

    return control.blueprint


def signature(key: str, content: bytes) -> str:
    """Hex HMAC-SHA256."""
    return hmac.new(key.encode(), content, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Word:
    """A decision, and how it travels: so often, after seconds, as if seconds old, badly signed."""

    decision: str
    reason: str = ""
    copies: int = 1
    delay: float = 0.0
    age: float = 0.0
    forged: bool = False


def decide(world: World, reference: str, word: Word) -> str:
    """Send a word to the shop; the number of the decision."""
    if word.decision not in DECISIONS:
        raise Refused(f"a decision is one of {', '.join(DECISIONS)}")
    number = f"RD{world.serial('realname'):010d}"
    check = world.real_names.find(reference) or RealNameCheck(reference, "", world.now())
    if not word.forged:
        check.decision = word.decision
    world.real_names.save(check)
    said = {
        "reference": reference,
        "decision_id": number,
        "decision": word.decision,
        "decided_at": rfc3339(world.now()),
        "reason": word.reason,
    }
    for copy in range(word.copies):
        payload = {"said": said, "age": word.age, "forged": word.forged}
        world.schedule("realname", f"realname/{number}/{copy}", payload, word.delay)
    return number


def call_back(world: World, task: Task) -> float | None:
    """Deliver one word to the configured address; repeated when it is not taken."""
    raw = json.dumps(task.payload["said"], ensure_ascii=False).encode()
    with world.acting():
        settings = world.settings
        url, said_at = settings.realname_callback, str(int(world.now() - task.payload["age"]))
        key = "forged" if task.payload["forged"] else settings.realname_key
    sign = signature(key, said_at.encode() + b"\n" + raw)
    headers = {"Content-Type": "application/json", TIME: said_at, SIGNATURE: sign}
    reaction = outgoing.send("POST", url, raw, headers, limit=5.0)
    is_taken = 200 <= reaction.status < 300
    with world.acting():
        world.witness(
            "realname.decision",
            **task.payload["said"],
            status=reaction.status,
            fault=reaction.fault,
        )
        is_over = is_taken or task.payload["forged"] or 400 <= reaction.status < 500
        if is_over or task.attempt > len(_LADDER):
            return None
        return _LADDER[task.attempt - 1] * world.settings.time_scale


def _look(world: World) -> Response:
    query, _, rest = request.query_string.decode("latin-1").partition("&sign=")
    sign = rest.partition("&")[0]  # what comes after it is the browser's own
    reference = request.args.get("reference", "")
    with world.acting():
        key = world.settings.realname_key
        if not key or not hmac.compare_digest(signature(key, query.encode()), sign):
            return _page(fault="链接签名不正确", status=403)
        check = world.real_names.find(reference)
        if check is None:
            check = RealNameCheck(reference, request.args.get("back", ""), world.now())
            world.witness("realname.opened", reference=reference)
        check.back = check.back or request.args.get("back", "")
        world.real_names.save(check)
        return _page(reference=reference, decision=check.decision, back=check.back)


def _press(world: World) -> Response:
    reference, decision = (request.form.get(name, "") for name in ("reference", "decision"))
    with world.acting():
        check = world.real_names.find(reference)
        if check is None or decision not in DECISIONS:
            return _page(fault="业务编号不存在", status=404)
        if not check.decision:
            decide(world, reference, Word(decision))
        return _page(reference=reference, decision=check.decision, back=check.back)


def _page(status: int = 200, **shown: Any) -> Response:
    page = Response(render_template("realname/check.html", **shown), status)
    page.headers["Content-Security-Policy"] = _CSP
    return page


def _busy(options: JSON) -> Response:
    return Response("busy", int(options.get("status", 503)), content_type="text/plain")
