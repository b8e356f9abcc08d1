"""What the control routes share: JSON in, JSON out, refusals, and changing a row from JSON."""

import dataclasses
import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Response, request

from simulator.errors import Refused
from simulator.records import JSON
from simulator.store import Row
from simulator.world import World

R = TypeVar("R", bound=Row)
Run = Callable[..., JSON]
_LONGEST_WAIT = 30.0


class Control:
    """A blueprint whose routes run inside `world.acting()` and answer JSON."""

    def __init__(self, name: str, world: World) -> None:
        self.world = world
        self.blueprint = Blueprint(f"control_{name}", __name__, url_prefix="/_sim")

    def route(self, method: str, rule: str, *, locked: bool = True) -> Callable[[Run], Run]:
        """Register a control call; with `locked` False it takes the lock itself."""

        def register(run: Run) -> Run:
            def view(**path: str) -> Response:
                try:
                    if not locked:
                        return answered(run(**path))
                    with self.world.acting():
                        return answered(run(**path))
                except Refused as error:
                    return answered({"error": str(error)}, 409)
                except (ValueError, TypeError) as error:
                    return answered({"error": f"{type(error).__name__}: {error}"}, 400)

            endpoint = f"{method}_{rule}".replace(".", "_")
            self.blueprint.add_url_rule(rule, endpoint, view, methods=[method])
            return run

        return register


def answered(body: JSON, status: int = 200) -> Response:
    text = json.dumps(body, ensure_ascii=False)
    return Response(text, status, content_type="application/json")


def body() -> JSON:
    """The JSON object of the request, `{}` when there is none; raises Refused."""
    if not request.get_data():
        return {}
    content = request.get_json(force=True, silent=True)
    if not isinstance(content, dict):
        raise Refused("the body is not a JSON object")
    return content


def changed(row: R, values: JSON) -> R:
    """Set named fields of a row; raises Refused for an unknown name or another type."""
    known = {field.name for field in dataclasses.fields(row)}
    for name, value in values.items():
        if name not in known:
            raise Refused(f"no field {name!r}; there are {', '.join(sorted(known))}")
        setattr(row, name, _fitting(name, getattr(row, name), value))
    return row


def _fitting(name: str, old: Any, value: Any) -> Any:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(old, float) and is_number:
        return float(value)
    if type(old) is not type(value):
        raise Refused(f"{name!r} takes {type(old).__name__}")
    return value


def wait_for_task(world: World, number: int) -> None:
    """Wait, without the lock, until a task has run for the last time; bounded."""
    deadline = time.monotonic() + _LONGEST_WAIT
    while time.monotonic() < deadline:
        with world.acting():
            if world.tasks.find(str(number)) is None:
                return
        time.sleep(0.005)
