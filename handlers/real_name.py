"""The real-name service's own call: verified over its time and its bytes, then one line is decided."""

import logging

from flask import Blueprint, Response, jsonify, request

from billing.real_name import NotAuthentic
from flows.real_name import take_decision
from handlers.body import raw_body
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import NotFound
from wx_backend.platform import RealNameNotConfigured, real_name
from wx_backend.strict import Malformed

log = logging.getLogger(__name__)

bp = Blueprint("real_name", __name__)


@bp.post("/real-name/decision")
def decision() -> Response:
    """204 for what was taken, also for a repeat or too late a word; what is refused changes nothing."""
    raw, now = raw_body(), clock.now()
    try:
        said = real_name().decision(raw, dict(request.headers), now=now)
        is_new = retried(lambda: take_decision(said, now=now))
    except (NotAuthentic, RealNameNotConfigured):
        return _refused("not_authentic", 401)
    except Malformed:
        return _refused("malformed", 400)
    except NotFound:
        return _refused("unknown_reference", 404)
    log.info("real name decided", extra={"reference": said.reference, "is_new": is_new})
    return Response(status=204)


def _refused(reason: str, status: int) -> Response:
    log.warning("real name decision refused", extra={"reason": reason})
    answer = jsonify(error=reason)
    answer.status_code = status
    return answer
