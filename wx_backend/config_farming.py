"""The section of the configuration about farming: from what on a pattern is flagged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Newcomers:
    """So many people nobody knew, by one rep's codes within so many minutes."""

    count: int = 300
    minutes: int = 60

    @property
    def within(self) -> timedelta:
        return timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Refollows:
    """So many people who each followed so many times by one rep's codes, within so many days."""

    people: int = 5
    times: int = 3
    days: int = 30

    @property
    def within(self) -> timedelta:
        return timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Refunds:
    """So many lines refunded at most `after_days` after the commission was free, within so many days."""

    count: int = 5
    after_days: int = 3
    days: int = 30

    @property
    def within(self) -> timedelta:
        return timedelta(days=self.days)

    @property
    def after(self) -> timedelta:
        return timedelta(days=self.after_days)


@dataclass(frozen=True, slots=True)
class Farming:
    """From what on people are asked to look at what leads to a rep."""

    newcomers: Newcomers = field(default_factory=Newcomers)
    refollows: Refollows = field(default_factory=Refollows)
    refunds: Refunds = field(default_factory=Refunds)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Farming":
        """The section as it was read."""
        return cls(
            newcomers=Newcomers(**data["newcomers"]),
            refollows=Refollows(**data["refollows"]),
            refunds=Refunds(**data["refunds"]),
        )
