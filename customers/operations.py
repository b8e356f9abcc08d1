"""Writing in the notebook: remark, note, next visit, page seen; and forgetting all of it.

Texts come in sealed for the places named here; who may write about whom, the caller decides.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, update

from customers.models import CustomerCard, CustomerNote, PageSeen
from wx_backend.db import db, upsert


def remark_place(rep_id: int, identity_id: int) -> str:
    """The place a remark is sealed for."""
    return f"customer_card.remark:{rep_id}:{identity_id}"


def note_place(rep_id: int, client_key: str) -> str:
    """The place a note is sealed for, known before it has an id."""
    return f"customer_note.sealed:{rep_id}:{client_key}"


def set_remark(*, rep_id: int, identity_id: int, sealed: bytes | None, now: datetime) -> None:
    """What the rep calls this customer; None for nothing any more."""
    _keep(rep_id, identity_id, now, remark=sealed)


def plan_visit(*, rep_id: int, identity_id: int, on: date | None, now: datetime) -> None:
    """The day on which the rep means to see this customer next; None when there is none."""
    _keep(rep_id, identity_id, now, visit_on=on)


def add_note(
    *, rep_id: int, identity_id: int, client_key: str, sealed: bytes, now: datetime
) -> bool:
    """Add a note; False when this form was sent before."""
    row = {
        "rep_id": rep_id,
        "identity_id": identity_id,
        "client_key": client_key,
        "sealed": sealed,
        "noted_at": now,
    }
    return upsert(CustomerNote, row, key=("rep_id", "client_key"))


def see_page(*, identity_id: int, subject: str, subject_key: str, now: datetime) -> None:
    """A person looks at a page; of two at one time the later one stays."""
    row = {
        "identity_id": identity_id,
        "subject": subject,
        "subject_key": subject_key,
        "seen_at": now,
    }
    if not upsert(PageSeen, row, key=("identity_id",)):
        db.session.execute(
            update(PageSeen)
            .where(PageSeen.identity_id == identity_id, PageSeen.seen_at < now)
            .values(row)
        )


def erase_about(*, identity_id: int, until: datetime) -> None:
    """Forget what was written about an identity, and what it saw, up to `until`."""
    for table, at in (
        (CustomerCard, CustomerCard.changed_at),
        (CustomerNote, CustomerNote.noted_at),
        (PageSeen, PageSeen.seen_at),
    ):
        db.session.execute(delete(table).where(table.identity_id == identity_id, at <= until))


def _keep(rep_id: int, identity_id: int, now: datetime, **values: Any) -> None:
    row = {"rep_id": rep_id, "identity_id": identity_id, "changed_at": now, **values}
    upsert(CustomerCard, row, key=("rep_id", "identity_id"), update=("changed_at", *values))
