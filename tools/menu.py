"""Print the Makefile's targets with their help lines."""

import re
from pathlib import Path

MAKEFILE = Path(__file__).resolve().parent.parent / "Makefile"


def main() -> None:
    """One line per target, in the order of the file."""
    for target, help_line in re.findall(r"^([a-z-]+):.*?## (.*)$", MAKEFILE.read_text(), re.M):
        print(f"  make {target:<10} {help_line}")


if __name__ == "__main__":
    main()
