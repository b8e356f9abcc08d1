"""Asking the platform which menus an account shows."""

from collections.abc import Callable, Generator
from typing import Any

from menus.converging import Reading, shown_menu
from menus.looks import ask_to_look, note_look, note_no_look
from wx_backend import clock
from wx_backend.errors import PlatformError
from wx_backend.outbox import Steps, defer, remote_job
from wx_backend.platform import client

ReadingSteps = Generator[Callable[[], Any], Any, Reading]


def read_menus(appid: str) -> ReadingSteps:
    """What people see, what was made by API, and the tags: three remote calls."""
    api = client(appid)
    current = yield api.current_menu
    made = yield api.menu
    tags = yield api.tags
    return Reading(current, made, tags)


def look_again(*, appid: str) -> None:
    """Have the platform be asked; what comes of it is found in `menus.queries.look_of`."""
    now = clock.now()
    ask_to_look(appid=appid, now=now)
    defer(look, key=f"{appid}:{now.isoformat()}", appid=appid)


@remote_job("menus.look")
def look(*, appid: str) -> Steps:
    """Ask and note; a person waits for it, so a failure is told and not tried again."""
    try:
        reading = yield from read_menus(appid)
    except PlatformError as error:
        note_no_look(appid=appid, error=f"{error.code} {error.message}".strip(), now=clock.now())
        return
    note_look(appid=appid, menu=shown_menu(reading), now=clock.now())
