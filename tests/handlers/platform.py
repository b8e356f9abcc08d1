"""The message platform as these tests play it: its pushes, with the simulator's own crypto."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from simulator import crypto, xmltext
from wx_backend.config import Account

ALICE, BOB = "oAlice0000000000000000000000", "oBob000000000000000000000000"
NOON = 1_795_233_600  # seconds since 1970: 2026-11-21, 12:00 in Shanghai
NONCE = "486452656"

Fields = dict[str, Any]


@dataclass(frozen=True)
class Sent:
    """One request of the platform."""

    query: Mapping[str, str]
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def text(content: str = "你好", *, at: int = NOON, number: int = 1, openid: str = BOB) -> Fields:
    """Somebody writes to the account."""
    return {
        **_common(openid, at, "text"),
        "Content": content,
        "MsgId": str(3_487_542_469_355_618_000 + number),
    }


def event(name: str, *, at: int = NOON, openid: str = BOB, **fields: Any) -> Fields:
    """Somebody does something: `subscribe`, `SCAN`, `CLICK` ..."""
    return {**_common(openid, at, "event"), "Event": name, **fields}


def scan(scene: str = "alice", *, at: int = NOON, openid: str = BOB) -> Fields:
    """A follower scans a code."""
    return event("SCAN", at=at, openid=openid, EventKey=scene, Ticket=f"ticket-{scene}")


def follow(scene: str = "alice", *, at: int = NOON, openid: str = BOB) -> Fields:
    """Somebody follows the account through a code."""
    key = f"qrscene_{scene}"
    return event("subscribe", at=at, openid=openid, EventKey=key, Ticket=f"ticket-{scene}")


def _common(openid: str, at: int, msg_type: str) -> Fields:
    return {
        "ToUserName": "gh_c17yhall0001",
        "FromUserName": openid,
        "CreateTime": at,
        "MsgType": msg_type,
    }


@dataclass(frozen=True)
class Platform:
    """Pushes to one account and reads what it answers."""

    account: Account

    def safe(
        self, said: Fields | bytes, *, form: str = "xml", key: str = "", appid: str = ""
    ) -> Sent:
        """An encrypted push; `said` may be the very bytes to encrypt."""
        sealed = self.sealed(written(said, form), key=key, appid=appid)
        return self.enclosing(sealed, {"ToUserName": self.account.original_id}, form=form)

    def compatible(self, said: Fields, *, shown: Fields | None = None) -> Sent:
        """Ciphertext and plain fields in one document; `shown` is what stands in the clear."""
        return self.enclosing(self.sealed(written(said, "xml")), said if shown is None else shown)

    def plain(self, said: Fields | bytes, *, form: str = "xml", **query: str) -> Sent:
        """A push in clear, with the signature that covers no body."""
        signature = crypto.signature(self.account.token, str(NOON), NONCE)
        signed = {"signature": signature, "timestamp": str(NOON), "nonce": NONCE, "openid": BOB}
        return Sent({**signed, **query}, written(said, form))

    def sealed(self, message: bytes, *, key: str = "", appid: str = "") -> str:
        """The ciphertext of a message."""
        return crypto.seal(
            message,
            encoding_key=key or self.account.aes_key,
            appid=appid or self.account.appid,
            salt=b"0123456789abcdef",
        )

    def enclosing(self, encrypt: str, beside: Fields, *, form: str = "xml") -> Sent:
        """A signed request around a ciphertext."""
        query = {
            **self.plain({}).query,
            "encrypt_type": "aes",
            "msg_signature": crypto.signature(self.account.token, str(NOON), NONCE, encrypt),
        }
        return Sent(query, written({**beside, "Encrypt": encrypt}, form))

    def opened(self, body: bytes, *, form: str = "xml", key: str = "") -> Fields:
        """What an encrypted answer says, its signature checked."""
        outer = read(body, form)
        encrypt = str(outer["Encrypt"])
        parts = (self.account.token, str(outer["TimeStamp"]), str(outer["Nonce"]), encrypt)
        assert crypto.is_signed(str(outer["MsgSignature"]), *parts)
        encoding_key = key or self.account.aes_key
        plain = crypto.unseal(encrypt, encoding_key=encoding_key, appid=self.account.appid)
        return read(plain, form)


def written(said: Fields | bytes, form: str) -> bytes:
    """Fields as the platform writes them."""
    if isinstance(said, bytes):
        return said
    if form == "json":
        return json.dumps(said, ensure_ascii=False).encode()
    return xmltext.render(said).encode()


def read(body: bytes, form: str) -> Fields:
    fields: Fields = json.loads(body) if form == "json" else xmltext.parse(body)
    return fields


def query_string(sent: Sent) -> str:
    return urlencode(sent.query)
