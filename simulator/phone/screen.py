"""What is on a person's phone: accounts with their menus, the chats, Moments."""

import re

from simulator.api.menus import menu_of
from simulator.phone_records import Moment
from simulator.records import JSON, Account, Message, Person
from simulator.world import World

_MOST_LINES = 500
_MOST_MOMENTS = 50
_LINE = re.compile(r"(?P<label>.*?)[:：]?\s*\{\{\s*(?P<key>\w+)\.DATA\s*\}\}(?P<rest>.*)")


def screen(world: World, person: Person, since: int) -> JSON:
    """All the phone shows, of the chats only the lines numbered above `since`."""
    newest = _newest(world, "message")
    first = max(since, newest - _MOST_LINES) + 1
    found = (world.messages.find(str(number)) for number in range(first, newest + 1))
    return {
        "now": world.now(),
        "person": vars(person),
        "newest": newest,
        "accounts": [_account(world, account, person) for account in world.accounts],
        "messages": [_line(world, line) for line in found if line and line.person == person.name],
        "moments": _moments(world),
    }


def _newest(world: World, series: str) -> int:
    counter = world.counters.find(f"serial/{series}")
    return counter.count if counter else 0


def _account(world: World, account: Account, person: Person) -> JSON:
    """One account as this person sees it; only followers see the menu."""
    contact = world.contacts.find(account.appid, world.openid(account.appid, person.name))
    is_following = contact is not None and contact.is_following
    menu = menu_of(world, account, contact) if contact and is_following else None
    consents = contact.consents if contact else {}
    return {
        "appid": account.appid,
        "kind": account.kind,
        "name": account.name or account.gh_id,
        "is_following": is_following,
        "is_blocking": contact is not None and contact.is_blocking,
        "menu": menu.buttons if menu else [],
        "templates": [
            {"id": t.template_id, "title": t.title, "left": consents.get(t.template_id, 0)}
            for t in world.templates
            if t.appid == account.appid
        ],
    }


def _line(world: World, line: Message) -> JSON:
    """A chat line; notices with their keywords in the template's words."""
    shown: JSON = {**vars(line)}
    if line.kind in ("template", "subscribe"):
        template = world.templates.find(line.appid, line.content["template_id"])
        text = template.content if template else ""
        shown["rows"] = _rows(text, line.content.get("data", {}))
    return shown


def _rows(text: str, data: JSON) -> list[list[str]]:
    """Label and value of each line of a template."""
    rows = []
    for line in text.splitlines():
        found = _LINE.fullmatch(line.strip())
        if found:
            rows.append([found["label"], f"{data.get(found['key'], '')}{found['rest']}"])
        elif line.strip():
            rows.append(["", line.strip()])
    return rows


def _moments(world: World) -> list[JSON]:
    """The newest posts first, without their pictures' bytes."""
    newest = _newest(world, "moment")
    numbers = range(newest, max(newest - _MOST_MOMENTS, 0), -1)
    found = (world.moments.find(str(number)) for number in numbers)
    return [_moment(moment) for moment in found if moment]


def _moment(moment: Moment) -> JSON:
    picture = f"/phone/moments/{moment.number}.jpg" if moment.picture else ""
    return {**vars(moment), "picture": picture}
