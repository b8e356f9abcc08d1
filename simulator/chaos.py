"""Knobs that make the platform misbehave, per API path, push kind or notice kind.

A rule's `on` is a pattern: `/cgi-bin/message/template/send`, `/v3/*`, `push:subscribe`,
`push:*`, `notice:TRANSACTION.SUCCESS`. Its `action` is one of the names in `ACTIONS`.
"""

from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Any

from simulator.errors import Refused
from simulator.records import JSON
from simulator.workings import Rule
from simulator.world import World

ACTIONS = {
    "delay": "wait `seconds` (an answer after acting, or `before`; a push before it is sent)",
    "fail_before": "refuse without acting: HTTP `status`, `errcode`, or WeChat Pay's `code`",
    "drop_after": "act, then close the connection without an answer",
    "cut_body": "act, then send half of the answer and close",
    "html": "act, then answer an HTML page with HTTP `status` (200)",
    "bad_signature": "sign the answer, push or notice wrongly",
    "signtest": "sign it with WeChat Pay's probe `WECHATPAY/SIGNTEST/...`",
    "duplicate": "send it `n` times more, `spacing` seconds apart",
    "hold": "keep it back until released",
    "event_first": "push the event that a call causes before the call is answered",
    "never": "do not send it at all",
}


def add_rule(
    world: World, on: str, action: str, times: int = 1, probability: float = 1.0, **options: Any
) -> Rule:
    """Switch a knob on for `times` occurrences (-1: until removed); raises Refused."""
    if action not in ACTIONS:
        raise Refused(f"no chaos action {action!r}; there are {', '.join(ACTIONS)}")
    return world.rules.save(Rule(world.serial("rule"), on, action, times, probability, options))


def fire(world: World, target: str, actions: Collection[str]) -> dict[str, JSON]:
    """The actions that strike this time with their options; each firing is counted."""
    struck: dict[str, JSON] = {}
    for rule in world.rules:
        if rule.action not in actions or rule.left == 0 or not fnmatchcase(target, rule.on):
            continue
        if rule.probability < 1 and world.random.random() >= rule.probability:
            continue
        if rule.left > 0:
            rule.left -= 1
            world.rules.save(rule)
        struck.setdefault(rule.action, rule.options)
    return struck
