"""What goes wrong, and when: the same for the same seed, length and means."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import Final

VICTIMS: Final = ("web", "door", "worker-work", "worker-call", "worker-bulk", "clock")
EVERY_SECONDS: Final = (3.0, 5.5)
FIRST_SECONDS: Final = 2.0
FIRST_SPELL_SECONDS: Final = 1.0
REST_SECONDS: Final = (1.5, 3.0)
LEASE_SECONDS: Final = 61
KILLS: Final = frozenset({"kill", "quit"})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that goes wrong, or right again, so many seconds after the start."""

    at: float
    what: str
    name: str

    def __str__(self) -> str:
        return f"{self.what} {self.name}"


@dataclass(frozen=True, slots=True)
class Means:
    """What there is to go wrong: a PostgreSQL or a file of ours, a disk that can be full."""

    has_postgres: bool
    has_file: bool
    has_small_disk: bool

    def __str__(self) -> str:
        if self.has_postgres:
            return "PostgreSQL"
        return "SQLite" if self.has_file else "somebody's database"


@dataclass(frozen=True, slots=True)
class Spell:
    """A fault with an end: `steps` are what is done, to whom, how many seconds after its begin."""

    steps: tuple[tuple[float, str, str], ...]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.steps[-1][0]


def schedule(seed: int, seconds: float, means: Means) -> list[Event]:
    """Kills every few seconds, all programs in turn; beside them one spell after the other."""
    kills = _kills(Random(f"{seed}/kills"), seconds)  # noqa: S311 - a schedule that can be repeated
    spells = _spells(Random(f"{seed}/spells"), seconds, means)  # noqa: S311 - likewise
    return sorted([*kills, *spells], key=lambda event: event.at)


def kills(events: Iterable[Event]) -> list[str]:
    """Who is killed, once for each time."""
    return [event.name for event in events if event.what in KILLS]


def deck(means: Means) -> tuple[Spell, ...]:
    """Every spell there is here."""
    return (
        *(_frozen(name) for name in VICTIMS),
        *(_passage(what, name, length) for what, name, length in _passages(means)),
        _spell(6.0, "lose", "return", "valkey"),
        *(Spell(((0.0, what, name),)) for what, name in _moments(means)),
        *([_spell(4.0, "fill", "free", "disk")] if means.has_small_disk else []),
        *([_spell(4.0, "lock", "unlock", "database")] if means.has_file else []),
    )


def _moments(means: Means) -> Iterator[tuple[str, str]]:
    """Faults that heal by themselves."""
    yield from (("kill", "valkey"), ("flush", "valkey"), ("kill", "simulator"))
    yield from (("leap", "600 s"), ("leap", "-120 s"))
    if means.has_postgres:
        yield from (("kill", "postgres"), ("quit", "postgres"))


def _passages(means: Means) -> Iterator[tuple[str, str, float]]:
    gates = ("valkey", "wechat", *(("database",) if means.has_postgres else ()))
    for name in gates:
        yield from (("cut", name, 3.0), ("hole", name, 6.0), ("slow", name, 4.0))
        yield ("deaf", name, 3.0)


def _passage(what: str, name: str, seconds: float) -> Spell:
    return _spell(seconds, what, "open", name)


def _spell(seconds: float, begin: str, end: str, name: str) -> Spell:
    return Spell(((0.0, begin, name), (seconds, end, name)))


def _frozen(name: str) -> Spell:
    """Stopped in its tracks until its leases have run out and others have had time to take over."""
    leap = f"{LEASE_SECONDS} s"
    return Spell(((0.0, "freeze", name), (1.0, "leap", leap), (5.0, "thaw", name)))


def _kills(random: Random, seconds: float) -> Iterator[Event]:
    at, turn = FIRST_SECONDS, list(VICTIMS)
    random.shuffle(turn)
    for name in cycle(turn):
        if at >= seconds:
            return
        yield Event(at, "kill", name)
        at += random.uniform(*EVERY_SECONDS)


def _spells(random: Random, seconds: float, means: Means) -> Iterator[Event]:
    """Every spell once in some order before any comes twice; the last one ends in time."""
    at, left = FIRST_SPELL_SECONDS, list[Spell]()
    while True:
        if not left:
            left = list(deck(means))
            random.shuffle(left)
        spell = left.pop()
        if at + spell.seconds >= seconds:
            return
        for after, what, name in spell.steps:
            yield Event(at + after, what, name)
        at += spell.seconds + random.uniform(*REST_SECONDS)
