"""What several threads have to do, done in one go: whoever comes first does it for all who wait."""

import threading
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")

MOST: Final = 32


class Together(Generic[Item, Done]):
    """Gathers items while an earlier lot is under way; a lone item is done without delay.

    There is no thread of its own: one of the threads that came does the lot, the others sleep.
    When it is done, the first who came meanwhile does the next.
    """

    def __init__(
        self, do: Callable[[Sequence[Item]], Sequence[Done | None]], *, patience: float
    ) -> None:
        """`do` says of each item what came of it, None if nothing.

        An item that waits longer than `patience` seconds for its turn is given back.
        """
        self._do = do
        self._patience = patience
        self._lock = threading.Lock()
        self._is_led = False
        self._waiting: list[_Place[Item, Done]] = []

    def done(self, item: Item) -> Done | None:
        """What came of an item, done with others; None when it has to be done alone."""
        place: _Place[Item, Done] = _Place(item)
        with self._lock:
            leads = not self._is_led
            if leads:
                self._is_led = True
            else:
                self._waiting.append(place)
        if leads or self._is_called_to_lead(place):
            self._lead(place)
        return place.outcome

    def _is_called_to_lead(self, place: "_Place[Item, Done]") -> bool:
        """Sleep until the item is done or it is this thread's turn."""
        if not place.bell.acquire(timeout=self._patience):
            with self._lock:
                if place in self._waiting:
                    self._waiting.remove(place)
                    return False
            place.bell.acquire()  # it is being done: `do` ends by itself
        return place.leads

    def _lead(self, own: "_Place[Item, Done]") -> None:
        with self._lock:
            lot = [own, *self._waiting[: MOST - 1]]
            del self._waiting[: MOST - 1]
        try:
            outcomes = self._do([place.item for place in lot])
            for place, outcome in zip(lot, outcomes, strict=True):
                place.outcome = outcome
        finally:
            self._pass_on()
            for place in lot[1:]:
                place.bell.release()

    def _pass_on(self) -> None:
        with self._lock:
            self._is_led = bool(self._waiting)
            if self._is_led:
                successor = self._waiting.pop(0)
                successor.leads = True
                successor.bell.release()


class _Place(Generic[Item, Done]):
    """Where one thread waits with its item."""

    __slots__ = ("bell", "item", "leads", "outcome")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.outcome: Done | None = None
        self.leads = False
        self.bell = threading.Lock()
        self.bell.acquire()
