"""Reading a lock file that `tools.lock` wrote: every package, its hashes, and who asked for it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PIN: Final = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?: ; (?P<where>.+?))? \\"
)
HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
ASKED_BY: Final = re.compile(r"#(?: via)? +(?P<name>[A-Za-z0-9._-]+)(?: \(.+\))?")


class NotUnderstood(Exception):
    """A line of a lock file is of no kind that is known; the text says which."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One package: exactly this version, one of these files, on some machines only if `where` says so."""

    name: str
    version: str
    where: str
    hashes: tuple[str, ...]
    asked_by: tuple[str, ...]


def pins(lock: Path) -> Iterator[Pin]:
    """The packages of a lock file, as they stand there. Raises NotUnderstood."""
    found: re.Match[str] | None = None
    hashes: list[str] = []
    asked_by: list[str] = []
    for line in lock.read_text("utf-8").splitlines():
        if pin := PIN.fullmatch(line):
            if found:
                yield _pin(found, hashes, asked_by)
            found, hashes, asked_by = pin, [], []
        elif digest := HASH.search(line):
            hashes.append(digest[1])
        elif line.strip() == "# via" or line.lstrip("# via").startswith("-c "):
            continue  # the head of a list, or another lock that only bounds the version
        elif asker := ASKED_BY.fullmatch(line.strip()):
            asked_by.append(asker["name"])
        else:
            raise NotUnderstood(f"{lock.name}: {line}")
    if found:
        yield _pin(found, hashes, asked_by)


def _pin(found: re.Match[str], hashes: list[str], asked_by: list[str]) -> Pin:
    return Pin(
        found["name"], found["version"], found["where"] or "", tuple(hashes), tuple(asked_by)
    )
