"""Database connections between two pushes: taken by one thread at a time, dropped after any fault."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    def close(self) -> None: ...


Link = TypeVar("Link", bound=Closable)


class Idle(Generic[Link]):
    """As many connections as pushes were ever stored at once; the last one used is the next."""

    def __init__(self, connect: Callable[[], Link]) -> None:
        self._connect = connect
        self._idle: deque[Link] = deque()

    @contextmanager
    def one(self) -> Iterator[Link]:
        """A connection for the block alone; closed if the block raises."""
        link = self._taken()
        try:
            yield link
        except BaseException:
            link.close()
            raise
        self._idle.append(link)

    def close(self) -> None:
        """Close every connection that waits."""
        while self._idle:
            self._idle.pop().close()

    def _taken(self) -> Link:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()
