"""Mass sends: the articles among an account's drafts, and sending one to a list of followers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wechat.caller import Caller
from wx_backend.errors import PlatformError

PEOPLE_MIN: Final = 2
PEOPLE_MAX: Final = 10_000
CLIENT_ID_BYTES: Final = 64
DRAFTS_A_CALL: Final = 10
_SEND: Final = "/cgi-bin/message/mass/send"
_KEPT: Final = (
    *("title", "author", "digest", "content", "thumb_media_id"),
    *("need_open_comment", "only_fans_can_comment"),
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft of one article; `article` is what it takes to make the same again."""

    media_id: str
    article: Mapping[str, Any]


def drafts(caller: Caller, *, after: int) -> tuple[list[Draft], int]:
    """Up to ten of an account's drafts, the newest first, and how many there are in all.

    Of those only ordinary articles that stand alone: a picture message has no link to the original.
    """
    path = "/cgi-bin/draft/batchget"
    body = {"offset": after, "count": DRAFTS_A_CALL, "no_content": 0}
    sent = caller.call("POST", path, body=body)
    return list(_single(sent.get("item", ()))), int(sent.get("total_count", 0))


def _single(items: Sequence[Mapping[str, Any]]) -> Iterator[Draft]:
    for item in items:
        articles: Sequence[Mapping[str, Any]] = (item.get("content") or {}).get("news_item") or ()
        if len(articles) == 1 and articles[0].get("article_type", "news") == "news":
            kept = {name: articles[0][name] for name in _KEPT if name in articles[0]}
            yield Draft(str(item["media_id"]), kept)


def add_draft(caller: Caller, article: Mapping[str, Any], *, link: str) -> str:
    """Make a draft whose link to the original is `link`; its media id."""
    body = {"articles": [{**article, "content_source_url": link}]}
    return str(caller.call("POST", "/cgi-bin/draft/add", body=body)["media_id"])


def send_mass(
    caller: Caller, *, openids: Sequence[str], media_id: str, client_msg_id: str
) -> str | None:
    """Send an article to 2 to 10,000 followers at once; the number of the job, if it was told.

    The same `client_msg_id` within a day is one job: a repeat is refused with 45065, which tells
    the number, and within a minute with 45066. Raises ValueError for what WeChat would refuse.
    """
    if not PEOPLE_MIN <= len(openids) <= PEOPLE_MAX:
        raise ValueError("a mass send goes to 2 to 10,000 people")
    if not 0 < len(client_msg_id.encode()) <= CLIENT_ID_BYTES:
        raise ValueError("a clientmsgid is 1 to 64 bytes")
    body = {
        "touser": list(openids),
        "msgtype": "mpnews",
        "mpnews": {"media_id": media_id},
        "send_ignore_reprint": 0,
        "clientmsgid": client_msg_id,
    }
    sent = caller.call("POST", _SEND, body=body)
    return str(sent["msg_id"]) if "msg_id" in sent else None


def mass_state(caller: Caller, msg_id: str) -> str:
    """How a job stands: SENDING, SEND_SUCCESS, SEND_FAIL or DELETE."""
    path = "/cgi-bin/message/mass/get"
    status = caller.call("POST", path, body={"msg_id": msg_id}).get("msg_status")
    if not isinstance(status, str):
        raise PlatformError(path, "unreadable_answer", permanent=False)
    return status
