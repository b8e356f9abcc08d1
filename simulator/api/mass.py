"""Mass sends: four a month and person, counted over all channels."""

from simulator import pushes
from simulator.api.calls import OK, Answer, Call, endpoint, event_delay
from simulator.clock import shanghai_day
from simulator.errors import ApiError
from simulator.records import JSON, Contact, MassSend, Sent

_PER_MONTH = 4
_KINDS = ("mpnews", "text", "voice", "music", "image", "mpvideo", "wxcard")


@endpoint("POST", "/cgi-bin/message/mass/sendall", daily=100, per_minute=60)
def send_all(call: Call) -> Answer:
    """To every follower, or to those with a tag."""
    chosen = call.body.get("filter")
    if not isinstance(chosen, dict):
        raise ApiError(40035, "filter")
    everybody = chosen.get("is_to_all") is True
    tag_id = chosen.get("tag_id")
    return _send(call, [c for c in _followers(call) if everybody or tag_id in c.tags])


@endpoint("POST", "/cgi-bin/message/mass/send", daily=100, per_minute=60)
def send_list(call: Call) -> Answer:
    openids = call.body.get("touser")
    if not isinstance(openids, list) or not 2 <= len(openids) <= 10_000:
        raise ApiError(40032)
    return _send(call, [call.contact(str(openid)) for openid in openids])


@endpoint("POST", "/cgi-bin/message/mass/preview", daily=100)
def preview(call: Call) -> Answer:
    contact = call.contact(call.text("touser", missing=40003))
    msg_id = call.world.msg_id()
    _show(call, contact, msg_id)
    return {**OK, "msg_id": msg_id}


@endpoint("POST", "/cgi-bin/message/mass/get")
def state(call: Call) -> Answer:
    found = call.world.mass_sends.find(call.account.appid, str(call.body.get("msg_id")))
    if found is None:
        raise ApiError(40035, "msg_id")
    return {"msg_id": found.msg_id, "msg_status": found.status}


def _send(call: Call, receivers: list[Contact]) -> Answer:
    repeated = _remember(call)
    if repeated:
        raise ApiError(45065, msg_id=repeated.msg_id)
    msg_id = call.world.sent.rows[_key(call)].msg_id if _key(call) else call.world.msg_id()
    allowed = [c for c in receivers if c.is_following and _has_left(call, c)]
    reached = [c for c in allowed if not c.is_blocking]
    for contact in reached:
        contact.mass_count += 1
        call.world.contacts.save(contact)
        _show(call, contact, msg_id)
    call.world.mass_sends.save(MassSend(call.account.appid, msg_id, "SEND_SUCCESS"))
    _finish(call, msg_id, receivers, allowed, reached)
    return {**OK, "msg_id": msg_id, "msg_data_id": call.world.msg_id()}


def _finish(
    call: Call,
    msg_id: int,
    receivers: list[Contact],
    allowed: list[Contact],
    reached: list[Contact],
) -> None:
    event = {
        "MsgType": "event",
        "Event": "MASSSENDJOBFINISH",
        "MsgID": msg_id,
        "Status": "send success",
        "TotalCount": len(receivers),
        "FilterCount": len(allowed),
        "SentCount": len(reached),
        "ErrorCount": len(allowed) - len(reached),
    }
    # The platform names a follower of its choice as the sender of this event.
    sender = next(iter(receivers), Contact(call.account.appid, "", ""))
    task = pushes.push(call.world, call.account, sender, event, delay=event_delay(call))
    call.caused += [task] if task else []


def _show(call: Call, contact: Contact, msg_id: int) -> None:
    kind = call.text("msgtype", missing=40008)
    if kind not in _KINDS:
        raise ApiError(40008)
    content: JSON = call.body.get(kind) or {}
    world = call.world
    line = {"msg_type": kind, "content": content, "msg_id": str(msg_id)}
    world.write(contact.person, contact.appid, "account", "mass", **line)
    world.witness(
        "message.delivered",
        appid=contact.appid,
        openid=contact.openid,
        person=contact.person,
        message="mass",
        content=content,
        msg_id=str(msg_id),
    )


def _has_left(call: Call, contact: Contact) -> bool:
    month = shanghai_day(call.now)[:7]
    if contact.mass_month != month:
        contact.mass_month, contact.mass_count = month, 0
    return contact.mass_count < _PER_MONTH


def _followers(call: Call) -> list[Contact]:
    appid = call.account.appid
    return [c for c in call.world.contacts if c.appid == appid and c.is_following]


def _key(call: Call) -> str:
    client_id = str(call.body.get("clientmsgid") or "")
    if len(client_id) > 64:
        raise ApiError(45067)
    return f"{call.account.appid}/mass/{client_id}" if client_id else ""


def _remember(call: Call) -> Sent | None:
    """The earlier send under this client id; a new id is noted."""
    key = _key(call)
    if not key:
        return None
    known = call.world.sent.find(key)
    if known is None:
        appid, client_id = key.split("/", 1)
        call.world.sent.save(Sent(appid, client_id, call.world.msg_id(), call.now))
    return known
