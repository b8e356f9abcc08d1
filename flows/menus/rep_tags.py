"""Reps have a tag at the accounts that show reps a menu of their own, for as long as they are reps."""

from collections.abc import Callable, Generator
from typing import Any, Final

from members.queries import identity_at, identity_by_id, member_ids_of
from menus.queries import tag_id_of, tagging_accounts
from menus.whole import REP_TAG
from org.queries import bound_members, rep_of_member
from wechat.error_codes import Kind, kind_of
from wx_backend.errors import PlatformError
from wx_backend.outbox import Steps, defer, remote_job
from wx_backend.platform import client

BATCH: Final = 50  # the most followers that can be tagged by one call


def rep_changed(member_id: int) -> None:
    """Have the tag follow what a person is now: a rep, or no longer one."""
    if tagging_accounts(REP_TAG):
        defer(tag_person, member_id=member_id)


@remote_job("menus.tag_person")
def tag_person(*, member_id: int) -> Steps:
    """Give or take the tag, at every account that uses it and that the person follows."""
    for appid in tagging_accounts(REP_TAG):
        yield from _told(appid, member_id)


def _told(appid: str, member_id: int) -> Generator[Callable[[], Any], Any, None]:
    """Tell the platform what the person is; again if he became something else while it was told.

    Two jobs of one person may overtake each other: the one that ends last has looked last.
    """
    told: bool | None = None
    while (is_rep := _is_rep(member_id)) is not told:
        openid, tag_id = _openid(appid, member_id), tag_id_of(appid, REP_TAG)
        if openid is None or tag_id is None:
            return
        try:
            yield _telling(appid, tag_id, [openid], is_rep=is_rep)
        except PlatformError as error:
            if not _is_unreachable(error):
                raise
            return
        told = is_rep


@remote_job("menus.tag_every_rep")
def tag_every_rep(*, appid: str, after: int = 0) -> Steps:
    """Give the tag to all who are reps today, fifty at a time."""
    tag_id = tag_id_of(appid, REP_TAG)
    bindings = bound_members(after=after, limit=BATCH)
    if tag_id is None or not bindings:
        return
    members = [member_id for _, member_id in bindings]
    openids = [openid for each in members if (openid := _openid(appid, each))]
    if openids:
        try:
            yield _telling(appid, tag_id, openids, is_rep=True)
        except PlatformError as error:
            if not _is_unreachable(error):
                raise
            for member_id in members:  # somebody among them left: one by one
                defer(tag_person, member_id=member_id)
    for member_id in members:
        if not _is_rep(member_id):  # he was one when the call began
            defer(tag_person, member_id=member_id)
    last_id = bindings[-1][0]
    defer(tag_every_rep, appid=appid, after=last_id)


def _is_rep(member_id: int) -> bool:
    return rep_of_member(*member_ids_of(member_id)) is not None


def _openid(appid: str, member_id: int) -> str | None:
    """By which openid the person follows the account."""
    identity_id = identity_at(member_ids_of(member_id), appid)
    if identity_id is None:
        return None
    identity = identity_by_id(identity_id)
    return identity.openid if identity.is_followed else None


def _telling(appid: str, tag_id: int, openids: list[str], *, is_rep: bool) -> Callable[[], None]:
    api = client(appid)
    tell = api.tag_followers if is_rep else api.untag_followers
    return lambda: tell(tag_id, openids)


def _is_unreachable(error: PlatformError) -> bool:
    return error.code.isdigit() and kind_of(int(error.code)) is Kind.receiver
