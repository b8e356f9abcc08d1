"""What was written once stays as it was: rows noted while the trouble lasts, looked up at the end."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from demo.story.frame import Story, expect
from wx_backend import tables

EVERY_SECONDS: Final = 5.0
AGAIN: Final = 200  # rows before the last one seen: a lower number may be committed later
# What is added to and never changed, and what of it is known later.
APPENDED: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset()
    for name in (
        *("posting", "entry", "order_transition", "stock_move", "touch", "attribution"),
        *("follow_event", "payout_event", "milestone_event", "take_back", "real_name_said"),
    )
} | {"receipt": frozenset({"position", "digest"})}


@dataclass
class Notary:
    """Notes what each row says, as often as the database can be asked."""

    story: Story
    looks: int = 0
    _rows: dict[str, dict[int, bytes]] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Look every few seconds from now on."""
        self._thread = threading.Thread(target=self._watch, name="notary", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        if self._thread:
            self._thread.join()

    def look(self) -> None:
        """Note what is there now."""
        for name in APPENDED:
            known = self._rows.setdefault(name, {})
            seen = self._read(name, after=max(known, default=0) - AGAIN)
            self._rows[name] = seen | known  # what was seen first is what it has to say
        self.looks += 1

    def rows_stay_as_they_were(self, _story: Story) -> str:
        """Not one row that was seen during the trouble is gone or says something else."""
        count = 0
        for name, known in self._rows.items():
            now = self._read(name, after=0)
            changed = [number for number, digest in known.items() if now.get(number) != digest]
            expect(f"rows of {name} that changed", changed, [])
            count += len(known)
        return f"{count} rows of {len(APPENDED)} tables, {self.looks} looks"

    def _watch(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            try:
                self.look()
            except DBAPIError:
                continue  # the database is away; the next look comes

    def _read(self, name: str, *, after: int) -> dict[int, bytes]:
        table = tables.metadata.tables[name]
        columns = [column for column in table.c if column.name not in APPENDED[name]]
        query = select(*columns).where(table.c.id > after)
        with self.story.engine.connect() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return {row["id"]: _digest(row) for row in rows}


def _digest(row: Mapping[str, Any]) -> bytes:
    return blake2b(repr(sorted(row.items())).encode(), digest_size=16).digest()
