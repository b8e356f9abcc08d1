"""What a statement says, as values and as the canonical bytes its digest covers; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from settlement.statements.models import Movement, StatementOwner
from settlement.statements.movements import Balance, Line
from wx_backend.strict import dumps

FORMAT: Final = 1
GENESIS: Final = bytes(32)
"""What the first statement of an owner has for the digest before it."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose statement it is. `node_id` is where it belongs, `parent_id` whose part it is."""

    kind: StatementOwner
    id: int
    number: str
    name: str
    node_id: int
    parent_id: int | None


@dataclass(frozen=True, slots=True)
class Sums:
    """A statement in figures, in fen."""

    opening: Balance
    accrued_fen: int
    vested_fen: int
    taken_back_fen: int
    paid_fen: int
    other_fen: int
    closing: Balance

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            _add(self.opening, other.opening),
            self.accrued_fen + other.accrued_fen,
            self.vested_fen + other.vested_fen,
            self.taken_back_fen + other.taken_back_fen,
            self.paid_fen + other.paid_fen,
            self.other_fen + other.other_fen,
            _add(self.closing, other.closing),
        )


NOTHING: Final = Sums(Balance(), 0, 0, 0, 0, 0, Balance())


@dataclass(frozen=True, slots=True)
class Member:
    """A statement that is part of another one, by its number and digest."""

    number: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """All a statement says."""

    number: str
    month: str
    owner: Owner
    sums: Sums
    lines: Sequence[Line]
    members: Sequence[Member] = ()


def sums_of(opening: Balance, lines: Sequence[Line]) -> Sums:
    """The figures of some lines after an opening balance."""

    def total(movement: Movement) -> int:
        return sum(line.total_fen for line in lines if line.movement is movement)

    return Sums(
        opening=opening,
        accrued_fen=total(Movement.ACCRUED),
        vested_fen=sum(line.free_fen for line in lines if line.movement is Movement.VESTED),
        taken_back_fen=-total(Movement.TAKEN_BACK),
        paid_fen=-total(Movement.PAID),
        other_fen=total(Movement.OTHER),
        closing=Balance(
            opening.held_fen + sum(line.held_fen for line in lines),
            opening.free_fen + sum(line.free_fen for line in lines),
        ),
    )


def digest_of(content: Content, previous: bytes) -> bytes:
    """SHA-256 of the canonical JSON and the digest of the owner's statement before."""
    return sha256(dumps(as_json(content)) + previous).digest()


def as_json(content: Content) -> dict[str, Any]:
    """The content as plain data; whoever holds it and the digest before can check the digest."""
    owner, sums = content.owner, content.sums
    return {
        "format": FORMAT,
        "number": content.number,
        "month": content.month,
        "owner": {
            "kind": owner.kind,
            "id": owner.id,
            "number": owner.number,
            "name": owner.name,
            "node": owner.node_id,
            "parent": owner.parent_id,
        },
        "opening": [sums.opening.held_fen, sums.opening.free_fen],
        "accrued": sums.accrued_fen,
        "vested": sums.vested_fen,
        "taken_back": sums.taken_back_fen,
        "paid": sums.paid_fen,
        "other": sums.other_fen,
        "closing": [sums.closing.held_fen, sums.closing.free_fen],
        "lines": [
            [str(line.business_on), line.movement, line.reference, line.held_fen, line.free_fen]
            for line in content.lines
        ],
        "members": [[member.number, member.digest.hex()] for member in content.members],
    }


def _add(one: Balance, other: Balance) -> Balance:
    return Balance(one.held_fen + other.held_fen, one.free_fen + other.free_fen)
