"""One measured figure beside its goal, told so that the report can gather all of them."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

MARK: Final = "goal: "
_HEAD: Final = "| figure | median | spread | rounds | goal | |\n|---|---|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Told:
    """A figure as a row of the report."""

    cells: tuple[str, ...]

    @classmethod
    def read(cls, line: str) -> Self | None:
        """The figure in a line of a bench's output, if it holds one."""
        if not line.startswith(MARK):
            return None
        return cls(tuple(line.removeprefix(MARK).split(" | ")))

    @property
    def is_missed(self) -> bool:
        """Whether the goal was not reached."""
        return self.cells[-1] == "MISSED"

    def row(self) -> str:
        """As a row of a Markdown table."""
        return f"| {' | '.join(self.cells)} |"


def tell(
    name: str,
    rounds: Sequence[float],
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    unit: str = "x",
) -> bool:
    """Print the median of some rounds with its spread beside what it is to be; whether it is that."""
    median = statistics.median(rounds)
    is_met = (at_most is None or median <= at_most) and (at_least is None or median >= at_least)
    goal = " and ".join(
        f"{sign} {limit:g}"
        for sign, limit in (("<=", at_most), (">=", at_least))
        if limit is not None
    )
    verdict = ("met" if is_met else "MISSED") if goal else ""
    spread = f"{min(rounds):.3g}-{max(rounds):.3g}"
    cells = (name, f"{median:.3g} {unit}", spread, str(len(rounds)), goal or "none", verdict)
    print(MARK + " | ".join(cells), flush=True)
    return is_met


def table(told: Sequence[Told]) -> str:
    """All figures of a session in one table."""
    return "\n".join([_HEAD, *(each.row() for each in told)])
