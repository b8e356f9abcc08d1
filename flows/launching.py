"""A mini-program is launched: by which share, and whose touch that is.

The share's token comes with the launch (`scene` of a code, `query` of a card). From Moments WeChat
shows a single page first, where nobody is known and nothing can be done: it is counted like any look at
a link, and the launch that may follow is a contact of its own.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from flows.visit import Landing, Opened, Sight, open_token, owned, touch_link
from referral.values import TouchKind
from wx_backend.config import Account
from wx_backend.errors import NotFound
from wx_backend.platform import config

SINGLE_PAGE: Final = 1154
"""WeChat's number of a launch that shows one page of Moments and nothing else."""


def program_account(name: str) -> Account:
    """The mini-program that the configuration calls so. NotFound."""
    found = config().account(name)
    if found is None or found.kind != "mini_program":
        raise NotFound("没有这个小程序")
    return found


def launch(token: str, *, scene: int, identity_id: int | None, now: datetime) -> Landing:
    """Where a launch leads; a touch of whoever is signed in.

    `opened` of what is answered waits for a sign-in where nobody is; it is None for a single page
    and for a token that is not ours.
    """
    landing = open_token(token, sight=Sight.VIEW, identity_id=identity_id, now=now)
    if landing.opened is None or scene == SINGLE_PAGE:
        return replace(landing, opened=None)
    if identity_id is not None:
        launched_by(landing.opened, identity_id=identity_id, now=now)
    return landing


def launched_by(opened: Opened, *, identity_id: int, now: datetime) -> Opened:
    """Record whose launch it was; the share that it was by, his own rep's of a campaign's."""
    mine = owned(opened, identity_id=identity_id, now=now)
    touch_link(mine, identity_id=identity_id, kind=TouchKind.LAUNCHED, now=now)
    return mine
