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
from tests.naughty import NAUGHTY, Form, forms_of, packs
from wx_backend.db import transaction
from wx_backend.words import printable

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
            for text in packs():
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


@pytest.mark.parametrize("text", [each for each in NAUGHTY if kept(each)])
def test_a_name_is_shown_and_exported_as_it_was_typed(
    desk_of: Desks, world: World, text: str
) -> None:
    desk = desk_of("root")
    form = {"name": text, "code": "SC9", "tier": "outlet", "reason": text}
    answer = desk.post("/places/SC/below", **form)
    assert answer.status_code == 302, answer.text
    assert kept(text) in unescape(desk.get("/places/SC9").text)
    assert kept(text) in unescape(desk.get("/audit").text)
    raw = desk.get("/exports/outlets.csv").text.removeprefix("\ufeff")
    cells = [cell.removeprefix("'") for row in csv.reader(StringIO(raw)) for cell in row]
    assert kept(text).removeprefix("'") in cells
    with transaction():
        set_greeting(rep_id=world.alice_id, greeting=text[:60])
    assert desk.get(f"/reps/{world.alice_number}").status_code == 200
