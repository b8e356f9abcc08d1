"""Serving a request under the chaos rules: late, refused, cut, dropped or garbled answers."""

import time
from collections.abc import Callable

from flask import Response, request

from simulator import chaos
from simulator.records import JSON
from simulator.world import World

_STRIKING = ("delay", "fail_before", "drop_after", "cut_body", "html")


def serve(
    world: World, act: Callable[[], Response], refuse: Callable[[JSON], Response]
) -> Response:
    """Answer the current request: `act` does the work, `refuse` makes a chaos refusal."""
    with world.acting():
        struck = chaos.fire(world, request.path, _STRIKING)
    delay = struck.get("delay", {})
    if delay.get("before"):
        _wait(delay)
    if "fail_before" in struck:
        return refuse(struck["fail_before"])
    response = act()
    if delay and not delay.get("before"):
        _wait(delay)
    return _spoiled(response, struck)


def _wait(options: JSON) -> None:
    time.sleep(min(float(options.get("seconds", 1.0)), 60.0))


def _spoiled(response: Response, struck: dict[str, JSON]) -> Response:
    if "drop_after" in struck:
        request.environ["simulator.wire"] = "drop"
    if "cut_body" in struck:
        request.environ["simulator.wire"] = "cut"
    if "html" in struck:
        status = int(struck["html"].get("status", 200))
        page = "<html><body><h1>502 Bad Gateway</h1></body></html>"
        return Response(page, status, content_type="text/html")
    return response
