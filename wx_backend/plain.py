"""Refuses what nobody types: a NUL in an address, a query or a form, which PostgreSQL cannot even look for.

JSON bodies have their own layer (`wx_backend.strict`), which refuses it as well.
"""

from collections.abc import Iterator
from typing import Final

from flask import Flask, request

from wx_backend.errors import BadInput

_FORMS: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


def install(app: Flask) -> None:
    """Look at every request before anything else does."""
    app.before_request(_check)


def _check() -> None:
    if any("\0" in text for text in _texts()):
        raise BadInput


def _texts() -> Iterator[str]:
    yield request.path
    for name, value in request.args.items(multi=True):
        yield from (name, value)
    if request.mimetype in _FORMS:
        for name, value in request.form.items(multi=True):
            yield from (name, value)
