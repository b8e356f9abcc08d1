"""The notary remembers what a row said first, however often he looks."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import Engine, create_engine, text

from demo.chaos.notary import APPENDED, Notary
from demo.story.frame import Contradiction, Story
from wx_backend import tables

TAKE_BACK = "INSERT INTO take_back VALUES (1, 1, 'R1', 500, 0)"


@pytest.fixture
def engine() -> Iterator[Engine]:
    """The tables that are only added to, without the triggers that see to it."""
    engine = create_engine("sqlite://")
    tables.metadata.create_all(engine, [tables.metadata.tables[name] for name in APPENDED])
    with engine.begin() as connection:
        connection.execute(text(TAKE_BACK))
    yield engine
    engine.dispose()


@pytest.fixture
def notary(engine: Engine) -> Notary:
    return Notary(cast(Story, SimpleNamespace(engine=engine)))


def test_rows_that_stay_are_told(notary: Notary) -> None:
    notary.look()
    notary.look()
    assert notary.rows_stay_as_they_were(notary.story).startswith("1 rows")


@pytest.mark.parametrize(
    "forged", ["UPDATE take_back SET refunded_fen = 1", "DELETE FROM take_back"]
)
def test_a_row_that_changes_between_two_looks_is_found(
    engine: Engine, notary: Notary, forged: str
) -> None:
    notary.look()
    with engine.begin() as connection:
        connection.execute(text(forged))
    notary.look()
    with pytest.raises(Contradiction, match="take_back"):
        notary.rows_stay_as_they_were(notary.story)
