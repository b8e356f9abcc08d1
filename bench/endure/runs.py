"""Several runs of one thing taken together: sums, and the worst of each."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Runs:
    """The lines of JSON that the runs told."""

    all: list[dict[str, Any]]

    def sum(self, *names: str) -> int:
        """What all of them counted together."""
        return sum(self._values(*names))

    def most(self, *names: str) -> int:
        """The greatest that one of them counted."""
        return max(self._values(*names), default=0)

    def least(self, *names: str) -> int:
        """The smallest that one of them counted."""
        return min(self._values(*names), default=0)

    def hours(self) -> str:
        """How long they went on, all together."""
        return f"{sum(each['seconds'] for each in self.all) / 3600:.1f} h"

    def broken(self) -> str:
        """What did not hold, with its seed."""
        return "; ".join(
            f"seed {each['seed']}: {each['broken'].splitlines()[0][:200]}"
            for each in self.all
            if not each["held"]
        )

    def told(self) -> str:
        """How many, how long each, their seeds, the database, the load."""
        seconds = sorted({each["seconds"] for each in self.all})
        seeds = ", ".join(str(each["seed"]) for each in self.all)
        bases = ", ".join(sorted({each["database"] for each in self.all}))
        load = max(max(each["load"]) for each in self.all)
        span = f"{seconds[0]}-{seconds[-1]}" if len(seconds) > 1 else f"{seconds[0]}"
        return f"{len(self.all)} x {span} s, seeds {seeds}, {bases}, load to {load:g}"

    def sums(self, prefix: str) -> dict[str, int]:
        """What all of them counted together under names that begin so, each by itself."""
        names = {name for each in self.all for name in each["counts"] if name.startswith(prefix)}
        return {name: self.sum(name) for name in sorted(names)}

    def _values(self, *names: str) -> list[int]:
        counts = [each["counts"] for each in self.all]
        return [found[name] for found in counts for name in names if name in found]
