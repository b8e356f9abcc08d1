"""Uploaded pictures that no row refers to any more are taken away, a sixteenth of them in each round.

Whoever makes a row refer to one and whoever takes them away pass one after the other (`in_turn`),
so that what is taken away was referred to by nobody, and what is referred to is there.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from catalog.queries import pictures_shown
from flows.album import albums, in_turn, name_in
from flows.fulfilment.pictures import evidence_folder
from fulfilment.queries import pictures_noted
from menus.pictures import pictures_of_rules

EVERY: Final = timedelta(minutes=10)
AT_ONCE: Final = 500
"""How many names the database is asked about at once: it takes only so many in a statement."""
GRACE: Final = timedelta(days=2)
"""How long a file is left alone after it was uploaded, or let go by the last row."""


def sweep_pictures(*, now: datetime) -> int:
    """Take away this round's pictures that nobody needs; how many files it were.

    A round is about names that begin with one of the sixteen digits, each in its turn: a file is
    looked at every few hours, whatever became of the round before.
    """
    digit = f"{int(now.timestamp() / EVERY.total_seconds()) % 16:x}"
    before = (now - GRACE).timestamp()
    return _sweep_albums(digit, before) + _sweep_evidence(digit, before)


def _sweep_albums(digit: str, before: float) -> int:
    old = [file for folder in albums().glob(f"{digit}?") for file in _old(folder, digit, before)]
    if not old:
        return 0
    in_turn()
    shown = {name_in(path) for path in pictures_shown() | pictures_of_rules()}
    return _remove((file for file in old if name_in(file.name) not in shown), before)


def _sweep_evidence(digit: str, before: float) -> int:
    """Their names are random, and never named again once they were: nobody has to wait."""
    old = list(_old(evidence_folder(), digit, before))
    count = 0
    for start in range(0, len(old), AT_ONCE):
        some = old[start : start + AT_ONCE]
        noted = pictures_noted(name_in(file.name) for file in some)
        count += _remove((file for file in some if name_in(file.name) not in noted), before)
    return count


def _old(folder: Path, digit: str, before: float) -> Iterator[Path]:
    """The files of this round that were written, or let go, before an instant."""
    return (file for file in folder.glob(f"{digit}*") if _is_old(file, before))


def _is_old(file: Path, before: float) -> bool:
    try:
        return file.stat().st_mtime < before
    except FileNotFoundError:  # another round took it away
        return False


def _remove(files: Iterator[Path], before: float) -> int:
    """Those that are still old: one that was let go meanwhile has its grace from then on."""
    count = 0
    for file in files:
        if _is_old(file, before):
            file.unlink(missing_ok=True)
            count += 1
    return count
