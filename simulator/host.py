"""The API host as HTTP: `/cgi-bin`, `/sns`, `/wxa` and `/wxaapi`, and pictures people sent."""

import base64
import json
import time

from flask import Blueprint, Response, request

from simulator.api import (  # noqa: F401 - importing a module registers its calls
    customer_service,
    drafts,
    mass,
    material,
    media,
    menus,
    miniprogram,
    oauth,
    qrcodes,
    quotas,
    shipping,
    subscriptions,
    tags,
    templates,
    tokens,
    users,
)
from simulator.api.calls import Answer, Call, File, perform
from simulator.errors import ApiError
from simulator.records import JSON
from simulator.wire import serve
from simulator.workings import Task
from simulator.world import World

_LONGEST_WAIT = 8.0


def blueprint(world: World) -> Blueprint:
    """All calls of the API host against this world."""
    host = Blueprint("host", __name__)

    def call(**_path: str) -> Response:
        return serve(world, lambda: _act(world), lambda options: _chaos_refusal(world, options))

    for prefix in ("cgi-bin", "sns", "wxa", "wxaapi"):
        rule = f"/{prefix}/<path:name>"
        host.add_url_rule(rule, f"call_{prefix}", call, methods=["GET", "POST"])

    @host.get("/mmbiz/<media_id>")
    def picture(media_id: str) -> Response:
        with world.acting():
            found = world.media.find(media_id)
        if found is None:
            return Response(status=404)
        return Response(base64.b64decode(found.content), content_type=found.content_type)

    return host


def _act(world: World) -> Response:
    call = Call(world, request.path, request.args, {})
    with world.acting():
        try:
            call.body, call.file = _content()
            answer = perform(call, request.method)
            _witness(call, 0)
        except ApiError as error:
            _witness(call, error.errcode)
            answer = _refusal(world, error)
    if call.note.get("event_first"):
        _wait_for(world, call.caused)
    return _response(answer)


def _content() -> tuple[JSON, File | None]:
    """The JSON body, or the uploaded file; raises ApiError(47001)."""
    upload = request.files.get("media")
    if upload is not None:
        return {}, File(upload.read(), upload.mimetype or "application/octet-stream")
    raw = request.get_data()
    if not raw or (request.mimetype or "").startswith(("multipart/", "application/x-www-form")):
        return (_json(raw) if raw.lstrip()[:1] == b"{" else {}), None
    return _json(raw), None


def _json(raw: bytes) -> JSON:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise ApiError(47001) from error
    if not isinstance(body, dict):
        raise ApiError(47001)
    return body


def _witness(call: Call, errcode: int) -> None:
    appid = call.owner.appid if call.owner else call.query.get("appid", call.body.get("appid", ""))
    kind = "api.refused" if errcode else "api.call"
    call.world.witness(kind, path=call.path, appid=appid, errcode=errcode)


def _refusal(world: World, error: ApiError) -> JSON:
    rid = f"{world.chance(8, '0123456789abcdef')}-{world.chance(8, '0123456789abcdef')}"
    return {
        "errcode": error.errcode,
        "errmsg": f"{error.errmsg} rid: {rid}",
        **error.extra,
    }


def _chaos_refusal(world: World, options: JSON) -> Response:
    if "errcode" in options:
        with world.acting():
            return _response(_refusal(world, ApiError(int(options["errcode"]))))
    return Response("<html>busy</html>", int(options.get("status", 500)), content_type="text/html")


def _response(answer: Answer) -> Response:
    if isinstance(answer, File):
        return Response(answer.content, content_type=answer.content_type)
    body = json.dumps(answer, ensure_ascii=False)
    return Response(body, content_type="application/json; encoding=utf-8")


def _wait_for(world: World, tasks: list[Task]) -> None:
    """Wait until these pushes were delivered, for the event that overtakes its answer."""
    deadline = time.monotonic() + _LONGEST_WAIT
    while time.monotonic() < deadline:
        with world.acting():
            if not any(task.key in world.tasks.rows for task in tasks):
                return
        time.sleep(0.005)
