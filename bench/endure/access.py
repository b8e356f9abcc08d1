"""Who may call what, and whose rows he sees: every cell of route, caller and place that the tests hold, counted."""

from typing import Final

from bench.endure.ground import Ground
from bench.endure.tried import tried

MATRIX: Final = (
    *("tests/console/test_access.py", "tests/console/test_foreign.py"),
    *("tests/console/test_scope_everywhere.py", "tests/console/test_scope_random.py"),
    *("tests/terminal/test_foreign.py", "tests/storefront/test_foreign.py"),
    "tests/storefront/test_access.py",
)


def play(ground: Ground) -> None:
    """All of them once: they hold the same cells each time."""
    ground.counts["cells"] = tried(ground, f"--database={ground.database}", *MATRIX)
    ground.counts["rounds"] += 1
