"""A push as it goes over the wire: query, headers and body in the account's mode and format."""

import json
from dataclasses import dataclass
from urllib.parse import urlencode

from simulator import crypto, xmltext
from simulator.records import JSON, Account
from simulator.world import World

CONTENT_TYPES = {"xml": "text/xml", "json": "application/json"}


@dataclass(frozen=True)
class Envelope:
    """One push; a retry repeats it byte by byte."""

    query: dict[str, str]
    body: str
    content_type: str

    def url(self, callback_url: str) -> str:
        joint = "&" if "?" in callback_url else "?"
        return f"{callback_url}{joint}{urlencode(self.query)}"


def enclose(world: World, account: Account, openid: str, fields: JSON) -> Envelope:
    """Sign the push and, unless the account is in plaintext mode, encrypt it."""
    timestamp, nonce = str(int(world.now())), world.chance(10, "0123456789")
    query = {
        "signature": crypto.signature(account.token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": openid,
    }
    plain = text_of(account, fields)
    if account.mode == "plaintext":
        return Envelope(query, plain, CONTENT_TYPES[account.format])
    encrypted = crypto.seal(
        plain.encode(),
        encoding_key=_sealing_key(world, account),
        appid=account.appid,
        salt=world.chance(16).encode(),
    )
    query["encrypt_type"] = "aes"
    query["msg_signature"] = crypto.signature(account.token, timestamp, nonce, encrypted)
    visible = fields if account.mode == "compatible" else {"ToUserName": account.gh_id}
    body = text_of(account, {**visible, "Encrypt": encrypted})
    return Envelope(query, body, CONTENT_TYPES[account.format])


def text_of(account: Account, fields: JSON) -> str:
    """The fields as the account's format writes them."""
    if account.format == "xml":
        return xmltext.render(fields)
    return json.dumps(_flattened(fields), ensure_ascii=False)


def _flattened(fields: JSON) -> JSON:
    """In JSON the subscription events carry `List` at the top, and a single entry bare."""
    plain: JSON = {}
    for name, value in fields.items():
        if name.startswith("SubscribeMsg") and isinstance(value, dict):
            entries = value["List"]
            is_bare = len(entries) == 1 and name != "SubscribeMsgPopupEvent"
            plain["List"] = entries[0] if is_bare else entries
        else:
            plain[name] = value
    return plain


def _sealing_key(world: World, account: Account) -> str:
    choice = account.encrypt_with
    if choice == "alternate":
        choice = world.random.choice(("current", "previous"))
    if choice == "previous" and account.previous_aes_key:
        return account.previous_aes_key
    return account.encoding_aes_key
