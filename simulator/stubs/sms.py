"""An SMS gateway that keeps what it is given, so that a test or a demo can read it."""

import json

from flask import Blueprint, Response, request

from simulator.pay_records import Sms
from simulator.records import JSON
from simulator.wire import serve
from simulator.world import World


def blueprint(world: World) -> Blueprint:
    """`POST /sms/send` with `phone` and `text`."""
    sms = Blueprint("sms", __name__)

    @sms.post("/sms/send")
    def send() -> Response:
        return serve(world, lambda: _send(world), _refused)

    return sms


def _send(world: World) -> Response:
    body = request.get_json(silent=True)
    phone, text = (body.get("phone"), body.get("text")) if isinstance(body, dict) else (None, None)
    if not isinstance(phone, str) or not phone.isdecimal() or not isinstance(text, str) or not text:
        return _json({"error": "phone and text are needed"}, 400)
    with world.acting():
        kept = world.sms.save(Sms(world.serial("sms"), phone, text, world.now()))
        world.witness("sms", phone=phone, text=text)
    return _json({"id": kept.number, "status": "sent"})


def _refused(options: JSON) -> Response:
    return _json({"error": "unavailable"}, int(options.get("status", 503)))


def _json(body: JSON, status: int = 200) -> Response:
    text = json.dumps(body, ensure_ascii=False)
    return Response(text, status, content_type="application/json")
