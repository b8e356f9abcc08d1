"""Reading the notebook of one rep: cards, notes, visits to pay, and the page a person saw last."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import select

from customers.models import CustomerCard, CustomerNote, PageSeen
from wx_backend.db import db


def cards_of(rep_id: int, identity_ids: Iterable[int]) -> Mapping[int, CustomerCard]:
    """What the rep keeps about these identities, by identity."""
    rows = db.session.scalars(
        select(CustomerCard).where(
            CustomerCard.rep_id == rep_id, CustomerCard.identity_id.in_(set(identity_ids))
        )
    )
    return {card.identity_id: card for card in rows}


def remarked(rep_id: int) -> Sequence[CustomerCard]:
    """Every card of the rep's with a remark, the latest changed first."""
    return db.session.scalars(
        select(CustomerCard)
        .where(CustomerCard.rep_id == rep_id, CustomerCard.remark.is_not(None))
        .order_by(CustomerCard.changed_at.desc(), CustomerCard.id.desc())
    ).all()


def visits_due(rep_id: int, day: date, *, limit: int) -> Sequence[CustomerCard]:
    """The cards whose next visit is on a (Shanghai) day or was before it, the oldest first."""
    return db.session.scalars(
        select(CustomerCard)
        .where(CustomerCard.rep_id == rep_id, CustomerCard.visit_on <= day)
        .order_by(CustomerCard.visit_on, CustomerCard.id)
        .limit(limit)
    ).all()


def notes_about(rep_id: int, identity_ids: Iterable[int]) -> Sequence[CustomerNote]:
    """The rep's notes about a person, the newest first."""
    return db.session.scalars(
        select(CustomerNote)
        .where(CustomerNote.rep_id == rep_id, CustomerNote.identity_id.in_(set(identity_ids)))
        .order_by(CustomerNote.noted_at.desc(), CustomerNote.id.desc())
    ).all()


def last_page(identity_ids: Iterable[int]) -> PageSeen | None:
    """What a person looked at last, by whichever of his identities."""
    return db.session.scalar(
        select(PageSeen)
        .where(PageSeen.identity_id.in_(set(identity_ids)))
        .order_by(PageSeen.seen_at.desc(), PageSeen.identity_id)
        .limit(1)
    )
