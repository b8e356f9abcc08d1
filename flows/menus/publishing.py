"""A menu is published once: the platform is asked what it has, and told what it lacks.

Whoever dies on the way leaves a publication that is simply done again: what was told before the
death is found there and not told twice.
"""

from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime
from typing import Any

from flows.menus.adopting import adopt_account
from flows.menus.reading import read_menus
from flows.tags.applying import note_tags
from menus.converging import Add, Change, Create, Remove, changes, tags_needed
from menus.editions import (
    being_published,
    give_up,
    mark_failed,
    mark_published,
    publish_draft,
    restore_edition,
    start_draft,
)
from menus.looks import NotAdopted, note_look
from menus.queries import adoption_of
from menus.tree import as_json
from menus.whole import AccountMenu
from wx_backend import clock
from wx_backend.db import transaction
from wx_backend.errors import PlatformError
from wx_backend.outbox import Steps, defer, done_here, remote_job
from wx_backend.platform import client


def publish_soon(*, appid: str, revision: int, staff_id: int | None, now: datetime) -> None:
    """Have the draft of an account be published. Raises NotAdopted and what `publish_draft` does."""
    _require_adoption(appid)
    _begin(publish_draft(appid=appid, revision=revision, staff_id=staff_id, now=now))


def restore_soon(*, appid: str, number: int, staff_id: int | None, now: datetime) -> None:
    """Have an earlier edition be published again. Raises NotAdopted and what `restore_edition` does."""
    _require_adoption(appid)
    _begin(restore_edition(appid=appid, number=number, staff_id=staff_id, now=now))


def stop_publishing(*, appid: str) -> None:
    """Give a publication up that does not come to an end. Raises Conflict without one."""
    give_up(appid=appid)


def begin_with(*, appid: str, menu: AccountMenu) -> None:
    """Give an account nobody has used its first menu, at once. Raises PlatformError."""
    done_here(adopt_account(appid=appid))
    with transaction():
        now = clock.now()
        start_draft(appid=appid, menu=menu, staff_id=None, now=now)
        edition_id = publish_draft(appid=appid, revision=1, staff_id=None, now=now)
    done_here(publish(edition_id=edition_id))


def _require_adoption(appid: str) -> None:
    if adoption_of(appid) is None:
        raise NotAdopted


def _begin(edition_id: int) -> None:
    defer(publish, key=str(edition_id), edition_id=edition_id)


@remote_job("menus.publish")
def publish(*, edition_id: int) -> Steps:
    """Make the platform show an edition; a refusal for good is told, anything else tried again."""
    edition = being_published(edition_id)
    if edition is None:
        return
    appid, wanted = edition.appid, AccountMenu.from_json(edition.content)
    try:
        yield from bring_about(appid, wanted)
    except PlatformError as error:
        if not error.permanent:
            raise
        mark_failed(edition_id=edition_id, error=f"{error.code} {error.message}".strip())
        return
    now = clock.now()
    mark_published(edition_id=edition_id, now=now)
    note_look(appid=appid, menu=wanted, now=now)


def bring_about(appid: str, wanted: AccountMenu) -> Generator[Callable[[], Any], Any, None]:
    """The remote calls that make an account show these menus; none when it does already."""
    reading = yield from read_menus(appid)
    needed = tags_needed(wanted)
    tags = dict(reading.tags)
    for name in [name for name in needed if name not in tags]:
        tags[name] = yield _making_tag(appid, name)
    note_tags(appid, {name: tags[name] for name in needed})
    told = replace(reading, tags=tags)
    for change in changes(told, wanted):
        yield _call(appid, change)


def _making_tag(appid: str, name: str) -> Callable[[], int]:
    return lambda: client(appid).create_tag(name)


def _call(appid: str, change: Change) -> Callable[[], Any]:
    api = client(appid)
    match change:
        case Create(menu):
            return lambda: api.create_menu(as_json(menu))
        case Remove(menu_id):
            return lambda: api.remove_personal_menu(menu_id)
        case Add(menu, rule):
            return lambda: api.add_personal_menu(as_json(menu), rule)
