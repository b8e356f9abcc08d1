"""Everything the pretend platform knows: its tables, clock, chance and numbers."""

import base64
import hashlib
import random
import string
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from simulator import records, workings
from simulator.clock import Clock
from simulator.errors import Refused
from simulator.queue import Queue
from simulator.records import Account, Contact, Message, Person
from simulator.store import Disk
from simulator.tables import Tables
from simulator.workings import Fact, Settings, Task

_SAFE = string.ascii_letters + string.digits
# Above 2^53 on purpose: a reader that takes such a number for a float gets it wrong.
_FIRST_MSG_ID = 3_487_542_469_355_600_000


class World(Tables):
    """One pretend platform. Hold `acting()` while reading or changing it."""

    def __init__(
        self, *, seed: int = 1, state: Path | None = None, clock_file: Path | None = None
    ) -> None:
        super().__init__()
        self.base_url = ""
        self.seed = seed
        self.lock = threading.RLock()
        self.clock = Clock(clock_file)
        self.queue = Queue(self.tasks, self.clock, self.lock)
        self._depth = 0
        self._disk = Disk(state) if state else None
        self._wake_up()

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Exclusive access; changes are on disk when the outermost block ends."""
        with self.lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._flush()

    @property
    def settings(self) -> Settings:
        return self.settings_table.rows["settings"]

    def now(self) -> float:
        return self.clock.now()

    def close(self) -> None:
        if self._disk:
            self._disk.close()

    def move_clock(self, offset: float) -> None:
        """Let the clock run `offset` seconds ahead of the machine's; due work starts at once."""
        self.clock.move(offset)
        self.settings.clock_offset = offset
        self.settings_table.save(self.settings)
        self.queue.wake()

    def serial(self, name: str) -> int:
        """The next whole number of a series, from 1, never used twice."""
        counter = self.counters.find(f"serial/{name}") or workings.Counter(f"serial/{name}")
        counter.count += 1
        self.counters.save(counter)
        return counter.count

    def msg_id(self) -> int:
        """A message number as WeChat makes them: beyond what a float can hold."""
        return _FIRST_MSG_ID + self.serial("msg_id")

    def chance(self, length: int, alphabet: str = _SAFE) -> str:
        """Random text from the seeded source."""
        return "".join(self.random.choices(alphabet, k=length))

    def schedule(self, kind: str, lane: str, payload: records.JSON, delay: float = 0.0) -> Task:
        """Have a task run after `delay` seconds of the simulator's clock."""
        task = Task(self.serial("task"), kind, self.now() + delay, lane, payload)
        self.queue.put(task)
        return task

    def witness(self, kind: str, **what: Any) -> Fact:
        """Write down that something truly happened."""
        return self.facts.save(Fact(self.serial("fact"), self.now(), kind, what))

    def account(self, appid: str) -> Account:
        """Raises Refused when no such account is configured."""
        account = self.accounts.find(appid)
        if account is None:
            raise Refused(f"no account {appid!r}")
        return account

    def person(self, name: str) -> Person:
        """Raises Refused when there is nobody of that name."""
        person = self.people.find(name)
        if person is None:
            raise Refused(f"no person {name!r}")
        return person

    def contact(self, appid: str, name: str) -> Contact:
        """The person as this account sees him, whether he follows or not."""
        openid = self.openid(appid, name)
        found = self.contacts.find(appid, openid)
        return found or self.contacts.save(Contact(appid, openid, name))

    def openid(self, appid: str, name: str) -> str:
        return "o" + self._pseudonym("openid", appid, name)

    def unionid(self, account: Account, name: str) -> str | None:
        """The id that accounts of one Open Platform owner share; None when not bound."""
        if not account.open_platform:
            return None
        return "o" + self._pseudonym("unionid", account.open_platform, name)

    def write(self, person: str, appid: str, side: str, kind: str, **line: Any) -> Message:
        """Put a line into the person's chat; `line` has msg_type, content and perhaps msg_id."""
        number = self.serial("message")
        row = Message(number, person, appid, side, kind, at=self.now(), **line)
        return self.messages.save(row)

    def reset(self, keep: Collection[str] = ()) -> None:
        """Forget everything but the named tables; numbers go on."""
        self.queue.clear()
        for table in self.tables:
            if table.name not in {*keep, "counter", "settings"}:
                table.clear()
        for counter in self.counters:
            if not counter.name.startswith("serial/"):
                self.counters.drop(counter.key)
        boots = self.settings.boots
        self.settings_table.save(Settings(boots=boots))
        self.move_clock(0.0)

    def _pseudonym(self, *parts: str) -> str:
        digest = hashlib.sha256("|".join((str(self.seed), *parts)).encode()).digest()
        return base64.urlsafe_b64encode(digest[:20]).decode().rstrip("=")

    def _wake_up(self) -> None:
        """Go on from an earlier run, or start fresh."""
        if self._disk:
            self._disk.load(self.tables)
        settings = self.settings_table.find("settings") or Settings()
        settings.boots += 1
        self.settings_table.save(settings)
        self.clock.move(settings.clock_offset)
        # The same seed and the same start give the same run; a restart must not repeat numbers.
        self.random = random.Random(f"{self.seed}/{settings.boots}")  # noqa: S311 - repeatable on purpose
        with self.acting():
            for task in self.tasks:
                self.queue.put(task)

    def _flush(self) -> None:
        if self._disk:
            self._disk.flush(self.tables)
        else:
            for table in self.tables:
                table.changed.clear()
