"""The half-minutes in which codes of a second factor are counted."""

from datetime import timedelta

import pytest

from wx_backend import clock

STEP_SECONDS = 30


def begin_within_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Move our clock to the middle of a step: no code grows old between its making and its check."""
    middle = STEP_SECONDS / 2 - clock.now().timestamp() % STEP_SECONDS
    monkeypatch.setattr(clock._offset, "value", clock._offset.value + timedelta(seconds=middle))
