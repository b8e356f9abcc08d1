"""The day on which tests were read stays today: it is noon then, whatever the hour and however long they go on."""

from datetime import UTC, date, datetime, time
from typing import Final

import pytest
from flask import Flask

from wx_backend import clock
from wx_backend.clock import SHANGHAI, business_on

TODAY: Final[date] = business_on(clock.now())


@pytest.fixture(autouse=True)
def noon(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold on to the day of `TODAY`; the application begins with the clock of the machine."""
    assert app
    at = datetime.combine(TODAY, time(12), SHANGHAI)
    monkeypatch.setattr(clock._offset, "value", at.astimezone(UTC) - clock.now())
