"""Namespaces of our own, in which the same program is its own root: where a machine allows it, without being root."""

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from tools.outside import find

INSIDE: Final = "--inside"


def enter(module: str, arguments: Sequence[str], *kinds: str) -> None:
    """Become the same program inside; back where it is inside already, or where that is not allowed.

    `kinds` are options of `unshare` ("--mount").
    """
    unshare = find("unshare")
    if unshare is None or INSIDE in arguments:
        return
    before = (str(unshare), "--user", "--map-root-user", *kinds)
    if subprocess.run((*before, "true"), check=False, capture_output=True).returncode == 0:
        program = (*before, sys.executable, "-m", module, INSIDE, *arguments)
        os.execv(before[0], program)  # noqa: S606 - the same program again
