"""A gateway that takes texts as JSON over HTTP."""

from dataclasses import dataclass, field
from typing import Final

from wechat.transport import Request, Transport
from wx_backend import strict
from wx_backend.errors import PlatformError
from wx_backend.strict import Malformed

API: Final = "sms/send"


@dataclass(frozen=True)
class HttpGateway:
    """`POST <url>/send` with `phone` and `text`; a good answer bears the text's `id`."""

    url: str
    transport: Transport = field(repr=False)

    def send(self, *, phone: str, text: str) -> str:
        """Send one text; see `SmsPort`."""
        raw = strict.dumps({"phone": phone, "text": text})
        headers = {"Content-Type": "application/json"}
        response = self.transport.send(Request("POST", f"{self.url}/send", API, headers, raw))
        if response.status != 200:
            failed_there = response.status >= 500
            raise PlatformError(
                API,
                f"http_{response.status}",
                permanent=not failed_there and response.status != 429,
                unknown=failed_there,
            )
        try:
            sent_id = strict.fields(response.body).get("id")
        except Malformed:
            sent_id = None
        if not isinstance(sent_id, (str, int)) or isinstance(sent_id, bool):
            raise PlatformError(API, "unreadable_answer", permanent=False, unknown=True)
        return str(sent_id)
