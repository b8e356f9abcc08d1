"""Tags given by a rule: everybody is looked at page by page, and one person when something happened to him."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from campaigns.segments import Segment
from flows.accounts import owner_of
from flows.segments import meant
from flows.tags.telling import tell_all, tell_changes
from members.audience import Wanted, fitting, people
from members.queries import appid_of, subjects_of
from members.tags.models import Tag
from members.tags.operations import (
    apply_rule,
    apply_to_one,
    locked_tag,
    note_fault,
    start_applying,
)
from members.tags.queries import holdings_of, is_changed, ruled_tags, tags_to_apply
from members.tags.telling import TagSyncUnderWay, link_tags
from menus.whole import REP_RULE, REP_TAG
from wx_backend import clock
from wx_backend.db import take_turns
from wx_backend.errors import BadInput, NotFound
from wx_backend.outbox import BULK, defer, job
from wx_backend.platform import config

PAGE: Final = 1_000
EVERY: Final = timedelta(hours=1)
"""How often time alone (so many days ago) is given the chance to change who fits."""


def apply_soon(tag: Tag) -> None:
    """Have everybody be looked at by the rule of a tag, which is locked."""
    _next_page(tag.id, start_applying(tag), 0)


def apply_due(*, now: datetime) -> int:
    """Have the rules be applied again that were an hour ago: as a chore."""
    due = tags_to_apply(now - EVERY)
    for tag_id in due:
        apply_soon(locked_tag(tag_id))
    return len(due)


@job("tags.apply", queue=BULK)
def apply_page(*, tag_id: int, run: int, after: int) -> None:
    """Look at the next page of who fits; what a change made stale ends by itself."""
    now = clock.now()
    try:
        tag = locked_tag(tag_id)
    except NotFound:
        return
    if tag.run != run or tag.removed_at is not None:
        return
    try:
        wanted = fitting_people(tag, now=now)
    except BadInput as refusal:
        note_fault(tag, refusal.message, now=now)
        return
    page = people(wanted, after=after, limit=PAGE)
    up_to = page[-1].id if len(page) == PAGE else None
    apply_rule(tag, [each.id for each in page], after=after, up_to=up_to, now=now)
    tell_changes(tag, now=now)
    if up_to is not None:
        _next_page(tag_id, run, up_to)


def note_tags(appid: str, numbers: Mapping[str, int]) -> None:
    """Menus need these tags, which WeChat knows by their numbers: have them be given and told."""
    now = clock.now()
    for tag in link_tags(appid, numbers, {REP_TAG: REP_RULE}, now=now):
        with suppress(TagSyncUnderWay):
            tell_all(tag, now=now)
        if tag.rule:
            apply_soon(tag)


def something_happened(identity_id: int) -> None:
    """Have the rules of a person's account be asked about him, if there are any."""
    if ruled_tags(appid_of(identity_id)):
        defer(look_at, identity_id=identity_id)


def something_happened_to_member(member_id: int) -> None:
    """The same at every account that knows him."""
    for identity_id in sorted(subjects_of(member_id).identity_ids):
        something_happened(identity_id)


@job("tags.look_at", queue=BULK)
def look_at(*, identity_id: int, after: int = 0) -> None:
    """Give one person the tags whose rules he fits now, and take those he fits no more.

    A tag that changes is locked, one in each transaction and by id; the others are only read. Two
    looks at one person pass one after the other, so that the later event has the last word.
    """
    take_turns(b"tags of %d" % identity_id)
    now = clock.now()
    rows = holdings_of(identity_id)
    for each in sorted(ruled_tags(appid_of(identity_id)), key=lambda tag: tag.id):
        if each.id <= after:
            continue
        with suppress(BadInput):  # the whole run says what is wrong with the rule
            if is_changed(each, rows.get(each.id), fits=_fits(each, identity_id, now)):
                tag = locked_tag(each.id)
                apply_to_one(tag, identity_id, fits=_fits(tag, identity_id, now), now=now)
                tell_changes(tag, now=now)
                defer(look_at, identity_id=identity_id, after=tag.id)
                return


def _fits(tag: Tag, identity_id: int, now: datetime) -> bool:
    return identity_id in fitting(fitting_people(tag, now=now), [identity_id])


def fitting_people(tag: Tag, *, now: datetime) -> Wanted:
    """Who fits the rule of a tag: followers of its account, whoever brought them. Raises BadInput."""
    return fitting_segment(Segment.from_json(tag.rule), tag.appid, now=now)


def fitting_segment(segment: Segment, appid: str, *, now: datetime) -> Wanted:
    """The same for a rule that is not kept yet."""
    account = config().account_of(appid)
    owner = owner_of(account) if account is not None else None
    return meant(segment, appid=appid, node_id=owner or 0, now=now, is_account_wide=True)


def _next_page(tag_id: int, run: int, after: int) -> None:
    defer(apply_page, tag_id=tag_id, run=run, after=after)
