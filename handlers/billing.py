"""Billing's own calls: receipts and what happens to plans later, verified over the raw bytes."""

import logging

from flask import Blueprint, Response, jsonify, request

from billing.client import SIGNATURE_HEADER, NotAuthentic
from billing.values import Accepted, Happened
from flows.billing import take_receipt
from flows.milestones import NotYet, take_event
from handlers.body import raw_body
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import NotFound
from wx_backend.platform import billing
from wx_backend.strict import Malformed

log = logging.getLogger(__name__)

bp = Blueprint("billing", __name__)


@bp.post("/billing/receipt")
def receipt() -> Response:
    """204 for what was taken, also for a repeat; 401 and 400 change nothing; 404 is worth a look."""
    try:
        said = billing().receipt(raw_body(), request.headers.get(SIGNATURE_HEADER, ""))
        retried(lambda: _take(said))
    except NotAuthentic:
        return _refused("not_authentic", 401)
    except (Malformed, NotYet):
        return _refused("malformed", 400)
    except NotFound:
        return _refused("never_handed_over", 404)
    return Response(status=204)


def _take(said: Accepted | Happened) -> None:
    if isinstance(said, Happened):
        take_event(said, now=clock.now())
    else:
        take_receipt(said, now=clock.now())


def _refused(reason: str, status: int) -> Response:
    log.warning("billing receipt refused", extra={"reason": reason})
    answer = jsonify(error=reason)
    answer.status_code = status
    return answer
