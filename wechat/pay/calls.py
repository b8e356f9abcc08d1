"""One signed call to WeChat Pay and its verified answer."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from wechat.pay.error_codes import SIGNATURE_REFUSED, meaning
from wechat.pay.merchant import Merchant, NotAuthentic
from wechat.transport import MAX_ANSWER_BYTES, Request, Response, Transport
from wx_backend import clock, strict
from wx_backend.errors import PlatformError

OFFICIAL_URL: Final = "https://api.mch.weixin.qq.com"
_MESSAGE_LENGTH: Final = 200
_APART_SECONDS: Final = 60


@dataclass(frozen=True)
class Calls:
    """Calls of one merchant below one base URL (the official one, its backup or the simulator)."""

    merchant: Merchant
    transport: Transport = field(repr=False)
    base_url: str = OFFICIAL_URL
    now: Callable[[], datetime] = field(default=clock.now, repr=False)

    def call(
        self,
        method: str,
        path: str,
        *,
        api: str,
        body: Mapping[str, Any] | None = None,
        sealed_under: str | None = None,
    ) -> dict[str, Any]:
        """Call and verify the answer; {} for an empty one. `api` is the path without ids.

        `sealed_under` names the platform's key that fields of the body are encrypted for.

        Raises PlatformError: `unknown` whenever a call that moves money may have worked, which
        includes an answer whose signature does not hold.
        """
        request = self._signed(method, path, api=api, body=body)
        if sealed_under:
            request = replace(
                request, headers={**request.headers, "Wechatpay-Serial": sealed_under}
            )
        response = self.transport.send(request)
        if not 200 <= response.status < 300:
            raise self._refusal(request, response)
        sent = self._believed(request, response)
        if sent is None:
            raise PlatformError(
                api, "unverified_answer", permanent=False, unknown=not request.is_safe
            )
        if response.status == 202:
            raise self._refusal(request, response)
        return sent

    def download(self, path: str, *, api: str, max_bytes: int) -> bytes:
        """Fetch a file. Its answer is unsigned by design: the caller checks its digest."""
        request = self._signed("GET", path, api=api, max_bytes=max_bytes)
        response = self.transport.send(request)
        if response.status != 200:
            raise self._refusal(request, response)
        return response.body

    def _signed(
        self,
        method: str,
        path: str,
        *,
        api: str,
        body: Mapping[str, Any] | None = None,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> Request:
        content = b"" if body is None else strict.dumps(body)
        authorization = self.merchant.authorization(
            method=method,
            path=path,
            body=content,
            timestamp=int(self.now().timestamp()),
            nonce=secrets.token_hex(16),
        )
        headers = {
            "Authorization": authorization,
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "wx-backend",
        }
        if self.merchant.public_key_id:
            headers["Wechatpay-Serial"] = self.merchant.public_key_id
        return Request(method, self.base_url + path, api, headers, content or None, max_bytes)

    def _believed(self, request: Request, response: Response) -> dict[str, Any] | None:
        """The fields of an answer that is shown to come from WeChat Pay; None for any other."""
        try:
            self.merchant.verify(response.headers, response.body, now=self.now())
            if not response.body:
                return {}
            return strict.fields(response.body, max_bytes=request.max_bytes)
        except (NotAuthentic, strict.Malformed):
            return None

    def _refusal(self, request: Request, response: Response) -> PlatformError:
        """What a refusal asks for. Its body is unsigned: a hint, never proof that nothing happened."""
        try:
            sent = strict.fields(response.body)
        except strict.Malformed:
            sent = {}
        told = meaning(str(sent.get("code", ""))[:64], response.status)
        message = str(sent.get("message", ""))[:_MESSAGE_LENGTH]
        if told.code == SIGNATURE_REFUSED:
            message = f"{message} {_apart(response, self.now())}".strip()
        return PlatformError(
            request.api,
            told.code,
            message,
            permanent=told.is_permanent,
            unknown=told.is_unknown and not request.is_safe,
        )


def _apart(response: Response, now: datetime) -> str:
    """How far our clock is from the platform's, if it says so; empty when that explains nothing.

    A signature counts for five minutes. The header is unsigned: a hint for whoever looks for the cause.
    """
    try:
        there = parsedate_to_datetime(response.headers.get("date", ""))
        seconds = round((now - there).total_seconds())
    except (TypeError, ValueError):
        return ""
    if abs(seconds) < _APART_SECONDS:
        return ""
    return f"(our clock is {abs(seconds)} s {'ahead' if seconds > 0 else 'behind'})"
