"""What every chapter has at hand: the running service, the pretend WeChat, the database, and patience."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Engine, text

from demo.pretend import Pretend
from demo.stack import Stack

TICK_SECONDS = 0.1
Value = TypeVar("Value")


class Contradiction(Exception):
    """What was found is not what the story says; the message shows both."""


@dataclass(frozen=True)
class Story:
    """One playing of the story."""

    stack: Stack
    pretend: Pretend
    engine: Engine

    @property
    def appid(self) -> str:
        """The account everything happens at."""
        return self.stack.identities.appid

    def act(self, person: str, act: str, *, wait: bool = True, **arguments: object) -> Any:
        """A person does something at the account; back when its push was delivered or given up."""
        arguments |= {"appid": self.appid, "wait": wait}
        return self.pretend.post("people", person, "acts", act, **arguments)

    def chat(self, person: str) -> list[dict[str, Any]]:
        """What is on the person's phone, oldest first."""
        lines: list[dict[str, Any]] = self.pretend.read("people", person, "chat")["messages"]
        return lines

    def witness(self, kind: str) -> list[dict[str, Any]]:
        """What truly happened in the pretend WeChat, of one kind."""
        facts: list[dict[str, Any]] = self.pretend.read("witness")["facts"]
        return [fact for fact in facts if fact["kind"] == kind]

    def value(self, query: str, **parameters: object) -> Any:
        """The one value a query finds in the service's database."""
        with self.engine.connect() as connection:
            return connection.execute(text(query), parameters).scalar()


def expect(what: str, found: object, expected: object) -> None:
    """Raise Contradiction unless both are equal."""
    if found != expected:
        raise Contradiction(f"{what}: expected {expected!r}, found {found!r}")


def eventually(
    what: str, look: Callable[[], object], expected: object, seconds: float = 20.0
) -> None:
    """Look again until it is as expected; Contradiction when the time is up."""
    end = time.monotonic() + seconds
    while (found := look()) != expected:
        if time.monotonic() > end:
            expect(what, found, expected)
        time.sleep(TICK_SECONDS)


Chapter = Callable[[Story], str]
Chapters = Mapping[str, Chapter]
