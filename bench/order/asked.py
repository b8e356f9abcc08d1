"""What is asked of a database meanwhile: statements, commits, and how many of those had anything to commit."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any, Final

from sqlalchemy import Engine, event

STATEMENTS, COMMITS, EMPTY = "statements", "commits", "empty commits"
_WRITES: Final = re.compile(r"\s*(INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
_WROTE: Final = "bench_wrote"


@contextmanager
def counted(*engines: Engine) -> Iterator[Counter[str]]:
    """Count by whichever connection and thread."""
    counts, lock = Counter[str](), threading.Lock()

    def stated(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        with lock:
            counts[STATEMENTS] += 1
        if _WRITES.match(statement) and cursor.rowcount:
            connection.info[_WROTE] = True

    def committed(connection: Any) -> None:
        with lock:
            counts[COMMITS] += 1
            counts[EMPTY] += not connection.info.pop(_WROTE, False)

    def rolled_back(connection: Any) -> None:
        connection.info.pop(_WROTE, None)

    heard = (
        ("after_cursor_execute", stated),
        ("commit", committed),
        ("rollback", rolled_back),
    )
    for engine, (name, listener) in product(engines, heard):
        event.listen(engine, name, listener)
    try:
        yield counts
    finally:
        for engine, (name, listener) in product(engines, heard):
            event.remove(engine, name, listener)
