"""A soak measures processes at work: whoever ends, stands still or is answered by an error breaks it."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from urllib.parse import urlsplit

import pytest

from bench.endure import soak
from bench.endure.ground import SQLITE, Broken, Ground
from bench.endure.loads import STILL_SECONDS, Load, hold, under
from demo.story.frame import Story
from tests.simulator.receiver import Receiver


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    monkeypatch.setattr(soak, "LOOKS", 2)
    return Ground(tmp_path, SQLITE, 1.0, 1)


@pytest.fixture
def site() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


def story_at(site: Receiver) -> Story:
    """A story without a service: its pages are those of `site`, its people do nothing."""
    stack = SimpleNamespace(
        places=SimpleNamespace(port=urlsplit(site.url).port),
        supervisor=SimpleNamespace(pid=lambda _: os.getpid()),
    )
    silent = SimpleNamespace(stack=stack, meet=lambda *_: None, act=lambda *_, **__: None)
    return cast(Story, silent)


def test_every_process_is_looked_at_under_load(ground: Ground, site: Receiver) -> None:
    looks = soak.watched(ground, story_at(site), 1.0)
    assert {name: len(seen) for name, seen in looks.items()} == dict.fromkeys(soak.WATCHED, 2)
    assert ground.counts["pages"] > 0
    assert ground.counts["pushes"] > 0


def test_a_page_answered_by_an_error_breaks_it(ground: Ground, site: Receiver) -> None:
    site.answer = lambda _: (503, b"")
    with pytest.raises(Broken, match="answered by an error"):
        soak.watched(ground, story_at(site), 1.0)


def test_a_reader_who_finds_nobody_breaks_it(ground: Ground, site: Receiver) -> None:
    story = story_at(site)
    site.stop()
    with pytest.raises(Broken, match="ConnectionRefusedError"):
        soak.watched(ground, story, 1.0)


def test_a_load_that_stands_still_is_told() -> None:
    idle, stuck = Load(lambda: None), Load(lambda: None)
    hold([idle, stuck])
    stuck.got_on = time.monotonic() - 2 * STILL_SECONDS
    with pytest.raises(Broken, match="stand still"):
        hold([idle, stuck])


def test_loads_end_with_the_block() -> None:
    acts, before = threading.Semaphore(0), {*threading.enumerate()}
    with under(acts.release) as held:
        assert all(acts.acquire(timeout=20) for _ in range(3))
        held()
    assert {*threading.enumerate()} <= before
