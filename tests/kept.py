"""Every text there is in the database, to look for what somebody typed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wx_backend.db import db
from wx_backend.tables import metadata


def texts_kept() -> Iterator[str]:
    """Every text of every row, those inside of JSON too."""
    db.session.rollback()
    for table in metadata.sorted_tables:
        for row in db.session.execute(table.select()):
            for value in row:
                yield from _texts_in(value)


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for below in value.values():
            yield from _texts_in(below)
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for below in value:
            yield from _texts_in(below)


def squeezed(text: str) -> str:
    """Without spaces, which a reader may strip or turn into ends of lines."""
    return "".join(text.split())
