"""What the service promised: every answer a client got that says something is kept."""

import threading
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What was promised."""

    SIGN_IN = "sign_in"
    TOUCH = "touch"
    SHARE = "share"
    ORDER = "order"
    PREPAY = "prepay"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Promise:
    """One acknowledged answer: to whom, of what kind, about what (a number, or a token)."""

    person: str
    kind: Kind
    about: str = ""


class Journal:
    """Promises in the order they were made; any thread may write.

    `told` are names, phone numbers and addresses people typed: they have to stay theirs.
    """

    def __init__(self) -> None:
        self.told: set[str] = set()
        self._promises: list[Promise] = []
        self._lock = threading.Lock()

    def write(self, person: str, kind: Kind, about: str = "") -> None:
        """Note an answer that arrived."""
        with self._lock:
            self._promises.append(Promise(person, kind, about))

    def __len__(self) -> int:
        return len(self._promises)

    def of(self, kind: Kind) -> list[Promise]:
        """All promises of a kind."""
        with self._lock:
            return [promise for promise in self._promises if promise.kind is kind]
