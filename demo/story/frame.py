"""What every chapter has at hand: the running service, the pretend WeChat, the database, and patience."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import Engine, text

from demo.pretend import Pretend
from demo.stack import Stack
from demo.story.browser import Browser
from demo.story.journal import Journal
from wx_backend.db import db

TICK_SECONDS = 0.1
FACTS_AT_ONCE = 1000
BALANCE_FEN = 2_000_000
Value = TypeVar("Value")


class Contradiction(Exception):
    """What was found is not what the story says; the message shows both."""


@dataclass(frozen=True)
class Story:
    """One playing of the story.

    `app` is the service's own code on the same database, to look with; `journal` holds what the
    service promised its clients; `facts` are ids and amounts in fen that chapters tell each other.
    """

    stack: Stack
    pretend: Pretend
    engine: Engine
    app: Flask
    journal: Journal = field(default_factory=Journal)
    facts: dict[str, Any] = field(default_factory=dict)
    _browsers: dict[str, Browser] = field(default_factory=dict)

    @property
    def appid(self) -> str:
        """The account everything happens at."""
        return self.stack.identities.appid

    def browser(self, person: str) -> Browser:
        """The person's phone: the same browser each time, with its cookies."""
        if person not in self._browsers:
            self._browsers[person] = Browser(person, self.stack.places, self.journal)
        return self._browsers[person]

    def meet(self, person: str, phone: str, real_name: str = "") -> None:
        """Somebody with a phone and money appears in the pretend WeChat."""
        told = {"phone": phone, "real_name": real_name, "balance_fen": BALANCE_FEN}
        self.pretend.put("people", person, **told)

    def act(self, person: str, act: str, *, wait: bool = True, **arguments: object) -> Any:
        """A person does something at the account; back when its push was delivered or given up."""
        arguments |= {"appid": self.appid, "wait": wait}
        return self.pretend.post("people", person, "acts", act, **arguments)

    def chat(self, person: str) -> list[dict[str, Any]]:
        """What is on the person's phone, oldest first."""
        lines: list[dict[str, Any]] = self.pretend.read("people", person, "chat")["messages"]
        return lines

    def openid(self, person: str) -> str:
        """By which name the account knows the person."""
        for each in self.pretend.read("people")["people"]:
            for contact in each["contacts"] if each["name"] == person else ():
                if contact["appid"] == self.appid:
                    return str(contact["openid"])
        raise Contradiction(f"the account knows no {person}")

    def witness(self, kind: str) -> list[dict[str, Any]]:
        """What truly happened in the pretend WeChat, of one kind (a pattern), oldest first."""
        found: list[dict[str, Any]] = []
        while True:
            since = found[-1]["number"] if found else 0
            page = self.pretend.read("witness", since=since, kind=kind, limit=FACTS_AT_ONCE)
            found += page["facts"]
            if len(page["facts"]) < FACTS_AT_ONCE:
                return found

    def value(self, query: str, **parameters: object) -> Any:
        """The one value a query finds in the service's database."""
        with self.engine.connect() as connection:
            return connection.execute(text(query), parameters).scalar()

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.value(f"SELECT count(*) FROM {table}"))  # noqa: S608 - a name of ours

    def rows(self, query: str, **parameters: object) -> list[Mapping[str, Any]]:
        """The rows a query finds in the service's database."""
        with self.engine.connect() as connection:
            return [*connection.execute(text(query), parameters).mappings()]

    @contextmanager
    def ours(self) -> Iterator[None]:
        """Inside, the service's own code may be used on its database."""
        with self.app.app_context():
            try:
                yield
            finally:
                db.session.remove()

    def pass_time(self, seconds: float) -> None:
        """Move the one clock of the service and the pretend WeChat."""
        self.pretend.post("clock", advance=seconds)


def expect(what: str, found: object, expected: object) -> None:
    """Raise Contradiction unless both are equal."""
    if found != expected:
        raise Contradiction(f"{what}: expected {expected!r}, found {found!r}")


def eventually(
    what: str, look: Callable[[], object], expected: object, seconds: float = 30.0
) -> None:
    """Look again until it is as expected; Contradiction when the time is up."""
    end = time.monotonic() + seconds
    while (found := look()) != expected:
        if time.monotonic() > end:
            expect(what, found, expected)
        time.sleep(TICK_SECONDS)


Chapter = Callable[[Story], str]
Chapters = Mapping[str, Chapter]
