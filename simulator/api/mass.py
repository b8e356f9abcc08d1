"""Mass sends: four a month and person, counted over all channels; an administrator may have to agree."""

import hashlib
import json

from simulator import pushes
from simulator.api.calls import OK, Answer, Call, endpoint, event_delay
from simulator.clock import shanghai_day
from simulator.errors import ApiError, Refused
from simulator.records import JSON, Account, Contact, MassSend, Sent
from simulator.workings import Task
from simulator.world import World

_PER_MONTH = 4
_KINDS = ("mpnews", "text", "voice", "music", "image", "mpvideo", "wxcard")
_CLIENT_ID_BYTES = 64
_REMEMBERED_SECONDS = 86_400
_TOO_SOON_SECONDS = 60
_ADMINISTRATOR_SECONDS = 1_800
_REFUSED, _NO_ANSWER = "err(40001)", "err(40002)"


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
    kind, content = _said(call)
    msg_id = call.world.msg_id()
    _show(call.world, contact, MassSend(call.account.appid, msg_id, "", [], kind, content))
    return {**OK, "msg_id": msg_id}


@endpoint("POST", "/cgi-bin/message/mass/get")
def state(call: Call) -> Answer:
    found = call.world.mass_sends.find(call.account.appid, str(call.body.get("msg_id")))
    if found is None:
        raise ApiError(40035, "msg_id")
    return {"msg_id": found.msg_id, "msg_status": found.status}


def answer_of_administrator(world: World, appid: str, msg_id: str, *, agrees: bool) -> JSON:
    """The administrator agrees to a send or refuses it on his phone. Raises Refused."""
    job = world.mass_sends.find(appid, msg_id)
    if job is None or job.status != "SENDING":
        raise Refused(f"no mass send {msg_id!r} waits for an answer")
    task = _carry_out(world, job) if agrees else _give_up(world, job, _REFUSED)
    return {"task": task.number if task else None}


def no_answer(world: World, task: Task) -> None:
    """The administrator's half hour is over."""
    with world.acting():
        job = world.mass_sends.find(task.payload["appid"], task.payload["msg_id"])
        if job is not None and job.status == "SENDING":
            _give_up(world, job, _NO_ANSWER)


def _send(call: Call, receivers: list[Contact]) -> Answer:
    repeated = _earlier(call)
    if repeated:
        raise ApiError(45065, msg_id=repeated.msg_id)
    kind, content = _said(call)
    openids = [contact.openid for contact in receivers]
    msg_id, appid = call.world.msg_id(), call.account.appid
    _remember(call, msg_id)
    job = MassSend(appid, msg_id, "SENDING", openids, kind, content)
    call.world.mass_sends.save(job)
    if call.account.is_mass_protected:
        payload = {"appid": appid, "msg_id": str(msg_id)}
        call.world.schedule("mass", f"mass/{job.key}", payload, _ADMINISTRATOR_SECONDS)
    else:
        task = _carry_out(call.world, job, delay=event_delay(call))
        call.caused += [task] if task else []
    return {**OK, "msg_id": msg_id, "msg_data_id": call.world.msg_id()}


def _carry_out(world: World, job: MassSend, *, delay: float = 0.0) -> Task | None:
    receivers = [world.contacts.find(job.appid, openid) for openid in job.receivers]
    allowed = [c for c in receivers if c and c.is_following and _has_left(world, c)]
    reached = [contact for contact in allowed if not contact.is_blocking]
    for contact in reached:
        contact.mass_count += 1
        world.contacts.save(contact)
        _show(world, contact, job)
    job.status = "SEND_SUCCESS"
    _take_out_of_drafts(world, job)
    failed = len(allowed) - len(reached)
    return _tell(world, job, "send success", (len(allowed), len(reached), failed), delay)


def _give_up(world: World, job: MassSend, why: str) -> Task | None:
    job.status = "SEND_FAIL"
    return _tell(world, job, why, (0, 0, len(job.receivers)), 0.0)


def _tell(
    world: World, job: MassSend, status: str, counts: tuple[int, int, int], delay: float
) -> Task | None:
    world.mass_sends.save(job)
    event = {
        "MsgType": "event",
        "Event": "MASSSENDJOBFINISH",
        "MsgID": job.msg_id,
        "Status": status,
        "TotalCount": len(job.receivers),
        **dict(zip(("FilterCount", "SentCount", "ErrorCount"), counts, strict=True)),
    }
    # The platform names a follower of its choice as the sender of this event.
    first = next(iter(job.receivers), "")
    sender = world.contacts.find(job.appid, first) or Contact(job.appid, first, "")
    account: Account = world.accounts.rows[job.appid]
    return pushes.push(world, account, sender, event, delay=delay)


def _said(call: Call) -> tuple[str, JSON]:
    kind = call.text("msgtype", missing=40008)
    if kind not in _KINDS:
        raise ApiError(40008)
    content: JSON = call.body.get(kind) or {}
    if not isinstance(content, dict):
        raise ApiError(47001)
    if kind == "mpnews":
        draft = call.world.drafts.find(call.account.appid, str(content.get("media_id")))
        if draft is None:
            raise ApiError(40007)
        content = {**content, "articles": draft.articles}
    return kind, content


def _take_out_of_drafts(world: World, job: MassSend) -> None:
    """An article that was sent is no draft any more."""
    world.drafts.drop(f"{job.appid}/{job.content.get('media_id')}")


def _show(world: World, contact: Contact, job: MassSend) -> None:
    line = {"msg_type": job.kind, "content": job.content, "msg_id": str(job.msg_id)}
    world.write(contact.person, contact.appid, "account", "mass", **line)
    world.witness(
        "message.delivered",
        appid=contact.appid,
        openid=contact.openid,
        person=contact.person,
        message="mass",
        content=job.content,
        msg_id=str(job.msg_id),
    )


def _has_left(world: World, contact: Contact) -> bool:
    month = shanghai_day(world.now())[:7]
    if contact.mass_month != month:
        contact.mass_month, contact.mass_count = month, 0
    return contact.mass_count < _PER_MONTH


def _followers(call: Call) -> list[Contact]:
    appid = call.account.appid
    return [c for c in call.world.contacts if c.appid == appid and c.is_following]


def _key(call: Call) -> str:
    """What marks a repeat: the client's own id, else a digest of what is said to whom."""
    client_id = str(call.body.get("clientmsgid") or "")
    if len(client_id.encode()) > _CLIENT_ID_BYTES:
        raise ApiError(45067)
    if not client_id:
        said = {name: call.body.get(name) for name in ("filter", "touser", "msgtype", *_KINDS)}
        text = json.dumps(said, sort_keys=True, ensure_ascii=False)
        client_id = f"digest-{hashlib.sha256(text.encode()).hexdigest()}"
    return f"mass/{client_id}"


def _earlier(call: Call) -> Sent | None:
    """The send under the same id within a day; a repeat within a minute is too soon to tell."""
    found = call.world.sent.find(call.account.appid, _key(call))
    if found is None or call.now - found.at >= _REMEMBERED_SECONDS:
        return None
    if call.now - found.at < _TOO_SOON_SECONDS:
        raise ApiError(45066)
    return found


def _remember(call: Call, msg_id: int) -> None:
    call.world.sent.save(Sent(call.account.appid, _key(call), msg_id, call.now))
