"""The stage itself: clock, chaos, settings, witness, settling, starting over."""

import time
from typing import Any

from flask import Blueprint, request

from simulator import chaos, witness
from simulator.clock import utc
from simulator.control.frame import Control, body, changed
from simulator.errors import Refused
from simulator.records import JSON
from simulator.world import World

_LONGEST_SETTLE = 60.0


def blueprint(world: World) -> Blueprint:
    """Settings, witness, settling, starting over."""
    control = Control("stage", world)

    @control.route("GET", "/settings")
    def settings() -> JSON:
        return vars(world.settings)

    @control.route("PUT", "/settings")
    def configure() -> JSON:
        asked = body()
        if {"clock_offset", "boots"} & set(asked):
            raise Refused("the clock is moved by /_sim/clock")
        return vars(world.settings_table.save(changed(world.settings, asked)))

    @control.route("GET", "/witness")
    def facts() -> JSON:
        since, limit = (int(request.args.get(n, d)) for n, d in (("since", 0), ("limit", 1000)))
        kind = request.args.get("kind", "*")
        return {"facts": witness.facts(world, since=since, kind=kind, limit=limit)}

    @control.route("GET", "/sms")
    def sms() -> JSON:
        phone = request.args.get("phone")
        return {"sms": [vars(row) for row in world.sms if phone in (None, row.phone)]}

    @control.route("POST", "/settle", locked=False)
    def settle() -> JSON:
        asked = body()
        limit = min(_seconds(asked.get("timeout", 10)), _LONGEST_SETTLE)
        return {"settled": wait_until_settled(world, limit, _seconds(asked.get("within", 1)))}

    @control.route("POST", "/reset")
    def reset() -> JSON:
        world.reset(body().get("keep") or ())
        return {}

    return control.blueprint


def clock(world: World) -> Blueprint:
    """A sign of life, and the clock, read and moved."""
    control = Control("clock", world)

    @control.route("GET", "/health")
    def health() -> JSON:
        return {"status": "ok", "accounts": len(world.accounts), "people": len(world.people)}

    @control.route("GET", "/clock")
    def read() -> JSON:
        return _clock(world)

    @control.route("POST", "/clock")
    def move() -> JSON:
        asked = body()
        if set(asked) == {"advance"}:
            world.move_clock(world.clock.offset + _seconds(asked["advance"]))
        elif set(asked) == {"offset"}:
            world.move_clock(_seconds(asked["offset"]))
        else:
            raise Refused("either advance or offset, in seconds")
        return _clock(world)

    return control.blueprint


def knobs(world: World) -> Blueprint:
    """The chaos rules."""
    control = Control("chaos", world)

    @control.route("GET", "/chaos")
    def rules() -> JSON:
        return {"rules": [vars(rule) for rule in world.rules], "actions": chaos.ACTIONS}

    @control.route("POST", "/chaos")
    def add() -> JSON:
        asked: dict[str, Any] = body()
        if not isinstance(asked.get("on"), str) or not isinstance(asked.get("action"), str):
            raise Refused("a rule needs on and action")
        return vars(chaos.add_rule(world, **asked))

    @control.route("DELETE", "/chaos")
    def clear() -> JSON:
        world.rules.clear()
        return {}

    @control.route("DELETE", "/chaos/<number>")
    def remove(number: str) -> JSON:
        world.rules.drop(number)
        return {}

    @control.route("GET", "/held")
    def held() -> JSON:
        return {"tasks": [vars(task) for task in world.tasks if task.is_held]}

    @control.route("POST", "/release")
    def release() -> JSON:
        return {"released": release_held(world, str(body().get("order", "reversed")))}

    return control.blueprint


def wait_until_settled(world: World, limit: float, within: float) -> bool:
    """Wait until nothing is in flight nor due within `within` seconds; False when time ran out."""
    deadline = time.monotonic() + limit
    while True:
        with world.acting():
            if world.queue.is_settled(within):
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)


def release_held(world: World, order: str) -> list[int]:
    """Let held pushes and notices go, one after the other: `reversed`, `kept` or `shuffled`."""
    tasks = [task for task in world.tasks if task.is_held]
    if order == "reversed":
        tasks.reverse()
    elif order == "shuffled":
        world.random.shuffle(tasks)
    for position, task in enumerate(tasks):
        task.is_held = False
        task.lane = "released"
        task.due_at = world.now() + position * 0.001
        world.queue.put(task)
    return [task.number for task in tasks]


def _clock(world: World) -> JSON:
    now = world.now()
    return {"now": now, "utc": utc(now).isoformat(), "offset": world.clock.offset}


def _seconds(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Refused("seconds are a number")
    return float(value)
