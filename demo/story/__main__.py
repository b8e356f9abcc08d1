"""`python -m demo.story`: start everything in a folder of its own, play every chapter, prove what is told."""

import argparse
import json
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo import screen
from demo.chaos.run import chaos
from demo.places import HOST, Places
from demo.pretend import Pretend
from demo.program import StartFailed
from demo.refusal import CannotStart
from demo.stack import Stack, running
from demo.story import arriving, buying, proving
from demo.story.browser import Refused, Unreachable
from demo.story.checks import CHECKS
from demo.story.frame import Chapter, Contradiction, Story
from wx_backend.app import create_app
from wx_backend.config import Config
from wx_backend.db import open_engine

CHAPTERS: dict[str, Chapter] = {
    **arriving.CHAPTERS,
    **buying.CHAPTERS,
    **proving.CHAPTERS,
}
FAILURES = (CannotStart, StartFailed, Contradiction, Refused, Unreachable, TimeoutError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 when everything was as told, else 1 with what contradicted it."""
    screen.prepare()
    asked = _asked(arguments)
    with tempfile.TemporaryDirectory(prefix="wx-story-") as folder:
        places = Places(Path(folder), port=_free_port(), simulator_port=_free_port())
        summary: dict[str, Any] = {}
        try:
            with running(places, screen.step, screen.note) as stack, _playing(stack) as story:
                if not asked.chaos_only:
                    summary |= play(story)
                if asked.chaos:
                    summary["chaos"] = chaos(story, seconds=asked.chaos, seed=asked.seed)
        except FAILURES as failure:
            print(f"\n{type(failure).__name__}: {failure}", file=sys.stderr)
            return 1
    print(json.dumps(summary, ensure_ascii=False))
    return 0


def play(story: Story) -> dict[str, Any]:
    """Every chapter, then every comparison; what the one JSON line says."""
    screen.say("")
    timings = _told(story, CHAPTERS)
    screen.say("", proving.receipt_text(story), "")
    compared = _told(story, {check.__name__.replace("_", " "): check for check in CHECKS})
    facts = {name: value for name, value in story.facts.items() if name != "poster"}
    return {"story": facts, "chapters": timings, "compared": list(compared)}


def _told(story: Story, chapters: Mapping[str, Chapter]) -> dict[str, float]:
    """Play chapters one after the other, a line each; the seconds each took."""
    timings = {}
    for name, chapter in chapters.items():
        started = time.monotonic()
        found = chapter(story)
        timings[name] = round(time.monotonic() - started, 2)
        screen.done(name, timings[name], f"{_first_line(chapter)} → {found}")
    return timings


@contextmanager
def _playing(stack: Stack) -> Iterator[Story]:
    engine = open_engine(stack.places.database_url)
    app = create_app(Config.load(stack.places.config))
    try:
        yield Story(stack, Pretend(stack.places.simulator_url), engine, app)
    finally:
        engine.dispose()


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo.story", description=__doc__)
    parser.add_argument("--chaos", type=float, default=60.0, help="seconds of trouble; 0 for none")
    parser.add_argument("--chaos-only", action="store_true", help="leave the story out")
    parser.add_argument("--seed", type=int, default=1, help="of the trouble's schedule")
    return parser.parse_args(arguments)


def _first_line(chapter: Callable[..., object]) -> str:
    return (chapter.__doc__ or "").strip().splitlines()[0]


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
