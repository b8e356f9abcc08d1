"""Arrivals that come at the same time share one commit: lots, one after another on one connection.

This runs on the event loop of the process that takes pushes. What may wait long, or may go wrong,
is done in threads.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.errors import QueryCanceled

from flows.arrival.link import Link, Row
from flows.arrival.plan import Arrival
from flows.arrival.postgres import (
    Ready,
    each_person_once,
    linked,
    made_ready,
    stored_alone,
    storing,
)
from flows.arrival.rows import AFTER_COMMIT, CouldNotStore
from flows.arrival.threads import Threads
from wx_backend import crash, patience

log = logging.getLogger(__name__)

LOT_MOST: Final = 64
LOT_MORE: Final = 8  # how much larger the next may be, after one that was stored
LOT_LOCK_MS: Final = 400  # a little shorter: who is locked out is told from who is slow
LOT_MS: Final = 500
LOT_SECONDS: Final = 0.8  # a little longer: the server should be the one to give up
LINK_SECONDS: Final = 0.1  # a connection that is being opened is looked for no more often


class _Place(NamedTuple):
    """Where an arrival waits for its reply, and until when; None when it has to be stored alone."""

    until: float
    ready: Ready
    reply: asyncio.Future[str | None]


class Lots:
    """A store on PostgreSQL: whoever waits while a statement runs shares the next.

    No arrival fails for another. What the database refuses of several, for what is in one of them
    or for a lock somebody holds, is stored again each by itself, on a connection of its own. Every
    row has its own key, so that saying it again is safe. Whoever waits behind makes up the next lot.

    Nothing is wrong with a lot that takes too long: a database with little time to give would have
    less with a connection for each of them. What is left of it comes next, in halves; with every
    lot that is stored the next may be a little larger again. A lone arrival never waits for company.
    """

    def __init__(self, url: str, threads: Threads) -> None:
        self._url = url
        self._threads = threads
        self._opener = Threads(1)  # who is stored alone does not keep the lots from coming back
        self._waiting: list[_Place] = []
        self._most = LOT_MOST
        self._leader: asyncio.Task[None] | None = None
        self._opening: asyncio.Future[Link] | None = None
        self._link: Link | None = None

    async def store(self, arrival: Arrival, *, until: float) -> str:
        """Keep an arrival once; the reply to give. Raises CouldNotStore, soon after `until`."""
        loop = asyncio.get_running_loop()
        place = _Place(until, made_ready(arrival), loop.create_future())
        self._waiting.append(place)
        if self._leader is None:
            self._leader = loop.create_task(self._lead())
        reply = await place.reply
        if reply is None:
            return await self._threads.do(until, partial(stored_alone, self._url, place.ready))
        crash.here(AFTER_COMMIT)
        return reply

    def close(self) -> None:
        """Close the connection; another is opened when it is needed."""
        self._drop_link()

    async def _lead(self) -> None:
        """One lot after the other until nobody waits; after a fault of ours, each goes on alone."""
        try:
            while self._in_time():
                lot, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._store_lot(lot)
        finally:
            self._leader = None
            _tell(self._waiting, {})
            self._waiting = []

    def _in_time(self) -> bool:
        """Whether anybody waits; whoever's time is over is told so, and asks again."""
        now = monotonic()
        late = [place for place in self._waiting if place.until <= now]
        if late:
            self._waiting = [place for place in self._waiting if place.until > now]
            for place in late:
                if not place.reply.done():
                    place.reply.set_exception(CouldNotStore("out of time"))
        return bool(self._waiting)

    async def _store_lot(self, lot: Sequence[_Place]) -> None:
        """Store a lot and tell everybody in it but who comes again."""
        replies: dict[bytes, str] = {}
        try:
            left = max(LINK_SECONDS, lot[0].until - monotonic())
            link = await self._shared_link(min(LOT_SECONDS, left))
            async with asyncio.timeout(LOT_SECONDS):
                for part in each_person_once([place.ready for place in lot]):
                    replies |= await _stored(link, part)
            self._most = min(LOT_MOST, self._most + LOT_MORE)
        except (psycopg.Error, TimeoutError, CouldNotStore) as error:
            log.warning("lot not stored", extra={"pushes": len(lot), "error": repr(error)})
            if not isinstance(error, QueryCanceled):
                self._drop_link()
            if isinstance(error, QueryCanceled | TimeoutError) and len(lot) > 1:
                lot = self._halved(lot, replies)
        except BaseException:
            self._drop_link()
            raise
        finally:
            _tell(lot, replies)

    def _halved(self, lot: Sequence[_Place], replies: Mapping[bytes, str]) -> list[_Place]:
        """Put those of a slow lot who have no reply before all others; the ones who have."""
        self._most = len(lot) // 2
        again = [place for place in lot if place.ready.key not in replies]
        self._waiting = [*again, *self._waiting]
        return [place for place in lot if place.ready.key in replies]

    async def _shared_link(self, seconds: float) -> Link:
        """The connection of the lots. One that is being opened stays so when nobody waits longer."""
        if self._link is None:
            if self._opening is None or _has_failed(self._opening):
                until = monotonic() + 2 * patience.CONNECT_SECONDS
                opened = partial(linked, self._url, statement_ms=LOT_MS, lock_ms=LOT_LOCK_MS)
                self._opening = asyncio.ensure_future(self._opener.do(until, opened))
            await asyncio.wait((self._opening,), timeout=seconds)
            if not self._opening.done():
                raise TimeoutError
            opening, self._opening = self._opening, None
            self._link = opening.result()
        return self._link

    def _drop_link(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None


async def _stored(link: Link, lot: Sequence[Ready]) -> dict[bytes, str]:
    """Store a lot while the loop goes on. Raises psycopg.Error."""
    asking = storing(lot)
    try:
        statement = next(asking)
        while True:
            link.ask(*statement)
            statement = asking.send(await _answered(link))
    except StopIteration as done:
        replies: dict[bytes, str] = done.value
        return replies


async def _answered(link: Link) -> list[Row]:
    """The rows of the statement under way."""
    loop = asyncio.get_running_loop()
    while not link.is_sent():
        await _once(loop.add_writer, loop.remove_writer, link.fileno())
    while (rows := link.answer()) is None:
        await _once(loop.add_reader, loop.remove_reader, link.fileno())
    return rows


def _tell(lot: Sequence[_Place], replies: Mapping[bytes, str]) -> None:
    """Give everybody his reply, or none; nobody may wait for it any more."""
    for place in lot:
        if not place.reply.done():
            place.reply.set_result(replies.get(place.ready.key))


def _has_failed(opening: asyncio.Future[Link]) -> bool:
    return opening.done() and (opening.cancelled() or opening.exception() is not None)


async def _once(watch: Callable[..., Any], forget: Callable[[int], object], fileno: int) -> None:
    """Wait until the loop tells of the socket."""
    told = asyncio.get_running_loop().create_future()
    watch(fileno, _tick, told)
    try:
        await told
    finally:
        forget(fileno)


def _tick(told: asyncio.Future[None]) -> None:
    if not told.done():
        told.set_result(None)
