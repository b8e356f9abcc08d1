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
LOT_MS: Final = 500
LOT_SECONDS: Final = 0.6  # a little longer: the server should be the one to give up


class _Place(NamedTuple):
    """Where an arrival waits for its reply, and until when; None when it has to be stored alone."""

    until: float
    ready: Ready
    reply: asyncio.Future[str | None]


class Lots:
    """A store on PostgreSQL: whoever waits while a statement runs shares the next.

    Whatever goes wrong with several, each is stored again by itself, on a connection of its own,
    and so is whoever waits behind them: no arrival fails for another. Every row has its own key,
    so that saying it again is safe. A lone arrival never waits for company.
    """

    def __init__(self, url: str, threads: Threads) -> None:
        self._url = url
        self._threads = threads
        self._opener = Threads(1)  # who is stored alone does not keep the lots from coming back
        self._waiting: list[_Place] = []
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
        """One lot after the other until nobody waits."""
        try:
            while self._waiting:
                self._refuse_late()
                lot, self._waiting = self._waiting[:LOT_MOST], self._waiting[LOT_MOST:]
                if not lot:
                    break
                replies: dict[bytes, str] = {}
                try:
                    replies = await self._stored_together([place.ready for place in lot])
                finally:
                    _tell(lot, replies)
                if not replies:
                    self._send_away()
        finally:
            self._leader = None
            self._send_away()

    def _refuse_late(self) -> None:
        """Where more come than the database takes, whoever's time is over is told so, and asks again."""
        now = monotonic()
        late = [place for place in self._waiting if place.until <= now]
        if late:
            self._waiting = [place for place in self._waiting if place.until > now]
            for place in late:
                if not place.reply.done():
                    place.reply.set_exception(CouldNotStore("out of time"))

    def _send_away(self) -> None:
        """Whoever waits has waited as long as a lot may take, and goes on alone."""
        _tell(self._waiting, {})
        self._waiting = []

    async def _stored_together(self, lot: Sequence[Ready]) -> dict[bytes, str]:
        """The replies to give by key; of those only that were stored."""
        replies: dict[bytes, str] = {}
        try:
            async with asyncio.timeout(LOT_SECONDS):
                link = await self._shared_link()
                for part in each_person_once(lot):
                    replies |= await _stored(link, part)
        except (psycopg.Error, TimeoutError, CouldNotStore) as error:
            log.warning("lot not stored", extra={"pushes": len(lot), "error": repr(error)})
            self._drop_link()
        except BaseException:
            self._drop_link()
            raise
        return replies

    async def _shared_link(self) -> Link:
        """The connection of the lots. One that is being opened stays so when nobody waits longer."""
        if self._link is None:
            if self._opening is None or _has_failed(self._opening):
                until = monotonic() + 2 * patience.CONNECT_SECONDS
                opened = self._opener.do(until, partial(linked, self._url, statement_ms=LOT_MS))
                self._opening = asyncio.ensure_future(opened)
            opening = self._opening
            try:
                self._link = await asyncio.shield(opening)
            finally:
                if opening.done():
                    self._opening = None
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
