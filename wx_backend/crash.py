"""Named crash points: a test can stop, break or hang the process at each; no-ops in production."""

import os
from collections.abc import Callable

_armed: dict[str, Callable[[], None]] = {}
_known: set[str] = set()


def point(name: str) -> str:
    """Declare a crash point once, at import; returns the name for `here()`."""
    _known.add(name)
    return name


def here(name: str) -> None:
    """Do what was armed for this point: nothing, unless a test said otherwise."""
    if _armed and (action := _armed.get(name)):
        action()


def known() -> frozenset[str]:
    """Every point declared by the modules imported so far."""
    return frozenset(_known)


def arm(name: str, action: Callable[[], None]) -> None:
    """Have `action` run at this point; KeyError for a name nobody declared."""
    if name not in _known:
        raise KeyError(name)
    _armed[name] = action


def disarm() -> None:
    """Forget everything armed."""
    _armed.clear()


class Crashed(BaseException):
    """Stands for the death of the process: no `except Exception` swallows it."""


def die() -> None:
    """kill -9 from inside: nothing is flushed, nothing is cleaned up."""
    os._exit(137)


def raise_crashed() -> None:
    raise Crashed
