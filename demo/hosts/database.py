"""Two database hosts: the primary, a standby that has everything it acknowledged, promotion, and coming back."""

import os
import subprocess
import time
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg

from demo.hosts.network import Network
from demo.processes import ROOT
from demo.program import Program, last_lines
from demo.refusal import CannotStart
from tools.postgres_binaries import INITDB, USER, way_to_run

PORT: Final = 5432
DATABASE: Final = "wx"
PATIENCE_SECONDS: Final = 30.0
REJOIN: Final = ROOT / "deploy" / "postgresql" / "rejoin.sh"
SETTINGS: Final = (
    *("timezone=UTC", "max_connections=200", "wal_level=replica", "hot_standby=on"),
    *("dynamic_shared_memory_type=posix", "wal_sender_timeout=5s", "wal_receiver_timeout=5s"),
)


class DatabaseHost:
    """PostgreSQL on one host, its data in a folder of this machine."""

    def __init__(self, host: str, network: Network, data: Path) -> None:
        self.host, self._network, self._folder = host, network, data / host
        self._folder.mkdir(parents=True)
        self._way = way_to_run(self._folder)
        self._log = data / "log" / f"{host}.log"

    @property
    def address(self) -> str:
        return self._network.address(self.host)

    def make(self) -> None:
        """An empty cluster that the other hosts may come to."""
        self._run("initdb", *INITDB, "--pgdata", self._data)
        subnet = f"{self.address.rpartition('.')[0]}.0/24"
        with (self._folder / "data" / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {subnet} trust\nhost replication all {subnet} trust\n")

    def copy(self, primary: "DatabaseHost") -> None:
        """A standby of a running primary."""
        self._run(
            *(
                "pg_basebackup",
                "--host",
                primary.address,
                "--username",
                USER,
                "--pgdata",
                self._data,
            ),
            *("--write-recovery-conf", "--wal-method", "stream", "--checkpoint", "fast"),
        )

    def rejoin(self, primary: "DatabaseHost") -> None:
        """Become a standby of the one that took its place, its server stopped, by the script that is handed over."""
        source = f"host={primary.address} port={PORT} user={USER} dbname=postgres"
        self._do(*self._way.before, "/bin/sh", str(REJOIN), self._data, source)

    def program(self) -> Program:
        """The server."""
        settings = [part for each in SETTINGS for part in ("-c", each)]
        places = ("-D", self._data, "-h", self.address, "-p", str(PORT), "-k", str(self._folder))
        return Program(
            self.host,
            self._network.inside(self.host, self._way.command("postgres", *places, *settings)),
            log=self._log,
            directory=self._folder,
            health=lambda _pid: self._answers(),
            address=f"{self.address}:{PORT}",
            restarts=False,
        )

    def acknowledge_by_standby(self) -> None:
        """From now on nothing is acknowledged before the standby has it on its disk."""
        self._wait_for("*")
        end = time.monotonic() + PATIENCE_SECONDS
        while self._ask("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != 1:
            if time.monotonic() > end:
                raise CannotStart("the standby never caught up")
            time.sleep(0.2)

    def go_alone(self) -> float:
        """Wait for no standby any more; seconds until no commit waits."""
        started = time.monotonic()
        self._wait_for("")
        while self.commits_waiting():
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise CannotStart("commits still wait for the standby")
            time.sleep(0.02)
        return time.monotonic() - started

    def commits_waiting(self) -> int:
        """How many commits wait for a standby."""
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        return int(str(self._ask(waiting)))

    def promote(self) -> float:
        """Make the standby the primary; seconds until it takes writes."""
        started = time.monotonic()
        self._ask("SELECT pg_promote()")
        while self._ask("SELECT pg_is_in_recovery()"):
            time.sleep(0.02)
        return time.monotonic() - started

    def create_database(self) -> None:
        self._ask(f"CREATE DATABASE {DATABASE}")

    def is_standby(self) -> bool:
        """Whether it takes no writes but those of its primary."""
        return bool(self._ask("SELECT pg_is_in_recovery()"))

    def ask(self, query: LiteralString) -> Any:
        """The one value a query of the service's database gives."""
        with self._connect(DATABASE) as connection:
            row = connection.execute(query).fetchone()
            return row[0] if row else None

    def takes(self, statement: LiteralString, *values: object) -> bool:
        """Whether a write of the service's database is taken, and not refused by a standby."""
        try:
            with self._connect(DATABASE) as connection:
                connection.execute(statement, values)
        except psycopg.errors.ReadOnlySqlTransaction:
            return False
        return True

    def _wait_for(self, standbys: str) -> None:
        self._ask(f"ALTER SYSTEM SET synchronous_standby_names = '{standbys}'")
        self._ask("SELECT pg_reload_conf()")

    def _ask(self, query: str) -> object:
        with self._connect() as connection:
            found = connection.execute(query)
            row = found.fetchone() if found.description else None
            return row[0] if row else None

    def _connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=self.address,
            port=PORT,
            user=USER,
            dbname=database,
            autocommit=True,
            connect_timeout=2,
        )

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _run(self, name: str, *arguments: str) -> None:
        self._do(*self._way.command(name, *arguments))

    def _do(self, *command: str) -> None:
        """Run something on this host, PostgreSQL's programs in its PATH. Raises CannotStart."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            done = subprocess.run(
                self._network.inside(self.host, command),
                cwd=self._folder,
                env=os.environ | {"PATH": f"{self._way.binaries}:{os.environ['PATH']}"},
                stdout=log,
                stderr=log,
                check=False,
            )
        if done.returncode != 0:
            raise CannotStart(
                f"{' '.join(command)} failed; the end of {self._log}:\n{last_lines(self._log)}"
            )


def url_of(*hosts: DatabaseHost) -> str:
    """The URL by which whichever of these takes writes is found."""
    places = "&".join(f"host={each.address}:{PORT}" for each in hosts)
    return f"postgresql+psycopg://{USER}@/{DATABASE}?{places}&target_session_attrs=read-write"
