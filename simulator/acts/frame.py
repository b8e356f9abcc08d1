"""The table of acts and what each of them gets: the person, the account, the arguments."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator import pushes
from simulator.errors import Refused
from simulator.records import JSON, Account, Contact, Person
from simulator.world import World


@dataclass
class Act:
    """One act of a person; `arguments` is the JSON body of the control call."""

    world: World
    person: Person
    arguments: JSON

    @property
    def account(self) -> Account:
        return self.world.account(str(self.arguments.get("appid", "")))

    @property
    def contact(self) -> Contact:
        return self.world.contact(self.account.appid, self.person.name)

    def text(self, name: str) -> str:
        """A text argument; raises Refused when it is missing."""
        value = self.arguments.get(name)
        if not isinstance(value, str) or not value:
            raise Refused(f"argument {name!r} is missing")
        return value

    def file(self, name: str) -> bytes:
        """A file argument, given in Base64; raises Refused when it is missing or not that."""
        try:
            return base64.b64decode(self.text(name), validate=True)
        except binascii.Error as error:
            raise Refused(f"{name} is not Base64") from error

    def push(self, fields: JSON, contact: Contact | None = None) -> JSON:
        """Queue a push about this person; the answer names the task to wait for."""
        task = pushes.push(self.world, self.account, contact or self.contact, fields)
        return {"task": task.number if task else None}

    def event(self, name: str, **fields: Any) -> JSON:
        return self.push({"MsgType": "event", "Event": name, **fields})


Run = Callable[[Act], JSON]
ACTS: dict[str, Run] = {}


def act(name: str) -> Callable[[Run], Run]:
    def register(run: Run) -> Run:
        ACTS[name] = run
        return run

    return register


def perform(world: World, name: str, person: str, arguments: JSON) -> JSON:
    """Let the person do it; raises Refused."""
    run = ACTS.get(name)
    if run is None:
        raise Refused(f"no act {name!r}; there are {', '.join(sorted(ACTS))}")
    return run(Act(world, world.person(person), arguments))
