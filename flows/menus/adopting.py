"""An account's menu and replies are read and taken over before anything of them is changed."""

from collections.abc import Callable, Generator
from typing import Any

from flows.menus.reading import read_menus
from menus.adopting import Adopted, adopted
from menus.editions import add_adopted
from menus.looks import AlreadyAdopted, note_adoption, note_look, note_no_look
from menus.operations import set_rule
from menus.queries import adoption_of, own_rules
from wx_backend import clock
from wx_backend.errors import PlatformError
from wx_backend.outbox import Steps, defer, remote_job
from wx_backend.platform import client

AdoptionSteps = Generator[Callable[[], Any], Any, Adopted]


def adopt_account(*, appid: str, staff_id: int | None = None) -> AdoptionSteps:
    """Read menu and replies and go on with them as ours; nothing at the platform changes.

    Rules of ours that are there already stay. Raises AlreadyAdopted, PlatformError.
    """
    if adoption_of(appid) is not None:
        raise AlreadyAdopted
    reading = yield from read_menus(appid)
    replies = yield client(appid).current_replies
    taken, now = adopted(reading, replies), clock.now()
    told = {"menu": reading.current, "made": reading.made, "replies": replies}
    note_adoption(appid=appid, told=told, notes=taken.notes, staff_id=staff_id, now=now)
    note_look(appid=appid, menu=taken.menu, now=now)
    if taken.menu.default:
        add_adopted(appid=appid, menu=taken.menu, staff_id=staff_id, now=now)
    ours = {(row.trigger, row.match) for row in own_rules(appid)}
    for rule in taken.rules:
        if (rule.trigger, rule.match) not in ours:
            set_rule(appid=appid, rule=rule)
    return taken


def adopt_soon(*, appid: str, staff_id: int) -> None:
    """Have an account be adopted; what comes of it is found in `menus.queries`."""
    if adoption_of(appid) is not None:
        raise AlreadyAdopted
    now = clock.now()
    defer(adopt, key=f"{appid}:{now.isoformat()}", appid=appid, staff_id=staff_id)


@remote_job("menus.adopt")
def adopt(*, appid: str, staff_id: int) -> Steps:
    """Adopt an account; a person waits for it, so a failure is told and not tried again."""
    try:
        yield from adopt_account(appid=appid, staff_id=staff_id)
    except PlatformError as error:
        note_no_look(appid=appid, error=f"{error.code} {error.message}".strip(), now=clock.now())
    except AlreadyAdopted:
        return
