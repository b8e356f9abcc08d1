"""Whatever is typed into any form of the console: no fault, a readable word, and shown as it was typed."""

import csv
import re
from html import unescape
from io import StringIO

import pytest
from flask import Flask

from org.reps import set_greeting
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.every_page import pages, shown_on_pages
from tests.console.test_refunds import config  # noqa: F401 - a fixture
from tests.console.world import World
from tests.naughty import EVERY, NAUGHTY, WHOLE, Form, forms_of, packs, turned
from wx_backend.db import transaction
from wx_backend.words import printable

NAME_MAX = 40
# What would end the very session that types.
LEFT_OUT = re.compile(r"/logout|/account/(password|sessions|factor)")


def send(desk: Desk, form: Form, text: str, token: str) -> int:
    path = form.action.removeprefix("/console")
    if form.method == "get":
        return desk.get(path, **form.filled(text)).status_code
    filled = {name: value for name, value in form.filled(text).items() if name != "csrf_token"}
    return desk.post(path, token, **filled).status_code


@pytest.mark.timeout(500)
def test_no_form_fails_whatever_is_typed(app: Flask, desk_of: Desks, world: World) -> None:
    shown = shown_on_pages(app, world)
    desk, wrong, seen = desk_of("root"), [], set()
    token = desk.token()
    for endpoint, path in pages(app, shown):
        page = desk.get(path.removeprefix("/console"))
        assert page.status_code < 500, endpoint
        for form in forms_of(page.text, path):
            name = (form.method, re.sub(r"\d+", "0", form.action), *form.texts)
            if name in seen or LEFT_OUT.search(form.action):
                continue
            seen.add(name)
            for text in (*packs(), *turned(WHOLE, len(seen))):
                status = send(desk, form, text, token)
                if status >= 500 or status == 401:
                    wrong.append((endpoint, form.action, text, status))
    assert len(seen) > 50
    assert not wrong, wrong
    after = {
        endpoint: desk.get(path.removeprefix("/console")) for endpoint, path in pages(app, shown)
    }
    assert {name: each.status_code for name, each in after.items() if each.status_code >= 500} == {}


def kept(text: str) -> str:
    """What a field of one line keeps of a text."""
    return printable(text).strip()


@pytest.mark.timeout(500)
def test_names_are_shown_and_exported_as_they_were_typed(desk_of: Desks, world: World) -> None:
    """Of the whole list, each by itself: as the name of a place, and as the reason for it."""
    desk = desk_of("root")
    token, named = desk.token(), list[str]()
    for number, text in enumerate(each for each in EVERY if kept(each)):
        form = {"name": text, "code": f"SD{number}", "tier": "outlet", "reason": text}
        answer = desk.post("/places/SC/below", token, **form)
        assert answer.status_code == 302, (text, answer.text)
        named.append(kept(text)[:NAME_MAX].strip())
        if number % 20 == 19:
            trail = unescape(desk.get("/audit").text)
            assert [each for each in named[-20:] if each not in trail] == []
    raw = desk.get("/exports/outlets.csv").text.removeprefix("\ufeff")
    cells = {cell.removeprefix("'") for row in csv.reader(StringIO(raw)) for cell in row}
    assert {each.removeprefix("'") for each in named} <= cells
    for number, name in enumerate(named[: len(NAUGHTY)]):
        assert name in unescape(desk.get(f"/places/SD{number}").text)
    for text in NAUGHTY:
        with transaction():
            set_greeting(rep_id=world.alice_id, greeting=text[:60])
        assert desk.get(f"/reps/{world.alice_number}").status_code == 200
