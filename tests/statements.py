"""Statements are compiled once for all tests: every test has its own database, but says the same."""

from typing import Any, Final

from sqlalchemy import Compiled, Dialect, Engine
from sqlalchemy.util import LRUCache

STATEMENTS_MAX: Final = 4_000
_compiled: Final[dict[str, tuple[Dialect, LRUCache[Any, Compiled]]]] = {}


def share_compiled(engine: Engine) -> None:
    """Let an engine use what was compiled for the engines of the tests before.

    SQLAlchemy keeps compiled statements with the engine and under the dialect object, and each test
    has an engine, so a dialect, of its own: without this a fifth of all time goes into compiling.
    """
    name = engine.dialect.name
    if name not in _compiled:
        engine.connect().close()  # only with its first connection a dialect gets to know its server
        _compiled[name] = engine.dialect, LRUCache(STATEMENTS_MAX)
    engine.dialect, engine._compiled_cache = _compiled[name]
