"""What a check of a month found: rows to look at, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from wx_backend.strict import dumps


@dataclass(frozen=True, slots=True)
class Finding:
    """The rows a check shows; `is_ok` when they give no reason to wait, whatever they say."""

    is_ok: bool
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()

    @property
    def digest(self) -> bytes:
        """What an override of this finding covers: these rows and no others."""
        return sha256(dumps([list(self.columns), [list(row) for row in self.rows]])).digest()


FINE = Finding(is_ok=True)


def none_of(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Finding:
    """A check that wants no rows at all."""
    return Finding(is_ok=not rows, columns=columns, rows=rows)
