"""Storing arrivals on PostgreSQL: any number of them in one statement, so in one commit."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import Final, NamedTuple

import psycopg

from flows.arrival.arrays import (
    array,
    columns,
    of_bytes,
    of_flag,
    of_instant,
    of_number,
    of_text,
    of_word,
)
from flows.arrival.link import Link, Row
from flows.arrival.plan import Arrival
from flows.arrival.rows import AFTER_COMMIT, BEFORE_COMMIT, STATEMENT_MS, CouldNotStore
from flows.arrival.statements import COLUMNS, POSTGRES_FIRST_REPLIES, POSTGRES_STORE
from wx_backend import crash
from wx_backend.engine import libpq_dsn

_STORE, _FIRST_REPLIES = "store", "first-replies"
_STATEMENTS: Final = {_STORE: POSTGRES_STORE, _FIRST_REPLIES: POSTGRES_FIRST_REPLIES}

Asking = Generator[tuple[str, list[bytes]], list[Row], dict[bytes, str]]
"""Statements to run with their values; takes the rows of each, and ends with the replies by key."""


class Ready(NamedTuple):
    """An arrival as the statement takes it; `person` stands at most once in a statement."""

    person: object
    key: bytes
    cells: list[bytes]
    reply: str


def linked(url: str, *, statement_ms: int, lock_ms: int = 0) -> Link:
    """A connection on which arrivals are stored. Raises psycopg.Error."""
    return Link(libpq_dsn(url), _STATEMENTS, statement_ms=statement_ms, lock_ms=lock_ms)


def stored_alone(url: str, ready: Ready) -> str:
    """Store an arrival with a connection and a commit of its own; the reply to give.

    Waits in this thread. Raises CouldNotStore.
    """
    try:
        with closing(linked(url, statement_ms=STATEMENT_MS)) as link:
            reply = stored(link, [ready]).get(ready.key)
    except psycopg.Error as error:
        raise CouldNotStore(type(error).__name__) from error
    if reply is None:
        raise CouldNotStore("neither stored nor found")
    crash.here(AFTER_COMMIT)
    return reply


def made_ready(arrival: Arrival) -> Ready:
    has_identity = arrival.is_followed is not None
    return Ready(
        person=(arrival.appid, arrival.openid) if has_identity else arrival.key,
        key=arrival.key,
        cells=_cells(arrival),
        reply=arrival.reply,
    )


def _cells(arrival: Arrival) -> list[bytes]:
    """An arrival as `COLUMNS` say."""
    return [
        of_bytes(arrival.key),
        of_word(arrival.account),
        of_word(arrival.kind),
        of_bytes(arrival.raw),
        of_text(arrival.reply),
        of_instant(arrival.event_at),
        of_instant(arrival.known_at),
        of_instant(arrival.due_at),
        of_flag(arrival.has_work),
        of_word(arrival.appid),
        of_text(arrival.openid),
        of_flag(arrival.is_followed),
        of_word(arrival.follow_kind),
        of_word(arrival.touch_kind if arrival.has_touch else None),
        of_word(arrival.certainty),
        of_word(arrival.scene),
        of_number(arrival.share_id),
    ]


def each_person_once(lot: Sequence[Ready]) -> Iterator[list[Ready]]:
    """The lot in as many parts as the person has arrivals who has most; in their order."""
    while lot:
        first = {ready.person: ready for ready in reversed(lot)}
        yield list(first.values())
        lot = [ready for ready in lot if first[ready.person] is not ready]


def storing(lot: Sequence[Ready]) -> Asking:
    """Store a lot; the replies to give by key: an arrival's own, or the first one's before it.

    What was neither stored nor found has none.
    """
    crash.here(BEFORE_COMMIT)
    rows = yield _STORE, columns(COLUMNS.values(), (ready.cells for ready in lot))
    stored = {row[0] for row in rows}
    replies = {ready.key: ready.reply for ready in lot if ready.key in stored}
    if again := [of_bytes(ready.key) for ready in lot if ready.key not in stored]:
        for key, reply in (yield _FIRST_REPLIES, [array("bytea", again)]):
            replies[key] = reply.decode()
    return replies


def stored(link: Link, lot: Sequence[Ready]) -> dict[bytes, str]:
    """Store a lot. Raises psycopg.Error."""
    asking = storing(lot)
    try:
        statement = next(asking)
        while True:
            statement = asking.send(link.run(*statement))
    except StopIteration as done:
        replies: dict[bytes, str] = done.value
        return replies
