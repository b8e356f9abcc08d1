"""Reading the answer to a push as strictly as the platform does."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from simulator import crypto, xmltext
from simulator.records import JSON, Account
from simulator.world import World

SILENT = (b"", b"success")
_LONGEST_TEXT = 2048
_MOST_ARTICLES = 8


class BadReply(ValueError):
    """An answer that is neither `success`, nor empty, nor a valid passive reply."""


def read_reply(world: World, account: Account, openid: str, raw: bytes) -> JSON | None:
    """The passive reply, or None for `success` and the empty answer; raises BadReply."""
    if raw.strip() in SILENT:
        return None
    try:
        fields = _fields(account, raw)
        if account.mode != "plaintext" and "Encrypt" in fields:
            fields = _fields(account, _unsealed(account, fields))
        elif account.mode == "safe":
            raise BadReply("a plain reply in safe mode")
        return _checked(world, account, openid, fields)
    except (xmltext.NotXml, crypto.NotReadable, KeyError, TypeError, AttributeError) as error:
        raise BadReply(f"{type(error).__name__}: {error}") from error


def _fields(account: Account, raw: bytes) -> JSON:
    if account.format == "xml":
        return xmltext.parse(raw.strip())
    try:
        fields = json.loads(raw)
    except ValueError as error:
        raise BadReply("not JSON") from error
    if not isinstance(fields, dict):
        raise BadReply("not a JSON object")
    return fields


def _unsealed(account: Account, outer: JSON) -> bytes:
    encrypted = str(outer["Encrypt"])
    parts = (account.token, str(outer["TimeStamp"]), str(outer["Nonce"]), encrypted)
    if not crypto.is_signed(str(outer["MsgSignature"]), *parts):
        raise BadReply("the reply's signature is wrong")
    for key in filter(None, (account.encoding_aes_key, account.previous_aes_key)):
        try:
            return crypto.unseal(encrypted, encoding_key=key, appid=account.appid)
        except crypto.NotReadable:
            continue
    raise BadReply("the reply does not decrypt")


def _checked(world: World, account: Account, openid: str, fields: JSON) -> JSON:
    if fields["ToUserName"] != openid or fields["FromUserName"] != account.gh_id:
        raise BadReply("the reply is addressed to somebody else")
    if not str(fields["CreateTime"]).isdecimal():
        raise BadReply("CreateTime is not a number")
    kind = str(fields["MsgType"])
    read = _READERS.get(kind)
    if read is None or (account.kind == "mini" and kind != "transfer_customer_service"):
        raise BadReply(f"no reply of type {kind!r}")
    return {"msg_type": kind, "content": read(world, account, fields)}


def _text(_world: World, _account: Account, fields: JSON) -> JSON:
    content = fields["Content"]
    if not isinstance(content, str) or not content:
        raise BadReply("no Content")
    if len(content.encode()) > _LONGEST_TEXT:
        raise BadReply("Content is longer than 2048 bytes")
    return {"content": content}


def _media(element: str) -> Callable[[World, Account, JSON], JSON]:
    def read(world: World, account: Account, fields: JSON) -> JSON:
        inner: Mapping[str, Any] = fields[element]
        media = world.media.find(inner["MediaId"])
        if media is None or media.appid != account.appid or media.expires_at <= world.now():
            raise BadReply("no such media")
        extra = {name.lower(): inner[name] for name in ("Title", "Description") if name in inner}
        return {"media_id": media.media_id, **extra}

    return read


def _music(_world: World, _account: Account, fields: JSON) -> JSON:
    music = fields["Music"]
    return {"title": music.get("Title", ""), "url": music["MusicUrl"]}


def _news(_world: World, _account: Account, fields: JSON) -> JSON:
    articles = fields["Articles"]
    items = articles if isinstance(articles, list) else articles["item"]
    if int(fields["ArticleCount"]) != len(items) or not 1 <= len(items) <= _MOST_ARTICLES:
        raise BadReply("ArticleCount is not the number of articles")
    keys = {"Title": "title", "Description": "description", "PicUrl": "picurl", "Url": "url"}
    shown = [{name: item.get(key, "") for key, name in keys.items()} for item in items]
    return {"articles": shown}


def _transfer(_world: World, _account: Account, fields: JSON) -> JSON:
    inner = fields.get("TransInfo")
    return {"kf_account": inner["KfAccount"] if inner else ""}


_READERS: dict[str, Callable[[World, Account, JSON], JSON]] = {
    "text": _text,
    "image": _media("Image"),
    "voice": _media("Voice"),
    "video": _media("Video"),
    "music": _music,
    "news": _news,
    "transfer_customer_service": _transfer,
}
