"""`python -m demo.story`: start everything in a folder of its own, play every chapter, prove what is told."""

import argparse
import json
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo import screen
from demo.chaos.ground import SQLITE, prepared
from demo.chaos.run import chaos
from demo.namespaces import INSIDE
from demo.places import Places
from demo.ports import held_ports
from demo.pretend import Pretend
from demo.program import StartFailed
from demo.refusal import CannotStart
from demo.stack import Stack, running
from demo.story import (
    arriving,
    bill_day,
    buying,
    counter,
    ending,
    income,
    month,
    naming,
    proving,
    rules,
)
from demo.story.browser import Refused, Unreachable
from demo.story.calendar import first_morning
from demo.story.checks import CHECKS
from demo.story.frame import Chapter, Contradiction, Story
from demo.story.telling import named, tell
from wx_backend import clock
from wx_backend.app import create_app
from wx_backend.config import Config
from wx_backend.engine import open_engine

CHAPTERS: dict[str, Chapter] = {
    **arriving.CHAPTERS,
    **buying.CHAPTERS,
    **proving.CHAPTERS,
    **rules.CHANGING,
    **naming.CHAPTERS,
    **rules.KEEPING,
    **bill_day.CHAPTERS,
    **counter.CHAPTERS,
    **income.EARNING,
    **month.CHAPTERS,
    **income.PAYING,
    **ending.CHAPTERS,
}
FAILURES = (
    *(CannotStart, StartFailed, Contradiction, Refused, Unreachable),
    *(LookupError, TimeoutError),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 when everything was as told, else 1 with what contradicted it; logs are kept then."""
    screen.prepare()
    asked = _asked(arguments)
    folder = Path(tempfile.mkdtemp(prefix="wx-story-"))
    try:
        with held_places(folder) as places:
            summary = _summary(places, asked)
    except FAILURES as failure:
        if isinstance(failure, LookupError):
            traceback.print_exception(failure)  # what was looked for, its text does not say
        print(f"\n{type(failure).__name__}: {failure}", file=sys.stderr)
        print(f"The logs are in {folder / 'log'}.", file=sys.stderr)
        if asked.chaos:
            print(f"The same trouble again: {_command(asked)}", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    print(json.dumps(summary, ensure_ascii=False))
    return 0


def _summary(places: Places, asked: argparse.Namespace) -> dict[str, Any]:
    """What the one JSON line says."""
    summary: dict[str, Any] = {}
    begins = first_morning(clock.now())
    with (
        prepared(places, asked.database, can_mount=asked.inside) as ground,
        running(ground.places, screen.step, screen.note, begins, ground.first) as stack,
        playing(stack) as story,
    ):
        if not asked.chaos_only:
            summary |= play(story)
        if asked.chaos:
            summary["chaos"] = chaos(story, ground, seconds=asked.chaos, seed=asked.seed)
    return summary


def play(story: Story) -> dict[str, Any]:
    """Every chapter, the receipt to read, then every comparison; their part of the JSON line."""
    screen.say("")
    chapters = tell(story, CHAPTERS)
    screen.say("", proving.receipt_text(story), "")
    compared = tell(story, named(CHECKS))
    return {
        "story": {name: value for name, value in story.facts.items() if name != "poster"},
        "seconds": {name: told.seconds for name, told in chapters.items()},
        "compared": {name: told.found for name, told in compared.items()},
    }


@contextmanager
def playing(stack: Stack) -> Iterator[Story]:
    engine = open_engine(stack.places.database_url)
    app = create_app(Config.load(stack.places.config))
    try:
        yield Story(stack, Pretend(stack.places.simulator_url), engine, app)
    finally:
        engine.dispose()


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo.story", description=__doc__)
    parser.add_argument(
        *("--chaos", "--seconds"), type=float, nargs="?", const=60.0, default=60.0,
        help="seconds of trouble; 0 for none",
    )  # fmt: skip
    parser.add_argument("--chaos-only", action="store_true", help="leave the story out")
    parser.add_argument("--seed", type=int, default=1, help="of the trouble's schedule")
    parser.add_argument(
        *("--database",), default=SQLITE,
        help="sqlite, postgresql (one of our own), or the URL of an empty PostgreSQL database",
    )  # fmt: skip
    parser.add_argument(INSIDE, action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _command(asked: argparse.Namespace) -> str:
    terms = f"SEED={asked.seed} SECONDS={asked.chaos:g} DATABASE={asked.database}"
    if asked.chaos_only:
        return f"make chaos {terms}"
    return (
        f'make story ARGS="--seed {asked.seed} --chaos {asked.chaos:g} --database {asked.database}"'
    )


@contextmanager
def held_places(folder: Path) -> Iterator[Places]:
    """A demo in a folder, at ports nobody else is given meanwhile."""
    with held_ports(3) as (port, push_port, simulator_port):
        yield Places(folder, port=port, push_port=push_port, simulator_port=simulator_port)


if __name__ == "__main__":
    sys.exit(main())
