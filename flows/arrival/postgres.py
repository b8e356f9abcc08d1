"""Storing arrivals on PostgreSQL: those that come at the same time in one statement, so in one commit."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
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
from flows.arrival.link import Link
from flows.arrival.plan import Arrival
from flows.arrival.rows import AFTER_COMMIT, BEFORE_COMMIT, STATEMENT_MS, CouldNotStore
from flows.arrival.statements import COLUMNS, POSTGRES_FIRST_REPLIES, POSTGRES_STORE
from flows.arrival.together import Together
from wx_backend import crash, patience
from wx_backend.db import libpq_dsn

TOGETHER_MS: Final = 500
TOGETHER_SECONDS: Final = 0.6  # a little longer: the server should be the one to give up
TURN_SECONDS: Final = 0.7

_STORE, _FIRST_REPLIES = "store", "first-replies"
_STATEMENTS: Final = {_STORE: POSTGRES_STORE, _FIRST_REPLIES: POSTGRES_FIRST_REPLIES}


class Ready(NamedTuple):
    """An arrival as the statement takes it; `person` stands at most once in a statement."""

    person: object
    key: bytes
    cells: list[bytes]
    reply: str


class PostgresStore:
    """A store over one connection, where whoever waits while a statement runs shares the next.

    Whatever goes wrong with several, each is stored again by itself, on a connection of its own:
    no arrival fails for another. Every row has its own key, so that saying it again is safe.
    """

    def __init__(self, url: str) -> None:
        self._dsn = libpq_dsn(url)
        self._together = Together(self._stored_together, patience=TURN_SECONDS)
        self._shared: Link | None = None

    def store(self, arrival: Arrival) -> str:
        ready = made_ready(arrival)
        try:
            reply = self._together.done(ready)
            if reply is None:
                reply = self._stored_alone(ready)
        except psycopg.Error as error:
            raise CouldNotStore(type(error).__name__) from error
        crash.here(AFTER_COMMIT)
        return reply

    def close(self) -> None:
        if self._shared is not None:
            self._shared.close()
            self._shared = None

    def _stored_together(self, lot: Sequence[Ready]) -> Sequence[str | None]:
        """The replies to give; only one thread is in here at a time."""
        replies: dict[bytes, str] = {}
        try:
            with self._shared_link() as link, patience.at_most(TOGETHER_SECONDS):
                for each in _each_person_once(lot):
                    replies |= stored(link, each)
        except psycopg.Error:
            pass  # whoever has no reply now is stored alone
        return [replies.get(ready.key) for ready in lot]

    @contextmanager
    def _shared_link(self) -> Iterator[Link]:
        """The shared connection, opened when there is none; closed when the block raises."""
        if self._shared is None:
            self._shared = self.linked(TOGETHER_MS)
        try:
            yield self._shared
        except BaseException:
            self.close()
            raise

    def _stored_alone(self, ready: Ready) -> str:
        with closing(self.linked(STATEMENT_MS)) as link:
            return stored(link, [ready])[ready.key]

    def linked(self, statement_ms: int) -> Link:
        return Link(self._dsn, _STATEMENTS, statement_ms=statement_ms)


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


def _each_person_once(lot: Sequence[Ready]) -> Iterator[list[Ready]]:
    while lot:
        first = {ready.person: ready for ready in reversed(lot)}
        yield list(first.values())
        lot = [ready for ready in lot if first[ready.person] is not ready]


def stored(link: Link, lot: Sequence[Ready]) -> dict[bytes, str]:
    """The replies to give by key: an arrival's own, or the first one's if it was here before."""
    crash.here(BEFORE_COMMIT)
    stored = {row[0] for row in link.run(_STORE, columns(COLUMNS.values(), (r.cells for r in lot)))}
    replies = {ready.key: ready.reply for ready in lot}
    if again := [of_bytes(key) for key in replies if key not in stored]:
        for key, reply in link.run(_FIRST_REPLIES, [array("bytea", again)]):
            replies[key] = reply.decode()
    return replies
