"""Tags on followers."""

from simulator.api.calls import OK, Answer, Call, endpoint
from simulator.errors import ApiError
from simulator.records import JSON, Contact, Tag

_MOST_TAGS = 100
_MOST_PER_PERSON = 20
_MOST_TO_DELETE = 100_000
_BATCH = 50
_SYSTEM_TAGS = (0, 1, 2)


@endpoint("POST", "/cgi-bin/tags/create")
def create(call: Call) -> Answer:
    name = _name(call)
    if len(_mine(call)) >= _MOST_TAGS:
        raise ApiError(45056)
    tag = call.world.tags.save(Tag(call.account.appid, 100 + call.world.serial("tag"), name))
    return {"tag": {"id": tag.tag_id, "name": tag.name}}


@endpoint("GET", "/cgi-bin/tags/get")
def listed(call: Call) -> Answer:
    return {
        "tags": [{"id": t.tag_id, "name": t.name, "count": _size(call, t)} for t in _mine(call)]
    }


@endpoint("POST", "/cgi-bin/tags/update")
def rename(call: Call) -> Answer:
    tag = _tag(call, _inner(call).get("id"))
    tag.name = _name(call)
    call.world.tags.save(tag)
    return OK


@endpoint("POST", "/cgi-bin/tags/delete")
def delete(call: Call) -> Answer:
    tag = _tag(call, _inner(call).get("id"))
    if _size(call, tag) > _MOST_TO_DELETE:
        raise ApiError(45057)
    for contact in call.world.contacts:
        if contact.appid == tag.appid and tag.tag_id in contact.tags:
            contact.tags.remove(tag.tag_id)
            call.world.contacts.save(contact)
    call.world.tags.drop(tag.key)
    return OK


@endpoint("POST", "/cgi-bin/tags/members/batchtagging", daily=100_000)
def tag_members(call: Call) -> Answer:
    tag = _tag(call, call.body.get("tagid"))
    members = _members(call)
    if not all(contact.is_following for contact in members):
        raise ApiError(40003)
    if any(len({*contact.tags, tag.tag_id}) > _MOST_PER_PERSON for contact in members):
        raise ApiError(45059)
    for contact in members:
        if tag.tag_id not in contact.tags:
            contact.tags.append(tag.tag_id)
        call.world.contacts.save(contact)
    return OK


@endpoint("POST", "/cgi-bin/tags/members/batchuntagging", daily=100_000)
def untag_members(call: Call) -> Answer:
    tag = _tag(call, call.body.get("tagid"))
    for contact in _members(call):
        contact.tags = [tag_id for tag_id in contact.tags if tag_id != tag.tag_id]
        call.world.contacts.save(contact)
    return OK


@endpoint("POST", "/cgi-bin/tags/getidlist")
def tags_of(call: Call) -> Answer:
    return {"tagid_list": call.contact(call.text("openid", missing=40003)).tags}


@endpoint("POST", "/cgi-bin/user/tag/get")
def members(call: Call) -> Answer:
    tag = _tag(call, call.body.get("tagid"))
    after = str(call.body.get("next_openid") or "")
    openids = sorted(c.openid for c in _tagged(call, tag) if c.openid > after)[:10_000]
    if not openids:
        return {"count": 0, "next_openid": ""}
    return {"count": len(openids), "data": {"openid": openids}, "next_openid": openids[-1]}


def _inner(call: Call) -> JSON:
    inner = call.body.get("tag")
    if not isinstance(inner, dict):
        raise ApiError(47001)
    return inner


def _name(call: Call) -> str:
    name = _inner(call).get("name")
    if not isinstance(name, str) or not name or len(name) > 30:
        raise ApiError(45158)
    if any(tag.name == name for tag in _mine(call)):
        raise ApiError(45157)
    return name


def _tag(call: Call, tag_id: object) -> Tag:
    if tag_id in _SYSTEM_TAGS:
        raise ApiError(45058)
    tag = call.world.tags.find(call.account.appid, str(tag_id))
    if tag is None:
        raise ApiError(45159)
    return tag


def _mine(call: Call) -> list[Tag]:
    return [tag for tag in call.world.tags if tag.appid == call.account.appid]


def _tagged(call: Call, tag: Tag) -> list[Contact]:
    return [c for c in call.world.contacts if c.appid == tag.appid and tag.tag_id in c.tags]


def _size(call: Call, tag: Tag) -> int:
    return len(_tagged(call, tag))


def _members(call: Call) -> list[Contact]:
    openids = call.body.get("openid_list")
    if not isinstance(openids, list) or not 1 <= len(openids) <= _BATCH:
        raise ApiError(40032)
    return [call.contact(str(openid)) for openid in openids]
