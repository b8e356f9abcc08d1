"""The story's days: where its clock begins, and how it is moved from one to another."""

from datetime import date, datetime, time, timedelta
from typing import Final

from demo.story.frame import Story, eventually
from demo.story.kept import open_work
from wx_backend import clock
from wx_backend.clock import SHANGHAI, business_on

FIRST_DAY: Final = 18  # of a month: what is earned then is free before the month is over
OPENS: Final = time(10)


def first_morning(now: datetime) -> datetime:
    """Ten o'clock in Shanghai on the next 18th: the same hour whenever the story is played."""
    today = business_on(now)
    month = today if today.day < FIRST_DAY else today.replace(day=1) + timedelta(days=31)
    return datetime.combine(month.replace(day=FIRST_DAY), OPENS, SHANGHAI)


def today() -> date:
    """The day it is in the story."""
    return business_on(clock.now())


def wait_until(story: Story, on: date, at: time) -> None:
    """Let time pass to an hour of a day in Shanghai, once all that is due has been done."""
    eventually("work left", lambda: open_work(story), {}, 60)
    story.pass_time((datetime.combine(on, at, SHANGHAI) - clock.now()).total_seconds())
