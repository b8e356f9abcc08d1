"""Pushing messages and events to an account's server: signed, encrypted, timed and repeated."""

from dataclasses import asdict

from simulator import chaos, outgoing
from simulator.envelopes import Envelope, enclose
from simulator.outgoing import Reaction
from simulator.records import JSON, Account, Contact
from simulator.replies import BadReply, read_reply
from simulator.workings import Task
from simulator.world import World

OUT_OF_ORDER = "该公众号提供的服务出现故障，请稍后再试"
_MARKFAIL_SECONDS = 60
_AT_QUEUE = ("duplicate", "hold", "never", "delay")
_AT_SENDING = ("bad_signature", "cut_body", "drop_after", "fail_before")


def push(
    world: World, account: Account, contact: Contact, fields: JSON, *, delay: float = 0.0
) -> Task | None:
    """Queue a message or event; None when the account has no server or chaos swallows it."""
    if not account.callback_url:
        return None
    name = str(fields.get("Event") or fields["MsgType"])
    struck = chaos.fire(world, f"push:{name}", _AT_QUEUE)
    if "never" in struck:
        world.witness("push.lost", appid=account.appid, name=name, reason="chaos")
        return None
    payload = _payload(world, account, contact, name, fields)
    delay += float(struck.get("delay", {}).get("seconds", 0.0))
    lane = f"push/{account.appid}/{contact.openid}"
    task = world.schedule("push", lane, payload, delay)
    if "hold" in struck:
        task.is_held = True
        world.tasks.save(task)
    _duplicate(world, lane, payload, struck.get("duplicate"))
    return task


def _payload(world: World, account: Account, contact: Contact, name: str, fields: JSON) -> JSON:
    common = {
        "ToUserName": account.gh_id,
        "FromUserName": contact.openid,
        "CreateTime": int(world.now()),
    }
    full = {**common, **fields}
    sender = str(full["FromUserName"])
    return {
        "appid": account.appid,
        "openid": sender,
        "person": contact.person,
        "name": name,
        "fields": full,
        "envelope": asdict(enclose(world, account, sender, full)),
    }


def _duplicate(world: World, lane: str, payload: JSON, options: JSON | None) -> None:
    """Copies use lanes of their own, so that they overtake and overlap as real ones do."""
    if options is None:
        return
    for n in range(1, int(options.get("n", 1)) + 1):
        spacing = float(options.get("spacing", 0.0))
        world.schedule("push", f"{lane}/copy-{n}", {**payload, "is_copy": True}, n * spacing)


def deliver(world: World, task: Task) -> float | None:
    """One delivery of a push; the seconds until the next try, or None when that was the last."""
    with world.acting():
        account = world.accounts.find(task.payload["appid"])
        if account is None:
            return None
        if account.blocked_until > world.now():
            _witness(world, task, "lost: MarkFail", Reaction())
            return None
        struck = chaos.fire(world, f"push:{task.payload['name']}", _AT_SENDING)
        limit = world.settings.push_timeout
    reaction = _post(task, account, struck, limit)
    with world.acting():
        return _judge(world, task, account, reaction)


def _post(task: Task, account: Account, struck: dict[str, JSON], limit: float) -> Reaction:
    if "fail_before" in struck:
        return Reaction(fault="lost on the way")
    envelope = Envelope(**task.payload["envelope"])
    if "bad_signature" in struck:
        names = [name for name in envelope.query if name.endswith("signature")]
        envelope = Envelope(
            {**envelope.query, **dict.fromkeys(names, "0" * 40)},
            envelope.body,
            envelope.content_type,
        )
    body = envelope.body.encode()
    if "cut_body" in struck:
        body = body[: len(body) // 2]
    headers = {"Content-Type": envelope.content_type, "User-Agent": "Mozilla/4.0"}
    url = envelope.url(account.callback_url)
    reaction = outgoing.send("POST", url, body, headers, limit=limit)
    return Reaction(fault="answer lost") if "drop_after" in struck else reaction


def _judge(world: World, task: Task, account: Account, reaction: Reaction) -> float | None:
    """Decide what the answer means for the chat, the account and the next try."""
    if reaction.fault or reaction.status != 200:
        _count_failure(world, account)
        is_last = task.attempt >= world.settings.push_tries
        outcome = reaction.fault or f"HTTP {reaction.status}"
        _witness(world, task, outcome + (", given up" if is_last else ""), reaction)
        if is_last:
            _apologise(world, task)
            return None
        return world.settings.push_pause * world.settings.time_scale
    try:
        reply = read_reply(world, account, task.payload["openid"], reaction.body)
    except BadReply as error:
        _count_failure(world, account)
        _witness(world, task, f"bad reply: {error}", reaction)
        _apologise(world, task)
        return None
    account.failed_in_a_row = 0
    world.accounts.save(account)
    _witness(world, task, "replied" if reply else "accepted", reaction)
    if reply and not task.payload.get("is_copy"):
        world.write(task.payload["person"], account.appid, "account", "passive", **reply)
    return None


def _count_failure(world: World, account: Account) -> None:
    account.failed_in_a_row += 1
    account.failed_total += 1
    if account.markfail_after and account.failed_in_a_row >= account.markfail_after:
        account.blocked_until = world.now() + _MARKFAIL_SECONDS
        account.failed_in_a_row = 0
    world.accounts.save(account)


def _apologise(world: World, task: Task) -> None:
    """What the person sees when his message could not be answered; events fail silently."""
    if task.payload["fields"]["MsgType"] == "event" or task.payload.get("is_copy"):
        return
    line = {"msg_type": "text", "content": {"content": OUT_OF_ORDER}}
    world.write(task.payload["person"], task.payload["appid"], "system", "system", **line)


def _witness(world: World, task: Task, outcome: str, reaction: Reaction) -> None:
    payload = task.payload
    world.witness(
        "push.sent" if reaction.status or reaction.fault else "push.lost",
        task=task.number,
        attempt=task.attempt,
        appid=payload["appid"],
        person=payload["person"],
        name=payload["name"],
        fields=payload["fields"],
        outcome=outcome,
        status=reaction.status,
        seconds=round(reaction.seconds, 3),
    )
