"""What was sold in a month under rates with tiers: counted under lock, once per line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from settlement.models import RateVolume, ShareRole, VolumeOf
from settlement.rules import LineFacts, Rate, Share
from wx_backend.db import locked, upsert

_KEY = ("rate_rule_id", "owner_id", "month_on")


@dataclass(frozen=True, slots=True)
class Volumes:
    """The counters of a line's rates, locked until the transaction ends."""

    line: LineFacts
    counters: Mapping[int, tuple[Rate, RateVolume]]

    @classmethod
    def under_lock(
        cls, line: LineFacts, rates: Sequence[Rate], shares: Sequence[Share]
    ) -> "Volumes":
        """Lock the counters of the rates with tiers, in the order of their ids."""
        counters = {}
        for rate in sorted(rates, key=lambda rate: rate.id):
            owner_id = owner_of(rate, line, shares)
            if owner_id is not None:
                counters[rate.id] = (rate, _counter(rate, owner_id, line))
        return cls(line, counters)

    @property
    def are_counted(self) -> bool:
        """Whether the line counts for a tier, even where it brings nothing by itself."""
        return bool(self.counters)

    def before(self, rate: Rate) -> int:
        """The month's volume of a rate without the line."""
        counted = self.counters.get(rate.id)
        return counted[1].volume if counted else 0

    def count(self) -> None:
        """Add the line to every counter."""
        for rate, counter in self.counters.values():
            counter.volume += rate.counts(self.line)


def owner_of(rate: Rate, line: LineFacts, shares: Sequence[Share]) -> int | None:
    """Whose volume decides the tier: the developer or the outlet; None where nobody's does."""
    if rate.volume_of is VolumeOf.OUTLET:
        return line.outlet_id
    if rate.volume_of is VolumeOf.REP:
        brought = [share.rep_id for share in shares if share.role is ShareRole.DEVELOPER]
        return next(iter(brought or [share.rep_id for share in shares]), None)
    return None


def _counter(rate: Rate, owner_id: int, line: LineFacts) -> RateVolume:
    values = {
        "rate_rule_id": rate.id,
        "owner_id": owner_id,
        "month_on": line.month_on,
        "volume": 0,
    }
    upsert(RateVolume, values, key=_KEY)
    counter = locked(
        select(RateVolume).where(
            RateVolume.rate_rule_id == rate.id,
            RateVolume.owner_id == owner_id,
            RateVolume.month_on == line.month_on,
        )
    )
    assert counter is not None  # noqa: S101 - made above
    return counter
