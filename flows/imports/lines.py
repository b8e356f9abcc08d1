"""What a file says line by line, and what is there already: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: its number there, its cells by column, and its faults by column."""

    number: int
    cells: Mapping[str, str]
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What is there already: open outlets, open higher places, all place codes, names, codes in use.

    `names` are (outlet code, name) of reps who have not left; `developers` their developer codes.
    `accounts` are AppIDs by what an account is called, `reps` the numbers of who may sell,
    `bindings` the imported (AppID, openid, rep), `aliases` codes in use as (AppID or "", code),
    `members` who is one already as (AppID, openid).
    """

    outlets: frozenset[str]
    parents: frozenset[str]
    places: frozenset[str]
    names: frozenset[tuple[str, str]]
    developers: frozenset[str]
    accounts: Mapping[str, str] = field(default_factory=dict)
    reps: frozenset[str] = frozenset()
    bindings: frozenset[tuple[str, str, str]] = frozenset()
    aliases: frozenset[tuple[str, str]] = frozenset()
    members: frozenset[tuple[str, str]] = frozenset()
    today: date = date.max
