"""People: who there is, what they do, what is on their phones."""

import time

from flask import Blueprint, request

from simulator import crypto
from simulator.acts import (  # noqa: F401 - importing a module registers its acts
    consenting,
    following,
    friends,
    menu,
    moments,
    talking,
)
from simulator.acts.frame import ACTS, perform
from simulator.control.frame import Control, body, changed, wait_for_task
from simulator.pay import sheet, transfers  # noqa: F401 - likewise: paying and collecting
from simulator.records import JSON, Person
from simulator.world import World


def blueprint(world: World) -> Blueprint:
    """People, their acts and their chats."""
    control = Control("people", world)

    @control.route("GET", "/people")
    def people() -> JSON:
        return {"people": [_shown(world, person) for person in world.people]}

    @control.route("PUT", "/people/<name>")
    def configure(name: str) -> JSON:
        person = world.people.find(name) or Person(name)
        return _shown(world, world.people.save(changed(person, body())))

    @control.route("GET", "/acts")
    def acts() -> JSON:
        return {"acts": {name: (run.__doc__ or "").strip() for name, run in ACTS.items()}}

    @control.route("POST", "/people/<name>/acts/<act>", locked=False)
    def do(name: str, act: str) -> JSON:
        return _do(world, name, act, body())

    @control.route("POST", "/scan", locked=False)
    def scan() -> JSON:
        arguments = body()
        return _do(world, str(arguments.pop("person", "")), "scan", arguments)

    @control.route("GET", "/people/<name>/chat")
    def chat(name: str) -> JSON:
        world.person(name)
        since, appid = int(request.args.get("since", 0)), request.args.get("appid")
        lines = [
            vars(line)
            for line in world.messages
            if line.person == name and line.number > since and appid in (None, line.appid)
        ]
        return {"messages": lines}

    @control.route("POST", "/jssdk/check")
    def check_jssdk() -> JSON:
        return _check_jssdk(world, body())

    return control.blueprint


def _do(world: World, name: str, act: str, arguments: JSON) -> JSON:
    """Perform an act; with `wait` its push has been delivered when this returns."""
    wait = bool(arguments.pop("wait", False))
    started = time.monotonic()
    with world.acting():
        result = perform(world, act, name, arguments)
        if result.get("task") and "appid" in arguments:
            result["openid"] = world.openid(arguments["appid"], name)
    if wait and result.get("task"):
        wait_for_task(world, result["task"])
        result["seconds"] = round(time.monotonic() - started, 3)
    return result


def _shown(world: World, person: Person) -> JSON:
    contacts = [
        {**vars(contact), "unionid": world.unionid(world.accounts.rows[contact.appid], person.name)}
        for contact in world.contacts
        if contact.person == person.name and contact.appid in world.accounts.rows
    ]
    return {**vars(person), "contacts": contacts}


def _check_jssdk(world: World, asked: JSON) -> JSON:
    """What `wx.config` does: is this signature right for a living ticket and this address?"""
    url = str(asked.get("url", "")).partition("#")[0]
    for token in world.tokens:
        is_live = token.expires_at > world.now()
        if token.family != "jsapi" or token.appid != asked.get("appid") or not is_live:
            continue
        text = (
            f"jsapi_ticket={token.token}&noncestr={asked.get('nonceStr')}"
            f"&timestamp={asked.get('timestamp')}&url={url}"
        )
        if crypto.signature(text) == asked.get("signature"):
            return {"errMsg": "config:ok"}
    return {"errMsg": "config:invalid signature"}
