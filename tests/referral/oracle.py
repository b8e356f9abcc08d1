"""The policy once more, written from its text and not from the code: definitions, no state.

Everything is a definition over the set of all touches ("a touch counts if there is none such
that ..."), searched by brute force; seconds are plain numbers. Slow, and meant to be.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

DAY = 86_400
WINDOW = 30 * DAY
PROTECTION = 7 * DAY
RECENT = 600


@dataclass(frozen=True)
class Contact:
    """One contact of the customer: who is credited, when, and of what weight."""

    name: int
    rep: int
    second: int
    weight: int
    tie: bytes
    is_confirmed: bool
    is_push: bool
    is_imported: bool = False


@dataclass(frozen=True)
class Line:
    """The order line: when attribution froze, who served, who buys for himself."""

    second: int
    is_held: bool = False
    acceptor: int | None = None
    own: frozenset[int] = frozenset()


@dataclass
class World:
    """All contacts of one customer before one line, and what the policy's words mean there."""

    contacts: list[Contact]
    line: Line
    _counts: dict[int, bool] = field(default_factory=dict)

    def precedes(self, one: Contact, other: Contact) -> bool:
        """Did the one happen before the other? In one second the weightier comes last."""
        return (one.second, one.weight, one.tie) < (other.second, other.weight, other.tie)

    def earlier_that_count(self, contact: Contact) -> Iterable[Contact]:
        return (c for c in self.contacts if self.precedes(c, contact) and self.counts(c))

    def is_taking_over(self, contact: Contact) -> bool:
        """Is it inside the seven days after a confirmed act with a colleague?"""
        return any(
            act.is_confirmed
            and not act.is_push
            and act.rep != contact.rep
            and contact.second - act.second < PROTECTION
            for act in self.earlier_that_count(contact)
        )

    def is_idle_push(self, contact: Contact) -> bool:
        """Is it a push to a customer whom somebody has already?"""
        return contact.is_push and any(
            contact.second - have.second <= WINDOW for have in self.earlier_that_count(contact)
        )

    def is_injected(self, contact: Contact) -> bool:
        """Is it a first touch in the last ten minutes before a hold, and not the only one?"""
        if not self.line.is_held or self.line.second - contact.second > RECENT:
            return False
        before = {c.rep for c in self.earlier_that_count(contact) if self.is_in_window(c)}
        return before != set() and contact.rep not in before

    def is_outdone(self, contact: Contact) -> bool:
        """Is it only told by an older system, while somebody leads by what happened here?"""
        here = [c for c in self.contacts if not (c.is_imported or c.is_push)]
        return contact.is_imported and World(here, self.line).last() is not None

    def is_in_window(self, contact: Contact) -> bool:
        return 0 <= self.line.second - contact.second <= WINDOW

    def counts(self, contact: Contact) -> bool:
        """Could it win, at some time?"""
        if contact.name not in self._counts:
            self._counts[contact.name] = contact.second <= self.line.second and not (
                self.is_taking_over(contact)
                or self.is_idle_push(contact)
                or self.is_injected(contact)
                or self.is_outdone(contact)
            )
        return self._counts[contact.name]

    def last(self) -> Contact | None:
        """The contact after which no other in the window counts."""
        can_win = [c for c in self.contacts if self.is_in_window(c) and self.counts(c)]
        for contact in can_win:
            if not any(self.precedes(contact, other) for other in can_win):
                return contact
        return None

    def is_protected(self, rep: int) -> bool:
        return any(
            act.rep == rep
            and act.is_confirmed
            and not act.is_push
            and self.counts(act)
            and self.line.second - act.second < PROTECTION
            for act in self.contacts
        )

    def parts(self) -> dict[int | None, int]:
        """Basis points per rep; None is an outlet's pool."""
        last, acceptor = self.last(), self.line.acceptor
        if acceptor is None:
            parts = [(None if last is None else last.rep, 10_000)]
        elif last is None or last.rep == acceptor or not self.is_protected(last.rep):
            parts = [(acceptor, 10_000)]
        else:
            parts = [(last.rep, 7_000), (acceptor, 3_000)]
        paid: dict[int | None, int] = {}
        for rep, points in parts:
            payee = None if rep in self.line.own else rep
            paid[payee] = paid.get(payee, 0) + points
        return paid
