"""The message platform as campaigns meet it: takes messages, drops repeats, keeps a witness record."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from wechat.transport import Request, Response
from wx_backend import clock
from wx_backend.errors import PlatformError

SEND = "/cgi-bin/message/template/send"
NOTICE = "/cgi-bin/message/subscribe/bizsend"
CUSTOM = "/cgi-bin/message/custom/send"
QUOTA = "/cgi-bin/openapi/quota/get"
MASS = "/cgi-bin/message/mass/send"
MASS_STATE = "/cgi-bin/message/mass/get"
DRAFT = "/cgi-bin/draft/add"
DRAFTS = "/cgi-bin/draft/batchget"

NOTICES_REPEATS = timedelta(minutes=10)
MASS_REPEATS = timedelta(days=1)

Trouble = Callable[[str], str | int | None]


class Platform:
    """Answers every call of a campaign; `trouble(openid)` may say what goes wrong with one.

    Tokens in `void` are refused, as those that the platform took back. Trouble is an errcode, `refused` (no answer, not acted), or `lost` (acted, but no answer).
    """

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.trouble: Trouble = lambda _openid: None
        self.left = 100_000
        self.limit = 100_000
        self.calls = 0
        self.tokens = 0
        self.void: set[str] = set()
        self.drafts: list[dict[str, Any]] = []
        self.written: dict[str, list[dict[str, Any]]] = {}
        self.mass_states: dict[str, str] = {}
        self._by_mark: dict[tuple[str, str], tuple[int, datetime]] = {}
        self._lock = threading.Lock()

    @property
    def token(self) -> str:
        """The one given out last."""
        return f"T{self.tokens}"

    def send(self, request: Request) -> Response:
        url = urlsplit(request.url)
        body = json.loads(request.body or b"{}")
        with self._lock:
            if self.void.intersection(parse_qs(url.query).get("access_token", ())):
                return _json({"errcode": 40001, "errmsg": "invalid credential"})
            return _json(self._answer(url.path, body))

    def _answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if path == "/cgi-bin/stable_token":
            self.tokens += 1
            return {"access_token": self.token, "expires_in": 7200}
        if path == QUOTA:
            used = self.limit - self.left
            quota = {"daily_limit": self.limit, "used": used, "remain": self.left}
            return {"errcode": 0, "quota": quota}
        if path == DRAFT:
            self.drafts.append(body["articles"][0])
            return {"media_id": f"COPY-{len(self.drafts)}"}
        if path == DRAFTS:
            return self._listed(body["offset"], body["count"])
        if path == MASS_STATE:
            return {"msg_id": body["msg_id"], "msg_status": self.mass_states[body["msg_id"]]}
        self.calls += 1
        if self.left < 1:
            return {"errcode": 45009, "errmsg": "reach max api daily quota limit"}
        self.left -= 1
        return self._massed(path, body) if path == MASS else self._took(path, body)

    def _listed(self, offset: int, count: int) -> dict[str, Any]:
        """A page of what the account's editors have `written`, by media id."""
        items = [
            {"media_id": media_id, "content": {"news_item": articles}}
            for media_id, articles in self.written.items()
        ]
        return {"total_count": len(items), "item": items[offset : offset + count]}

    def _massed(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """One call to many: its trouble is asked for by the client's own id."""
        client_id = body["clientmsgid"]
        trouble = self.trouble(client_id)
        if trouble == "refused":
            raise PlatformError(path, "timeout", permanent=False, unknown=True)
        if isinstance(trouble, int):
            return {"errcode": trouble, "errmsg": "refused"}
        known = self._by_mark.get(("mass", client_id))
        if known is not None and clock.now() < known[1]:
            return {"errcode": 45065, "errmsg": "clientmsgid exist", "msg_id": known[0]}
        msg_id = 9_000_000_000_000_000_000 + len(self.bodies)
        self._by_mark["mass", client_id] = msg_id, clock.now() + MASS_REPEATS
        self.received.update(body["touser"])
        self.bodies.append(body)
        if trouble == "lost":
            raise PlatformError(path, "timeout", permanent=False, unknown=True)
        return {"errcode": 0, "errmsg": "ok", "msg_id": msg_id, "msg_data_id": 1}

    def _took(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        openid = body["touser"]
        trouble = self.trouble(openid)
        if trouble == "refused":
            raise PlatformError(path, "timeout", permanent=False, unknown=True)
        if isinstance(trouble, int):
            return {"errcode": trouble, "errmsg": "refused"}
        mark = (openid, body.get("client_msg_id", f"call-{self.calls}"))
        if mark not in self._by_mark or clock.now() >= self._by_mark[mark][1]:
            self._by_mark[mark] = 1_000 + len(self.bodies), clock.now() + NOTICES_REPEATS
            self.received[openid] += 1
            self.bodies.append(body)
        if trouble == "lost":
            raise PlatformError(path, "timeout", permanent=False, unknown=True)
        return {"errcode": 0, "errmsg": "ok", "msgid": self._by_mark[mark][0]}


def _json(answer: dict[str, Any]) -> Response:
    return Response(200, {}, json.dumps(answer).encode())
