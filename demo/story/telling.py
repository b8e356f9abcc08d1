"""Plays chapters and comparisons: a line for each as it ends, with what it is and what it found."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from demo import screen
from demo.story.frame import Chapter, Story


@dataclass(frozen=True, slots=True)
class Told:
    """How long a chapter took, and what it found."""

    seconds: float
    found: str


def tell(story: Story, chapters: Mapping[str, Chapter]) -> dict[str, Told]:
    """Play chapters one after the other; whatever contradicts one is raised through."""
    return {name: _play(story, name, chapter) for name, chapter in chapters.items()}


def named(checks: Iterable[Chapter]) -> dict[str, Chapter]:
    """Comparisons under their own names."""
    return {check.__name__.replace("_", " "): check for check in checks}


def _play(story: Story, name: str, chapter: Chapter) -> Told:
    started = time.monotonic()
    found = chapter(story)
    told = Told(round(time.monotonic() - started, 2), found)
    what = (chapter.__doc__ or "").strip().splitlines()[0]
    screen.done(name, told.seconds, f"{what} → {found}")
    return told
