"""One call to the platform's API: address, token, JSON, errors, and one repeat at most."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

from wechat.error_codes import Kind, is_permanent, kind_of
from wechat.reading import read
from wechat.tokens import TokenKeeper
from wechat.transport import Request, Response, Transport
from wx_backend import strict
from wx_backend.errors import PlatformError

T = TypeVar("T")

_MESSAGE_LENGTH: Final = 200


@dataclass(frozen=True)
class Upload:
    """A file in a multipart body."""

    name: str
    filename: str
    content: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True)
class Caller:
    """Calls below one base URL (`https://api.weixin.qq.com`, or the simulator's)."""

    base_url: str
    transport: Transport
    keeper: TokenKeeper = field(repr=False)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | Upload | None = None,
    ) -> dict[str, Any]:
        """Call with the access token; renew it and repeat once if the platform refuses it.

        Raises PlatformError for every other refusal or failure, without address or body.
        """
        token = self.keeper.token()
        try:
            return self.open_call(method, path, params=_with(token, params), body=body)
        except PlatformError as refusal:
            if not _is_about_token(refusal):
                raise
        token = self.keeper.replacement(token)
        return self.open_call(method, path, params=_with(token, params), body=body)

    def open_call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | Upload | None = None,
    ) -> dict[str, Any]:
        """Call without an access token. Raises PlatformError."""
        return send(self.transport, self.base_url + path, method=method, params=params, body=body)


def send(
    transport: Transport,
    url: str,
    *,
    method: str,
    params: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | Upload | None = None,
) -> dict[str, Any]:
    """Call an address that needs no access token. Raises PlatformError."""
    query = f"?{urlencode(params)}" if params else ""
    headers, content = _encoded(body)
    request = Request(method, f"{url}{query}", urlsplit(url).path, headers, content)
    return _result(request, transport.send(request))


def typed(
    kind: type[T], api: str, sent: Mapping[str, Any], *, unknown: bool = False, **known: Any
) -> T:
    """An answer as its dataclass; `known` fills fields that name no place.

    Raises PlatformError, with `unknown` as given, if fields are missing or of another kind.
    """
    try:
        return read(kind, sent, **known)
    except strict.Malformed:
        raise PlatformError(api, "unreadable_answer", permanent=False, unknown=unknown) from None


def _with(token: str, params: Mapping[str, Any] | None) -> dict[str, Any]:
    return {**(params or {}), "access_token": token}


def _is_about_token(refusal: PlatformError) -> bool:
    code = refusal.code
    return code.isdigit() and kind_of(int(code)) is Kind.token


def _encoded(body: Mapping[str, Any] | Upload | None) -> tuple[dict[str, str], bytes | None]:
    if body is None:
        return {}, None
    if not isinstance(body, Upload):
        return {"Content-Type": "application/json"}, strict.dumps(body)
    from urllib3.filepost import encode_multipart_formdata

    content, content_type = encode_multipart_formdata(
        {body.name: (body.filename, body.content, body.content_type)}
    )
    return {"Content-Type": content_type}, content


def _result(request: Request, response: Response) -> dict[str, Any]:
    """The fields of a good answer."""
    if response.status != 200:
        failed_there = response.status >= 500
        raise PlatformError(
            request.api,
            f"http_{response.status}",
            permanent=not failed_there and response.status != 429,
            unknown=failed_there and not request.is_safe,
        )
    try:
        sent: dict[str, Any] = strict.fields(response.body, max_bytes=request.max_bytes)
        code = sent.get("errcode", 0)
        if isinstance(code, bool) or not isinstance(code, int):
            raise strict.Malformed("errcode is no number")
    except strict.Malformed:
        unreadable = True
    else:
        unreadable = False
    if unreadable:
        raise PlatformError(
            request.api, "unreadable_answer", permanent=False, unknown=not request.is_safe
        )
    if code:
        message = str(sent.get("errmsg", ""))[:_MESSAGE_LENGTH]
        msg_id = str(sent["msg_id"]) if "msg_id" in sent else None
        permanent = is_permanent(code)
        raise PlatformError(request.api, str(code), message, permanent=permanent, msg_id=msg_id)
    return sent
