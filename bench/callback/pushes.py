"""Ready-made HTTP requests: signed, encrypted SCAN pushes, each of another person."""

import secrets

from bench.callback.load import posted
from wechat.codec import Codec
from wechat.xml import parse


def request(codec: Codec, path: str, *, scene: str, number: int) -> bytes:
    """One request as WeChat sends it; `number` makes the person and the second."""
    at = 1_795_000_000 + number % 100_000
    event = _event(
        f"o{secrets.token_hex(10)}{number:07}",
        at,
        f"<Event><![CDATA[SCAN]]></Event><EventKey><![CDATA[{scene}]]></EventKey>"
        f"<Ticket><![CDATA[gQF{'x' * 90}]]></Ticket>",
    )
    query, body = _sealed(codec, event, at=at, nonce=str(10**9 + number))
    return posted(f"{path}?{query}", {"Content-Type": "text/xml"}, body)


def word(codec: Codec, *, openid: str, msgid: int, at: int) -> tuple[str, bytes]:
    """That a template message arrived: the query and the body of WeChat's request."""
    said = (
        "<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event>"
        f"<MsgID>{msgid}</MsgID><Status><![CDATA[success]]></Status>"
    )
    return _sealed(codec, _event(openid, at, said), at=at, nonce=str(10**9 + msgid))


def _event(openid: str, at: int, said: str) -> str:
    return (
        "<xml><ToUserName><![CDATA[gh_7f083739789a]]></ToUserName>"
        f"<FromUserName><![CDATA[{openid}]]></FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[event]]></MsgType>{said}</xml>"
    )


def _sealed(codec: Codec, event: str, *, at: int, nonce: str) -> tuple[str, bytes]:
    sealed = parse(codec.seal(event.encode(), timestamp=at, nonce=nonce))
    body = (
        "<xml><ToUserName><![CDATA[gh_7f083739789a]]></ToUserName>"
        f"<Encrypt><![CDATA[{sealed['Encrypt']}]]></Encrypt></xml>"
    ).encode()
    query = (
        f"signature={codec.signature(str(at), nonce)}&timestamp={at}&nonce={nonce}"
        f"&encrypt_type=aes&msg_signature={sealed['MsgSignature']}&openid=o"
    )
    return query, body
