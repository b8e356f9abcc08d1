"""Editions of an account's menus: drafted, published, given up, brought back. Nothing is called."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from menus.models import EditionStatus, MenuEdition, Origin
from menus.queries import edition_of
from menus.whole import AccountMenu, check_whole
from wx_backend.db import db, locked
from wx_backend.errors import Conflict, NotFound


class DraftChanged(Conflict):
    code, message = "draft_changed", "草稿已被别人修改，请刷新后再改"


class NoDraft(Conflict):
    code, message = "no_draft", "现在没有草稿"


class StillPublishing(Conflict):
    code, message = "still_publishing", "上一次发布还没有完成"


def start_draft(*, appid: str, menu: AccountMenu, staff_id: int | None, now: datetime) -> None:
    """Begin a draft with these menus. Raises Conflict while there is one."""
    try:
        with db.session.begin_nested():
            _add(appid, EditionStatus.DRAFT, Origin.EDITED, menu, staff_id, now)
    except IntegrityError as error:
        raise Conflict("已经有一份草稿") from error


def change_draft(
    *, appid: str, revision: int, menu: AccountMenu, staff_id: int | None, now: datetime
) -> None:
    """Put other menus into the draft, be they right yet or not. Raises NoDraft, DraftChanged."""
    draft = _draft(appid, revision)
    draft.content, draft.revision = menu.as_json(), revision + 1
    draft.staff_id, draft.changed_at = staff_id, now


def drop_draft(*, appid: str, revision: int, now: datetime) -> None:
    """Throw the draft away; it stays readable. Raises NoDraft, DraftChanged."""
    draft = _draft(appid, revision)
    draft.status, draft.changed_at = EditionStatus.DROPPED, now


def publish_draft(*, appid: str, revision: int, staff_id: int | None, now: datetime) -> int:
    """Have the draft be published; its id. Raises NoDraft, DraftChanged, BadMenu, StillPublishing."""
    draft = _draft(appid, revision)
    check_whole(AccountMenu.from_json(draft.content))
    draft.published_by = staff_id
    draft.changed_at = now
    try:
        with db.session.begin_nested():
            draft.status = EditionStatus.PUBLISHING
    except IntegrityError as error:
        raise StillPublishing from error
    return draft.id


def restore_edition(*, appid: str, number: int, staff_id: int | None, now: datetime) -> int:
    """Have an earlier edition be published once more, as a new one; its id.

    Raises NotFound, BadMenu, StillPublishing.
    """
    earlier = edition_of(appid, number)
    if earlier is None or earlier.status == EditionStatus.DRAFT:
        raise NotFound
    menu = AccountMenu.from_json(earlier.content)
    check_whole(menu)
    try:
        with db.session.begin_nested():
            again = _add(appid, EditionStatus.PUBLISHING, Origin.RESTORED, menu, staff_id, now)
    except IntegrityError as error:
        raise StillPublishing from error
    again.published_by = staff_id
    return again.id


def add_adopted(*, appid: str, menu: AccountMenu, staff_id: int | None, now: datetime) -> None:
    """Keep the menus an account already shows as its first edition."""
    kept = _add(appid, EditionStatus.PUBLISHED, Origin.ADOPTED, menu, staff_id, now)
    kept.published_at = now


def being_published(edition_id: int) -> MenuEdition | None:
    """The edition, locked, while it is to be published; None once it is or was given up."""
    edition = locked(select(MenuEdition).where(MenuEdition.id == edition_id))
    is_due = edition is not None and edition.status == EditionStatus.PUBLISHING
    return edition if is_due else None


def mark_published(*, edition_id: int, now: datetime) -> None:
    """State that the platform shows it."""
    if edition := being_published(edition_id):
        edition.status, edition.published_at, edition.error = EditionStatus.PUBLISHED, now, None


def mark_failed(*, edition_id: int, error: str) -> None:
    """State that it will not be tried again, and why."""
    if edition := being_published(edition_id):
        edition.status, edition.error = EditionStatus.FAILED, error[:200]


def give_up(*, appid: str) -> None:
    """Stop a publication that does not come to an end. Raises Conflict without one."""
    edition = locked(
        select(MenuEdition).where(
            MenuEdition.appid == appid, MenuEdition.status == EditionStatus.PUBLISHING
        )
    )
    if edition is None:
        raise Conflict("没有正在进行的发布")
    edition.status, edition.error = EditionStatus.FAILED, "已停止"


def _draft(appid: str, revision: int) -> MenuEdition:
    draft = locked(
        select(MenuEdition).where(
            MenuEdition.appid == appid, MenuEdition.status == EditionStatus.DRAFT
        )
    )
    if draft is None:
        raise NoDraft
    if draft.revision != revision:
        raise DraftChanged
    return draft


def _add(
    appid: str,
    status: EditionStatus,
    origin: Origin,
    menu: AccountMenu,
    staff_id: int | None,
    now: datetime,
) -> MenuEdition:
    newest = select(func.max(MenuEdition.number)).where(MenuEdition.appid == appid)
    edition = MenuEdition(
        appid=appid,
        number=(db.session.scalar(newest) or 0) + 1,
        status=status,
        origin=origin,
        content=menu.as_json(),
        staff_id=staff_id,
        created_at=now,
        changed_at=now,
    )
    db.session.add(edition)
    db.session.flush()
    return edition
