"""WeChat Pay's notices: verified over the raw bytes, stored once, answered; the work comes later.

What to answer is WeChat Pay's rule (pay.weixin.qq.com, "notification considerations"): 204 for
what was kept, also for a repeat; 4xx for a signature that does not hold, a probe's like any
other; 5xx for faults of ours, a database that does not answer in time among them, so that the
notice comes again. It waits for an answer 5 seconds.
"""

import logging

from flask import Blueprint, Response, jsonify, request
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError

from flows.payment.address import NOTICE_PATH
from flows.payment.notices import read_notice, store_notice
from handlers.body import raw_body
from wechat.pay.merchant import NotAuthentic, Reason, Undecryptable
from wx_backend import clock, patience
from wx_backend.db import retried

log = logging.getLogger(__name__)

bp = Blueprint("pay", __name__)

NOTICES = Counter("wx_pay_notices", "Pay notices by what became of them", ["outcome"])
for _outcome in ("stored", "repeat", "undecryptable", "not stored", *Reason):
    NOTICES.labels(_outcome)  # at 0 from the start: Prometheus sees no growth in what was not there


@bp.post(NOTICE_PATH)
def notice() -> Response:
    """Keep a notice once; nothing is called, changed or decided while WeChat Pay waits."""
    raw = raw_body()
    now = clock.now()
    try:
        arrived = read_notice(dict(request.headers), raw, now=now)
        with patience.at_most(patience.ANSWER_SECONDS):
            is_new = retried(lambda: store_notice(arrived, now=now))
    except NotAuthentic as error:
        return _refused(error.reason)
    except Undecryptable:
        log.error("notice not under our APIv3 key")
        return _failed("undecryptable", 500)
    except SQLAlchemyError as error:
        log.error("notice not stored", extra={"error": type(error).__name__})
        return _failed("not stored", 503)
    NOTICES.labels("stored" if is_new else "repeat").inc()
    return Response(status=204)


def _refused(reason: Reason) -> Response:
    """One answer for every reason; a probe is expected, anything else somebody should see."""
    level = logging.INFO if reason is Reason.probe else logging.WARNING
    log.log(level, "notice refused", extra={"reason": reason})
    return _failed(reason, 401)


def _failed(outcome: str, status: int) -> Response:
    NOTICES.labels(outcome).inc()
    answer = jsonify(code="FAIL", message="refused" if status == 401 else "try again")
    answer.status_code = status
    return answer
