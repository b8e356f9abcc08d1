"""Two database hosts alone: the primary is lost, the standby promoted, and then the old primary comes back.

As it was it takes no write that anybody is told of; made a standby it takes none at all, and has what the new one has.
"""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psycopg

from demo import screen
from demo.hosts.database import PATIENCE_SECONDS, DatabaseHost, url_of
from demo.hosts.network import Network
from demo.hosts.stand import DATABASES
from demo.program import Program
from demo.story.frame import eventually, expect
from demo.supervisor import Supervisor
from wx_backend.engine import libpq_dsn

QUIET_SECONDS: Final = 1.0
WAITS_SECONDS: Final = 3.0
MADE: Final = "CREATE TABLE note (number int PRIMARY KEY)"
NOTED: Final = "INSERT INTO note VALUES (%s)"
ALL: Final = "SELECT coalesce(array_agg(number ORDER BY number), '{}') FROM note"


def let_the_old_primary_come_back(data: Path) -> dict[str, Any]:
    """Play it; what the one JSON line says."""
    with Network(DATABASES) as network, Supervisor() as supervisor:
        old, new = (DatabaseHost(host, network, data) for host in DATABASES)
        with screen.step("databases", "a primary, and a standby that it waits for"):
            old.make()
            supervisor.start(_program(old))
            new.copy(old)
            supervisor.start(_program(new))
            old.acknowledge_by_standby()
            old.create_database()
        dsn = libpq_dsn(url_of(old, new))
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(MADE)
        writer = Writer(dsn)
        with writer.writing():
            writer.wait_for_more()
            seconds = _fail_over(supervisor, old, new)
            writer.wait_for_more()
            with screen.step("old primary", "started as it was"):
                unheard = _as_it_was(supervisor, old, dsn)
            with screen.step("old primary", "made a standby of the new one"):
                old.rejoin(new)
                supervisor.start(_program(old))
                new.acknowledge_by_standby()
            writer.wait_for_more()
        return {"promoted_seconds": round(seconds, 2)} | _compared(old, new, writer, unheard, dsn)


class Writer:
    """Somebody who writes by the address of both hosts, one number after the other, as the service does.

    `told` are those he was told are written; one without an answer he gives up, and goes on.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._over = threading.Event()
        self.told: list[int] = []
        self._number = 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write meanwhile."""
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join(PATIENCE_SECONDS)

    def wait_for_more(self) -> None:
        """Until he was told of more."""
        before = len(self.told)
        eventually("writes are acknowledged", lambda: len(self.told) > before, True)
        time.sleep(QUIET_SECONDS)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                with psycopg.connect(self._dsn, autocommit=True, connect_timeout=2) as connection:
                    while not self._over.is_set():
                        self._number += 1
                        connection.execute(NOTED, [self._number])
                        self.told.append(self._number)
                        time.sleep(0.01)
            except psycopg.Error:
                time.sleep(0.1)


def _fail_over(supervisor: Supervisor, old: DatabaseHost, new: DatabaseHost) -> float:
    """The primary dies at once; seconds until the standby takes writes."""
    with screen.step("primary", "died; the standby is promoted"):
        _die(supervisor, old)
        return new.promote()


def _program(host: DatabaseHost) -> Program:
    """Its server, which waits for no client when it is told to end."""
    return replace(host.program(), stop_signal=signal.SIGINT)


def _die(supervisor: Supervisor, host: DatabaseHost) -> None:
    """As by a power cut, and not started again."""
    supervisor.kill(host.host)
    supervisor.stop(host.host)


def _as_it_was(supervisor: Supervisor, old: DatabaseHost, dsn: str) -> int:
    """Started as it was it is found first, and tells nobody that anything is written; the number nobody heard of."""
    supervisor.start(_program(old))
    unheard, heard = -1, threading.Event()

    def write() -> None:
        try:
            with psycopg.connect(dsn, autocommit=True) as connection:
                expect("who is found", connection.info.hostaddr, old.address)
                connection.execute(NOTED, [unheard])
                heard.set()
        except psycopg.Error:
            return  # it was ended while he waited

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    eventually("its commit waits for a standby", lambda: old.commits_waiting() > 0, True)
    expect("it acknowledges", heard.wait(WAITS_SECONDS), False)
    _die(supervisor, old)
    thread.join(PATIENCE_SECONDS)
    expect("it acknowledged", heard.is_set(), False)
    return unheard


def _compared(
    old: DatabaseHost, new: DatabaseHost, writer: Writer, unheard: int, dsn: str
) -> dict[str, Any]:
    """Both have the same; nothing that was told is missing, and what nobody was told of on one alone is gone."""
    with psycopg.connect(dsn) as connection:
        expect("who takes writes", connection.info.hostaddr, new.address)
    expect("the old one stands by", old.is_standby(), True)
    expect("the new one stands by", new.is_standby(), False)
    expect("the old one takes a write", old.takes(NOTED, unheard), False)
    eventually("both have the same", lambda: old.ask(ALL) == new.ask(ALL), True)
    kept = new.ask(ALL)
    expect("told, but not there", sorted(set(writer.told) - set(kept)), [])
    expect("written by the old one alone", unheard in kept, False)
    return {"told": len(writer.told), "kept": len(kept)}
