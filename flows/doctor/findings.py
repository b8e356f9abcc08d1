"""What was found of one setting."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """FINE needs nothing; TODO has to be put right; LEFT_OUT is not used or cannot be asked here."""

    FINE = "fine"
    TODO = "todo"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Finding:
    """One setting: how it stands, and what to do next if something is to be done."""

    name: str
    state: State
    said: str
    next_step: str = ""


def fine(name: str, said: str) -> Finding:
    return Finding(name, State.FINE, said)


def todo(name: str, said: str, next_step: str) -> Finding:
    return Finding(name, State.TODO, said, next_step)


def left_out(name: str, said: str) -> Finding:
    return Finding(name, State.LEFT_OUT, said)
