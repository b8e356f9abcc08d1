"""The rows behind the scenes: counters, pointers, due work, facts, chaos rules, settings."""

from dataclasses import dataclass

from simulator.records import JSON
from simulator.store import Row


@dataclass
class Counter(Row):
    """Calls counted against a limit; the key says whose, which and in which period."""

    name: str
    count: int = 0

    @property
    def key(self) -> str:
        return self.name


@dataclass
class Pointer(Row):
    """From a name to the key of the row it means now: the current token, a permanent code."""

    name: str
    target: str

    @property
    def key(self) -> str:
        return self.name


@dataclass
class Task(Row):
    """Work of the platform itself that is due at an instant: pushes, notices, closings."""

    number: int
    kind: str
    due_at: float
    lane: str  # tasks of one lane never run at the same time
    payload: JSON
    attempt: int = 0
    is_held: bool = False

    @property
    def key(self) -> str:
        return str(self.number)


@dataclass
class Fact(Row):
    """One thing that truly happened; see `witness`."""

    number: int
    at: float
    kind: str
    what: JSON

    @property
    def key(self) -> str:
        return str(self.number)


@dataclass
class Rule(Row):
    """One chaos knob; see `chaos`."""

    number: int
    on: str
    action: str
    left: int  # how often it still fires; -1: always
    probability: float
    options: JSON

    @property
    def key(self) -> str:
        return str(self.number)


@dataclass
class Settings(Row):
    """What is true for the whole platform."""

    clock_offset: float = 0.0
    boots: int = 0
    time_scale: float = 1.0  # scales retry pauses and ladders
    push_timeout: float = 5.0  # real seconds
    push_tries: int = 4
    push_pause: float = 1.0
    event_delay: float = 0.05  # between an answer and the event it causes
    billing_key: str = ""
    billing_callback: str = ""
    billing_mode: str = "ok"  # ok | late | twice | wrong | never
    billing_delay: float = 5.0
    billing_exchange: str = ""  # the folder files are exchanged in
    billing_refuses: str = ""  # a SKU that billing does not know
    realname_key: str = ""
    realname_callback: str = ""

    @property
    def key(self) -> str:
        return "settings"
