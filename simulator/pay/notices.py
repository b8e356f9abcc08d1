"""Notices to merchants: encrypted, signed anew for each try, repeated along the documented ladder."""

import json

from simulator import chaos, outgoing, paykeys
from simulator.clock import HOUR, MINUTE, rfc3339
from simulator.outgoing import Reaction
from simulator.pay.gate import SCHEME, private_key
from simulator.pay_records import Merchant
from simulator.records import JSON
from simulator.workings import Task
from simulator.world import World

# Seconds after each failed try; fifteen in all, 24 h 4 min.
LADDER = (
    15,
    15,
    30,
    3 * MINUTE,
    10 * MINUTE,
    20 * MINUTE,
    30 * MINUTE,
    30 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    3 * HOUR,
    3 * HOUR,
    6 * HOUR,
    6 * HOUR,
)
_LIMIT = 5.0
_PROBE = "WECHATPAY/SIGNTEST/"
_AT_QUEUE = ("duplicate", "hold", "never", "delay")
_AT_SENDING = ("bad_signature", "signtest", "cut_body", "drop_after", "fail_before")


def notify(
    world: World, merchant: Merchant, url: str, event_type: str, summary: str, plain: JSON
) -> Task | None:
    """Queue a notice about `plain`; None without a URL or when chaos swallows it."""
    if not url:
        return None
    struck = chaos.fire(world, f"notice:{event_type}", _AT_QUEUE)
    if "never" in struck:
        world.witness("notice.lost", mchid=merchant.mchid, event_type=event_type, plain=plain)
        return None
    body = _envelope(world, merchant, event_type, summary, plain)
    payload = {
        "mchid": merchant.mchid,
        "url": url,
        "event_type": event_type,
        "plain": plain,
        "body": body,
    }
    lane = f"notice/{world.serial('notice')}"
    delay = world.settings.event_delay + float(struck.get("delay", {}).get("seconds", 0.0))
    task = world.schedule("notice", lane, payload, delay)
    if "hold" in struck:
        task.is_held = True
        world.tasks.save(task)
    copies = struck.get("duplicate", {"n": 0})
    for n in range(1, int(copies.get("n", 1)) + 1):
        spacing = float(copies.get("spacing", 1.0))
        world.schedule("notice", f"{lane}/copy-{n}", payload, delay + n * spacing)
    return task


def deliver(world: World, task: Task) -> float | None:
    """One try; the seconds until the next, or None when it succeeded or was the last."""
    payload = task.payload
    with world.acting():
        merchant = world.merchants.find(payload["mchid"])
        if merchant is None:
            return None
        struck = chaos.fire(world, f"notice:{payload['event_type']}", _AT_SENDING)
        body: bytes = payload["body"].encode()
        headers = signed_headers(world, merchant, notice_serial(merchant), body, struck)
    if "cut_body" in struck:
        body = body[: len(body) // 2]
    reaction = _post(payload["url"], body, headers, struck)
    with world.acting():
        return _judge(world, task, reaction)


def notice_serial(merchant: Merchant) -> str:
    """The serial that signs this merchant's notices."""
    if merchant.sign_with == "certificate" and merchant.has_certificate:
        return merchant.certificate_serial
    return merchant.platform_public_key_id


def signed_headers(
    world: World, merchant: Merchant, serial: str, body: bytes, struck: dict[str, JSON]
) -> dict[str, str]:
    """The `Wechatpay-*` headers over this body; chaos may spoil the signature."""
    timestamp, nonce = str(int(world.now())), world.chance(32)
    message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
    signature = paykeys.sign(private_key(merchant, serial), message)
    if "bad_signature" in struck:
        signature = signature[::-1]
    if "signtest" in struck:
        signature = _PROBE + signature[len(_PROBE) :]
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature": signature,
        "Wechatpay-Signature-Type": SCHEME,
    }


def _envelope(world: World, merchant: Merchant, event_type: str, summary: str, plain: JSON) -> str:
    kind = _KINDS[event_type.partition(".")[0]]
    nonce = world.chance(12)
    ciphertext = paykeys.encrypt_resource(
        merchant.apiv3_key,
        nonce=nonce,
        associated=kind,
        plain=json.dumps(plain, ensure_ascii=False).encode(),
    )
    envelope = {
        "id": f"EV-{world.chance(32, '0123456789abcdef')}",
        "create_time": rfc3339(world.now()),
        "resource_type": "encrypt-resource",
        "event_type": event_type,
        "summary": summary,
        "resource": {
            "original_type": kind,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": ciphertext,
            "associated_data": kind,
            "nonce": nonce,
        },
    }
    return json.dumps(envelope, ensure_ascii=False)


_KINDS = {"TRANSACTION": "transaction", "REFUND": "refund", "MCHTRANSFER": "mch_payment"}


def _post(url: str, body: bytes, headers: dict[str, str], struck: dict[str, JSON]) -> Reaction:
    if "fail_before" in struck:
        return Reaction(fault="lost on the way")
    fixed = {"Content-Type": "application/json", "User-Agent": "Mozilla/4.0"}
    reaction = outgoing.send("POST", url, body, {**headers, **fixed}, limit=_LIMIT)
    return Reaction(fault="answer lost") if "drop_after" in struck else reaction


def _judge(world: World, task: Task, reaction: Reaction) -> float | None:
    is_accepted = reaction.status in (200, 204)
    payload = task.payload
    world.witness(
        "notice.sent",
        task=task.number,
        attempt=task.attempt,
        mchid=payload["mchid"],
        event_type=payload["event_type"],
        plain=payload["plain"],
        outcome="accepted" if is_accepted else reaction.fault or f"HTTP {reaction.status}",
        status=reaction.status,
        seconds=round(reaction.seconds, 3),
    )
    if is_accepted or task.attempt > len(LADDER):
        return None
    return LADDER[task.attempt - 1] * world.settings.time_scale
