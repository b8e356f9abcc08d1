"""Trying a change out as a pure count: what a line would have cost by other rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from settlement.cascade import Above, awards_of, rates_on
from settlement.rules import LineFacts, Rate, Share
from settlement.volumes import owner_of


@dataclass(frozen=True, slots=True)
class Trial:
    """Rules to count by, and the volumes counted so far: one of each per side of a comparison."""

    rates: Sequence[Rate]
    volumes: dict[str, int] = field(default_factory=dict)

    def cost(self, line: LineFacts, shares: Sequence[Share], above: Above) -> int:
        """What the line brings everybody together, in fen; its volume counts from here on."""
        rates = rates_on(line, self.rates, shares, above)
        keys = {rate.id: _key(rate, line, shares) for rate in rates}

        def before(rate: Rate) -> int:
            return self.volumes.get(keys[rate.id], 0)

        awards = awards_of(line, rates, shares, above, before)
        for rate in rates:
            if rate.tiers and keys[rate.id]:
                self.volumes[keys[rate.id]] = before(rate) + rate.counts(line)
        return sum(award.amount_fen for award in awards)


def with_rate(rates: Iterable[Rate], wished: Rate) -> list[Rate]:
    """The rules as if one more held; those for the very same give way to it."""
    return [*(rate for rate in rates if rate.scope != wished.scope), wished]


def without_rate(rates: Iterable[Rate], rate_id: int) -> list[Rate]:
    """The rules as if one had ended."""
    return [rate for rate in rates if rate.id != rate_id]


def _key(rate: Rate, line: LineFacts, shares: Sequence[Share]) -> str:
    owner_id = owner_of(rate, line, shares)
    return "" if owner_id is None else f"{rate.id}:{owner_id}:{line.month_on}"
