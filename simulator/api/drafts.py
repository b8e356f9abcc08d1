"""Articles in the draft box: made, read page by page and one by one."""

from simulator.api.calls import Answer, Call, endpoint
from simulator.errors import ApiError
from simulator.records import JSON, Draft

_MOST_A_CALL = 20
_TITLE_LENGTH = 64


@endpoint("POST", "/cgi-bin/draft/add", daily=1_000)
def add(call: Call) -> Answer:
    """A draft of one article or more."""
    articles = call.body.get("articles")
    if not isinstance(articles, list) or not 1 <= len(articles) <= 8:
        raise ApiError(45008)
    for article in articles:
        _check(article)
    media_id = call.world.chance(64)
    call.world.drafts.save(Draft(call.account.appid, media_id, articles, call.now))
    return {"media_id": media_id}


@endpoint("POST", "/cgi-bin/draft/get")
def one(call: Call) -> Answer:
    found = call.world.drafts.find(call.account.appid, call.text("media_id", missing=40007))
    if found is None:
        raise ApiError(40007)
    return {"news_item": found.articles, "update_time": int(found.updated_at)}


@endpoint("POST", "/cgi-bin/draft/batchget")
def listed(call: Call) -> Answer:
    offset, count = call.body.get("offset"), call.body.get("count")
    if not isinstance(offset, int) or not isinstance(count, int) or not 1 <= count <= _MOST_A_CALL:
        raise ApiError(40035)
    mine = [each for each in call.world.drafts if each.appid == call.account.appid]
    mine.sort(key=lambda each: each.updated_at, reverse=True)
    page = mine[offset : offset + count]
    return {"total_count": len(mine), "item_count": len(page), "item": [_item(e) for e in page]}


def _item(draft: Draft) -> JSON:
    at = int(draft.updated_at)
    content = {"news_item": draft.articles, "create_time": at, "update_time": at}
    return {"media_id": draft.media_id, "content": content, "update_time": at}


def _check(article: JSON) -> None:
    title, content = article.get("title"), article.get("content")
    if not isinstance(title, str) or not 1 <= len(title) <= _TITLE_LENGTH:
        raise ApiError(45003)
    if not isinstance(content, str) or not content:
        raise ApiError(44004)
    if not article.get("thumb_media_id"):
        raise ApiError(40007, "thumb_media_id")
