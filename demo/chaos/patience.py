"""Asking again until there is an answer, as a person would."""

import time
from collections.abc import Callable
from typing import TypeVar

from demo.pretend import Unanswered
from demo.story.browser import Unreachable

Value = TypeVar("Value")
PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 0.5


def patiently(work: Callable[[], Value]) -> Value:
    """What `work` gives at last; Unreachable or Unanswered when patience ends."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return work()
        except (Unreachable, Unanswered):
            if time.monotonic() > end:
                raise
            time.sleep(PAUSE_SECONDS)
