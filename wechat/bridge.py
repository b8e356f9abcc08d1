"""wechatpy's groups of API calls on our transport, tokens and errors; imported when first used."""

from functools import cache
from typing import Any, Final

from wechat.caller import Caller, Upload

_OFFICIAL: Final = "https://api.weixin.qq.com"


def groups(caller: Caller, appid: str) -> Any:
    """A `wechatpy.WeChatClient` whose every call goes through `caller`.

    Its own sessions, token storage and repeats are never used, and it holds no secret.
    """
    return _bridged()(caller, appid)


@cache
def _bridged() -> Any:
    from wechatpy import WeChatClient

    class Bridged(WeChatClient):  # type: ignore[misc]  # wechatpy has no types
        def __init__(self, caller: Caller, appid: str) -> None:
            self._caller = caller
            self.appid = appid
            self.auto_retry = False

        @property
        def access_token(self) -> str:
            return self._caller.keeper.token()

        def fetch_access_token(self) -> None:
            raise NotImplementedError("tokens are the keeper's")

        def _request(self, method: str, url_or_endpoint: str, **options: Any) -> Any:
            base = options.get("api_base_url", f"{_OFFICIAL}/cgi-bin/")
            url = url_or_endpoint
            if not url.startswith("http"):
                url = f"{base}{url}"
            if not url.startswith(f"{_OFFICIAL}/"):
                raise ValueError("a call to another host")
            body = options.get("data")
            for name, (filename, content, content_type) in (options.get("files") or {}).items():
                body = Upload(name, filename, content, content_type)
            result = self._caller.call(
                method.upper(), url.removeprefix(_OFFICIAL), params=options.get("params"), body=body
            )
            processor = options.get("result_processor")
            return processor(result) if processor else result

    return Bridged
