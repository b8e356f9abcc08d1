"""Who gets what of one line: reps by their rate, everybody above by what his rate is higher."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from settlement.models import Receiver, ShareRole
from settlement.rules import LineFacts, Rate, Share, commission_of, differences, parts, rate_of

ROLE_OF = {
    Receiver.MANAGER: ShareRole.MANAGER,
    Receiver.OUTLET: ShareRole.OUTLET,
    Receiver.CITY: ShareRole.CITY,
    Receiver.PROVINCE: ShareRole.PROVINCE,
}


@dataclass(frozen=True, slots=True)
class Above:
    """Who is above a line: its outlet's manager, and the nodes of its outlet, city and province."""

    manager_id: int | None = None
    nodes: Mapping[Receiver, int] = field(default_factory=dict)

    def has(self, receiver: Receiver) -> bool:
        """Whether there is such a receiver for the line."""
        return (
            self.manager_id is not None if receiver is Receiver.MANAGER else receiver in self.nodes
        )


NOBODY_ABOVE = Above()


@dataclass(frozen=True, slots=True)
class Award:
    """What one receiver gets of a line, in fen, and by which rate; a rep, or an org node."""

    role: ShareRole
    rate_id: int
    amount_fen: int
    rep_id: int | None = None
    node_id: int | None = None
    share_bp: int | None = None


Volume = Callable[[Rate], int]
"""How much of a rate's volume was counted in the line's month before the line."""


def rates_on(
    line: LineFacts, rates: Sequence[Rate], shares: Sequence[Share], above: Above
) -> list[Rate]:
    """The rate of every receiver the line has, from the counter upwards."""
    wanted = [receiver for receiver in Receiver if _gets(receiver, shares, above)]
    found = [rate_of(line, rates, receiver) for receiver in wanted]
    return [rate for rate in found if rate is not None]


def awards_of(
    line: LineFacts,
    rates: Sequence[Rate],
    shares: Sequence[Share],
    above: Above,
    volume: Volume,
) -> list[Award]:
    """What the line brings everybody: together exactly what the highest of the rates brings.

    `rates` are those of `rates_on`. A manager has no override on what he sold himself.
    """
    amounts = [commission_of(line, rate, volume_before=volume(rate)) for rate in rates]
    awards: list[Award] = []
    for rate, amount_fen in zip(rates, differences(amounts), strict=True):
        awards += _of_rate(rate, amount_fen, shares, above)
    return awards


def _gets(receiver: Receiver, shares: Sequence[Share], above: Above) -> bool:
    """Whether a line has a receiver; who sold it himself is not its manager too."""
    if receiver is Receiver.REP:
        return bool(shares)
    if receiver is Receiver.MANAGER and above.manager_id in {share.rep_id for share in shares}:
        return False
    return above.has(receiver)


def _of_rate(rate: Rate, amount_fen: int, shares: Iterable[Share], above: Above) -> list[Award]:
    if rate.scope.receiver is Receiver.REP:
        return [
            Award(share.role, rate.id, fen, rep_id=share.rep_id, share_bp=share.share_bp)
            for share, fen in parts(amount_fen, shares).items()
        ]
    if not amount_fen:
        return []
    role = ROLE_OF[rate.scope.receiver]
    if rate.scope.receiver is Receiver.MANAGER:
        return [Award(role, rate.id, amount_fen, rep_id=above.manager_id)]
    return [Award(role, rate.id, amount_fen, node_id=above.nodes[rate.scope.receiver])]
