"""Passive replies: what can be answered to a push at once, in XML or JSON.

A reply knows its content only; `to(push)` addresses it. No text in it can break the document.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, NamedTuple

from wechat.pushes import Push
from wechat.xml import cdata
from wx_backend import strict

TEXT_BYTES: Final = 2048
ARTICLES: Final = 8
# Whatever XML 1.0 has no place for, even escaped.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Addressed(NamedTuple):
    """A reply ready to be written."""

    push: Push
    msg_type: str
    content: Mapping[str, Any]

    def xml(self) -> bytes:
        """The document in XML; every text is CDATA."""
        push = self.push
        return (
            f"<xml><ToUserName>{cdata(push.openid)}</ToUserName>"
            f"<FromUserName>{cdata(push.to_user)}</FromUserName>"
            f"<CreateTime>{int(push.created_at.timestamp())}</CreateTime>"
            f"<MsgType>{cdata(self.msg_type)}</MsgType>{_elements(self.content)}</xml>"
        ).encode()

    def json(self) -> bytes:
        """The same document in JSON, for accounts that push JSON."""
        common = {
            "ToUserName": self.push.openid,
            "FromUserName": self.push.to_user,
            "CreateTime": int(self.push.created_at.timestamp()),
            "MsgType": self.msg_type,
        }
        return strict.dumps({**common, **self.content})


@dataclass(frozen=True, slots=True)
class Reply(ABC):
    """One kind of passive reply."""

    msg_type: ClassVar[str]

    def to(self, push: Push) -> Addressed:
        """Address the reply to whoever caused the push, dated as the push."""
        return Addressed(push, self.msg_type, _cleaned(self.content()))

    @abstractmethod
    def content(self) -> Mapping[str, Any]:
        """The fields beside the common ones."""


@dataclass(frozen=True, slots=True)
class Text(Reply):
    """Text of at most 2048 bytes in UTF-8; what is longer is cut at a character."""

    text: str
    msg_type = "text"

    def content(self) -> Mapping[str, Any]:
        return {"Content": cut(clean(self.text), TEXT_BYTES)}


@dataclass(frozen=True, slots=True)
class Image(Reply):
    media_id: str
    msg_type = "image"

    def content(self) -> Mapping[str, Any]:
        return {"Image": {"MediaId": self.media_id}}


@dataclass(frozen=True, slots=True)
class Voice(Reply):
    media_id: str
    msg_type = "voice"

    def content(self) -> Mapping[str, Any]:
        return {"Voice": {"MediaId": self.media_id}}


@dataclass(frozen=True, slots=True)
class Video(Reply):
    media_id: str
    title: str = ""
    description: str = ""
    msg_type = "video"

    def content(self) -> Mapping[str, Any]:
        described = {"Title": self.title, "Description": self.description}
        return {"Video": {"MediaId": self.media_id, **described}}


@dataclass(frozen=True, slots=True)
class Music(Reply):
    thumb_media_id: str
    title: str = ""
    description: str = ""
    url: str = ""
    hq_url: str = ""
    msg_type = "music"

    def content(self) -> Mapping[str, Any]:
        return {
            "Music": {
                "Title": self.title,
                "Description": self.description,
                "MusicUrl": self.url,
                "HQMusicUrl": self.hq_url,
                "ThumbMediaId": self.thumb_media_id,
            }
        }


@dataclass(frozen=True, slots=True)
class Article:
    """One item of a news reply; `pic_url` and `url` are absolute."""

    title: str
    url: str
    description: str = ""
    pic_url: str = ""


@dataclass(frozen=True, slots=True)
class News(Reply):
    """Articles with pictures. A message is answered by one, an event by up to eight.

    Raises ValueError when there is none or more than eight.
    """

    articles: tuple[Article, ...]
    msg_type = "news"

    def __post_init__(self) -> None:
        if not 1 <= len(self.articles) <= ARTICLES:
            raise ValueError("a news reply has 1 to 8 articles")

    def content(self) -> Mapping[str, Any]:
        items = [
            {
                "Title": article.title,
                "Description": article.description,
                "PicUrl": article.pic_url,
                "Url": article.url,
            }
            for article in self.articles
        ]
        return {"ArticleCount": len(items), "Articles": {"item": items}}


@dataclass(frozen=True, slots=True)
class TransferToCustomerService(Reply):
    """Hand the talk over to human customer service, to one account if named."""

    account: str = ""
    msg_type = "transfer_customer_service"

    def content(self) -> Mapping[str, Any]:
        return {"TransInfo": {"KfAccount": self.account}} if self.account else {}


def clean(text: str) -> str:
    """Text without control characters, lone surrogates and the like; every line ends by a newline.

    Whoever reads XML takes a carriage return for one anyway.
    """
    if text.isprintable():
        return text
    return _UNWRITABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def cut(text: str, limit: int) -> str:
    """The longest beginning of a text that takes at most `limit` bytes in UTF-8."""
    if len(text) * 4 <= limit:
        return text
    return text.encode()[:limit].decode(errors="ignore")


def _cleaned(value: Any) -> Any:
    """The same with every text in it clean: a media id that was typed in as much as a title."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {name: _cleaned(each) for name, each in value.items()}
    return [_cleaned(each) for each in value] if isinstance(value, list) else value


def _elements(fields: Mapping[str, Any]) -> str:
    written = []
    for tag, value in fields.items():
        if isinstance(value, str):
            written.append(f"<{tag}>{cdata(value)}</{tag}>")
        else:
            several = value if isinstance(value, list) else (value,)
            written += [f"<{tag}>{_compound(each)}</{tag}>" for each in several]
    return "".join(written)


def _compound(value: Any) -> str:
    return _elements(value) if isinstance(value, Mapping) else str(value)
