"""`python -m demo.story`: start everything in a folder of its own, play every chapter, say what is proven."""

import socket
import sys
import tempfile
import time
from pathlib import Path

from demo import screen
from demo.places import HOST, Places
from demo.pretend import Pretend
from demo.program import StartFailed
from demo.refusal import CannotStart
from demo.stack import Stack, running
from demo.story import following
from demo.story.frame import Chapter, Contradiction, Story
from wx_backend.db import open_engine

CHAPTERS: dict[str, Chapter] = {**following.CHAPTERS}


def main() -> int:
    """Returns 0 when every chapter was as told, else 1 with what contradicted it."""
    screen.prepare()
    with tempfile.TemporaryDirectory(prefix="wx-story-") as folder:
        places = Places(Path(folder), port=_free_port(), simulator_port=_free_port())
        try:
            with running(places, screen.step, screen.note) as stack:
                _play(stack)
        except (CannotStart, StartFailed, Contradiction, TimeoutError) as failure:
            print(f"\n{failure}", file=sys.stderr)
            return 1
    screen.say("", f"All {len(CHAPTERS)} chapters hold against database and witness.")
    return 0


def _play(stack: Stack) -> None:
    engine = open_engine(stack.places.database_url)
    story = Story(stack, Pretend(stack.places.simulator_url), engine)
    screen.say("")
    try:
        for name, chapter in CHAPTERS.items():
            started = time.monotonic()
            found = chapter(story)
            screen.done(name, time.monotonic() - started, f"{_told(chapter)} → {found}")
    finally:
        engine.dispose()


def _told(chapter: Chapter) -> str:
    return (chapter.__doc__ or "").strip().splitlines()[0]


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
