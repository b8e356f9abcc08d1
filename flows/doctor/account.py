"""One Official Account: its secret and allow-list, its server address and the way there, its menu."""

import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from flows.doctor.findings import Finding, fine, todo
from flows.doctor.service import fetched
from menus.queries import adoption_of
from templates_msg.queries import purposes_of
from wechat.answers import Ping
from wechat.codec import Codec
from wechat.transport import Response
from wx_backend import clock
from wx_backend.config import Account
from wx_backend.db import db
from wx_backend.errors import PlatformError
from wx_backend.platform import client

_IP: Final = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
# What refusals ask of the account's administrator.
_NEXT: Final[Mapping[str, str]] = {
    "40013": "copy the AppID from the account's console",
    "40125": "copy the AppSecret that is in use; do not reset it, others may use it too",
    "40164": "put this address on the account's IP allow-list",
    "40201": "save the server configuration in the account's console",
    "40243": "unfreeze the AppSecret in the account's console",
    "89503": "have the account's administrator confirm this address",
    "89506": "the administrator refused this address: ask again tomorrow",
    "89507": "the administrator refused this address: ask again in an hour",
    "50007": "the account is frozen: see the letters in its console",
}


def account_findings(account: Account, base_url: str) -> Iterator[Finding]:
    """Look at an account; nothing is renewed or sent."""
    yield _token(account)
    yield _callback(account, base_url)
    yield _reached(account)
    yield _menu(account)
    yield _templates(account)


def _token(account: Account) -> Finding:
    name = f"{account.name}: token and IP allow-list"
    try:
        client(account.appid).check_credentials()
    except PlatformError as error:
        return _refused(name, error)
    return fine(name, "WeChat knows AppID and AppSecret and takes calls from here")


def _refused(name: str, error: PlatformError) -> Finding:
    said = f"{error.code} {error.message}".strip()
    if error.code == "40164" and (address := _IP.search(error.message)):
        return todo(name, said, f"put {address[0]} on the account's IP allow-list")
    if error.code in _NEXT:
        return todo(name, said, _NEXT[error.code])
    if not error.code.lstrip("-").isdigit():
        return todo(name, said, "let this machine reach wechat.api_url (a firewall, a proxy)")
    return todo(name, said, "look the code up in WeChat's documentation of return codes")


def _callback(account: Account, base_url: str) -> Finding:
    """Do what saving the server configuration does: a signed question that wants its echo."""
    name = f"{account.name}: server address"
    path = f"/wechat/{account.name}/callback"
    echo, nonce = secrets.token_hex(8), secrets.token_hex(4)
    timestamp = str(int(clock.now().timestamp()))
    codec = Codec(account.appid, account.token, (account.aes_key,))
    query = {
        "signature": codec.signature(timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": echo,
    }
    answer = fetched(f"{base_url}{path}?{urlencode(query)}", api="/wechat/callback")
    if isinstance(answer, Response) and (answer.status, answer.body) == (200, echo.encode()):
        return fine(name, f"{base_url}{path} answers WeChat's question")
    said = answer if isinstance(answer, str) else f"HTTP {answer.status}, or not the bare echo"
    return todo(
        name, f"{path}: {said}", "let the reverse proxy pass the address and query unaltered"
    )


def _reached(account: Account) -> Finding:
    """Whether the platform's networks reach the address that is saved in the account's console."""
    name = f"{account.name}: way from WeChat to the server address"
    try:
        pings = client(account.appid).pinged()
    except PlatformError as error:
        return _refused(name, error)
    lost = [
        f"{each.network} to {each.address} loses {each.loss}" for each in pings if _is_lost(each)
    ]
    if lost or not pings:
        said = "; ".join(lost) or "WeChat pinged nothing"
        return todo(name, said, "let WeChat's addresses through: DNS, firewall, route (and pings)")
    return fine(name, f"{len(pings)} of WeChat's networks reach {pings[0].address}")


def _is_lost(ping: Ping) -> bool:
    return ping.loss not in ("0%", "0")


def _menu(account: Account) -> Finding:
    name = f"{account.name}: menu and replies"
    adoption = adoption_of(account.appid)
    db.session.rollback()
    if adoption is None:
        return todo(name, "not taken over", f"run `adopt-account {account.name}`")
    return fine(name, f"taken over on {adoption.adopted_at:%Y-%m-%d}")


def _templates(account: Account) -> Finding:
    name = f"{account.name}: message templates"
    purposes = purposes_of(account.appid)
    db.session.rollback()
    if not purposes:
        return todo(
            name, "none chosen: no event tells anybody", "choose them under 营销 / 消息模板"
        )
    return fine(name, f"{len(purposes)} events have one")
