"""The consent books of the accounts, counted a few people at a time.

Triggers note whose entries changed, erasing included. Whoever counts reads all entries of these
people and adds to the book what is new since they were counted, so whatever came late, twice or was
forgotten, the book is what the entries say.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select, true

from members.consents import count_free
from members.models import (
    Consent,
    ConsentBook,
    ConsentCount,
    ConsentDelta,
    ConsentKind,
    Identity,
)
from wx_backend.db import db, take_turns, upsert_all

BATCH: Final = 1_000
TURN: Final = b"consent_book"
Pair = tuple[int, str]
"""A person's identity and a template."""


@dataclass(frozen=True, slots=True)
class Book:
    """Entries of a template: yeses, noes, uses, and how many people have a free yes left."""

    accepted: int = 0
    refused: int = 0
    used: int = 0
    people: int = 0

    def __sub__(self, other: "Book") -> "Book":
        return Book(*(getattr(self, each) - getattr(other, each) for each in SUMS))

    def __add__(self, other: "Book") -> "Book":
        return Book(*(getattr(self, each) + getattr(other, each) for each in SUMS))


SUMS: Final = tuple(each.name for each in fields(Book))


def books_of(appid: str) -> dict[str, Book]:
    """The consent book of an account by template, without what still waits to be counted."""
    rows = db.session.scalars(select(ConsentBook).where(ConsentBook.appid == appid))
    return {row.template_id: _book(row) for row in rows}


def is_waiting(appid: str) -> bool:
    """Whether entries of an account are not in its book yet."""
    waiting = select(ConsentDelta.id).join(Identity, Identity.id == ConsentDelta.identity_id)
    return db.session.scalar(waiting.where(Identity.appid == appid).limit(1)) is not None


def count_consents(*, now: datetime) -> int:  # noqa: ARG001 - a chore
    """Count some of the people whose entries changed; how many notes there were."""
    take_turns(TURN)
    notes = db.session.scalars(select(ConsentDelta).order_by(ConsentDelta.id).limit(BATCH)).all()
    if notes:
        _count({(note.identity_id, note.template_id) for note in notes})
        ids = [note.id for note in notes]
        db.session.execute(delete(ConsentDelta).where(ConsentDelta.id.in_(ids)))
    return len(notes)


def _count(pairs: Collection[Pair]) -> None:
    """Add to the books what these people say now beyond what was counted of them."""
    people = {identity_id for identity_id, _ in pairs}
    now, before = _by_entries(people), _counted(people)
    appids = _accounts_of(people)
    added: dict[tuple[str, str], Book] = {}
    for pair in sorted(pairs):
        book = appids[pair[0]], pair[1]
        more = now.get(pair, Book()) - before.get(pair, Book())
        added[book] = added.get(book, Book()) + more
        if pair not in now:
            db.session.execute(
                delete(ConsentCount).where(
                    ConsentCount.identity_id == pair[0], ConsentCount.template_id == pair[1]
                )
            )
    counted = {pair: now[pair] for pair in sorted(pairs) if pair in now}
    _store(ConsentCount, counted, add=False)
    _store(ConsentBook, dict(sorted(added.items())), add=True)


def _store(
    table: type[ConsentBook | ConsentCount],
    books: Mapping[tuple[Any, str], Book],
    *,
    add: bool,
) -> None:
    whose = "appid" if table is ConsentBook else "identity_id"
    upsert_all(
        table,
        [{whose: who, "template_id": of, **asdict(book)} for (who, of), book in books.items()],
        key=(whose, "template_id"),
        change=lambda old, new: {
            name: old[name] + new[name] if add else new[name] for name in SUMS
        },
        where=lambda _old, _new: true(),
    )


def _accounts_of(people: Collection[int]) -> dict[int, str]:
    rows = db.session.execute(select(Identity.id, Identity.appid).where(Identity.id.in_(people)))
    return {identity_id: appid for identity_id, appid in rows}  # noqa: C416 - rows are no pairs to dict()


def _by_entries(people: Collection[int]) -> Mapping[Pair, Book]:
    """What the entries of these people say, by person and template."""
    entries: dict[Pair, list[tuple[ConsentKind, datetime]]] = {}
    for identity_id, template_id, kind, event_at in db.session.execute(
        select(Consent.identity_id, Consent.template_id, Consent.kind, Consent.event_at).where(
            Consent.identity_id.in_(people)
        )
    ):
        entries.setdefault((identity_id, template_id), []).append((ConsentKind(kind), event_at))
    return {pair: _of_one(book) for pair, book in entries.items()}


def _of_one(entries: Collection[tuple[ConsentKind, datetime]]) -> Book:
    kinds = Counter(kind.value for kind, _ in entries)
    return Book(**kinds, people=int(count_free(entries) > 0))


def _counted(people: Collection[int]) -> Mapping[Pair, Book]:
    rows = db.session.scalars(select(ConsentCount).where(ConsentCount.identity_id.in_(people)))
    return {(row.identity_id, row.template_id): _book(row) for row in rows}


def _book(row: ConsentBook | ConsentCount) -> Book:
    return Book(row.accepted, row.refused, row.used, row.people)
