"""Alerts reach a person: what Alertmanager posts goes out as texts, from a process that needs no database.

Alertmanager comes again after an answer of 5xx, and gives up after one of 4xx; a notification that goes on is posted
anew after its `repeat_interval`. Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

import logging
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from flask import Blueprint, Flask, Response, request

from wx_backend import platform, strict
from wx_backend.clock import SHANGHAI
from wx_backend.config import Config
from wx_backend.errors import Forbidden, PlatformError
from wx_backend.platform import Clients
from wx_backend.strangers import expect_monitor
from wx_backend.strict import Malformed
from wx_backend.words import one_line

BODY_MAX: Final = 1_000_000
TEXT_MAX: Final = 200
TOLD_SECONDS: Final = 600.0
"""Within which a notification that comes again goes only to whom it did not reach; less than any `repeat_interval`."""

log = logging.getLogger(__name__)


class Notification(NamedTuple):
    """What is said, and which notification it is: one that comes again has the same mark."""

    text: str
    mark: tuple[str, ...]


class Pager:
    """Whom to tell of which severity, and whom was told lately."""

    def __init__(self, phones: Mapping[str, tuple[str, ...]]) -> None:
        self._phones = phones
        self._told: dict[tuple[str, ...], float] = {}
        self._lock = threading.Lock()

    def phones(self, severity: str) -> tuple[str, ...]:
        """Who hears of alerts of this severity; nobody, where none are named."""
        return self._phones.get(severity, ())

    def tell(self, severity: str, said: Notification) -> int:
        """Send it to everybody whom it has not reached yet; how many it still has not.

        One at a time: of two that come at once the second finds whom the first has told. A text that may have been
        sent is sent again, for twice is better than not at all.
        """
        with self._lock:
            now = time.monotonic()
            self._told = {key: at for key, at in self._told.items() if now - at < TOLD_SECONDS}
            return sum(not self._reaches(phone, said, now) for phone in self.phones(severity))

    def _reaches(self, phone: str, said: Notification, now: float) -> bool:
        key = (phone, *said.mark)
        if key in self._told:
            return True
        try:
            platform.sms().send(phone=phone, text=said.text)
        except PlatformError as error:
            log.error("alert not told", extra={"to": phone, "error": repr(error)})
            return False
        self._told[key] = now
        return True


def create_pager(config: Config) -> Flask:
    """The application of the pager: `POST /alerts/<severity>` from Alertmanager, and /readyz.

    Who may read the figures may post: by address or `[guard] monitor_token`. The phones are those of `[alerts]`.
    """
    app = Flask("pager", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX
    app.extensions["wx_config"] = config
    app.extensions["wx_clients"] = Clients(app)
    alerts = config.alerts
    pager = Pager({} if alerts is None else {"page": alerts.page, "ticket": alerts.ticket})
    app.register_blueprint(_blueprint(pager))
    app.register_error_handler(Forbidden, lambda _error: _answer("not allowed", 403))
    return app


def _blueprint(pager: Pager) -> Blueprint:
    bp = Blueprint("pager", __name__)

    @bp.get("/readyz")
    def ready() -> Response:
        return _answer("ready", 200)

    @bp.post("/alerts/<severity>")
    def take(severity: str) -> Response:
        expect_monitor()
        if not pager.phones(severity):
            return _answer("nobody is named for these in [alerts]", 404)
        try:
            said = read(request.get_data())
        except Malformed as error:
            return _answer(str(error), 400)
        missed = pager.tell(severity, said)
        return _answer(f"{missed} not told", 502) if missed else _answer("told", 200)

    return bp


def read(raw: bytes) -> Notification:
    """What a body of Alertmanager's, version 4, has to say; raises Malformed."""
    body = strict.fields(raw, max_bytes=BODY_MAX)
    status, group, listed = body.get("status"), body.get("groupKey"), body.get("alerts")
    if status not in ("firing", "resolved") or not isinstance(group, str):
        raise Malformed("no notification of Alertmanager's")
    alerts = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    if not alerts or alerts != listed:
        raise Malformed("a notification of no alert")
    these = [each for each in alerts if each.get("status") == status] or alerts
    first = these[0]
    name = _word(first, "labels", "alertname") or "?"
    said = f"{name}：{_word(first, 'annotations', 'summary')}"
    more = f"（共{len(these)}处）" if len(these) > 1 else ""
    head = "告警恢复" if status == "resolved" else "系统告警"
    text = f"【{head}】{said[:TEXT_MAX]}{more}，{_since(first)}起"
    marks = sorted(f"{each.get('fingerprint')} {each.get('startsAt')}" for each in these)
    return Notification(text, (str(status), group, *marks))


def _word(alert: Mapping[str, Any], section: str, name: str) -> str:
    words = alert.get(section)
    found = words.get(name) if isinstance(words, dict) else None
    return one_line(found) if isinstance(found, str) else ""


def _since(alert: Mapping[str, Any]) -> str:
    """When it began, in Shanghai."""
    try:
        at = datetime.fromisoformat(str(alert.get("startsAt")))
        here = at.astimezone(SHANGHAI)
    except (ValueError, OverflowError) as error:
        raise Malformed("an alert that began at no time") from error
    if at.tzinfo is None:
        raise Malformed("an alert that began in no zone")
    return here.strftime("%m-%d %H:%M")


def _answer(said: str, status: int) -> Response:
    return Response(f"{said}\n", status, content_type="text/plain; charset=utf-8")
