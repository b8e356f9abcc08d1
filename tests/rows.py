"""All there is in the database, to be held against what there was before."""

from collections.abc import Collection
from typing import Any

from wx_backend.db import db
from wx_backend.tables import metadata


def rows(*, but: Collection[str] = ()) -> dict[str, list[Any]]:
    """Every row of every table as committed, except for the tables named."""
    db.session.rollback()
    tables = [table for table in metadata.sorted_tables if table.name not in but]
    return {table.name: sorted(map(repr, db.session.execute(table.select()))) for table in tables}
