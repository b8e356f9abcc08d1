"""What was found so far, a line for each bug: a run that was broken off can go on, on the same files."""

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from tools.environment import ROOT
from tools.planted.bug import Bug
from tools.planted.report import Verdict

KEPT: Final = ROOT / "build" / "planted.jsonl"


class Kept:
    """The verdicts on the files of a tree, whose digest this is."""

    def __init__(self, tree: str, path: Path = KEPT) -> None:
        self._tree, self._path = tree, path

    def forget(self) -> None:
        """Begin anew."""
        self._path.unlink(missing_ok=True)

    def add(self, verdict: Verdict) -> None:
        """Keep one more."""
        self._path.parent.mkdir(exist_ok=True)
        said = {
            "tree": self._tree,
            "bug": verdict.bug.name,
            "is_caught": verdict.is_caught,
            "seconds": verdict.seconds,
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(said) + "\n")

    def caught(self, bugs: Sequence[Bug]) -> dict[Bug, Verdict]:
        """Which of these bugs were caught on the same files; others are to be tried (again)."""
        named = {bug.name: bug for bug in bugs}
        lines = self._path.read_text("utf-8").splitlines() if self._path.exists() else []
        found = [said for said in map(json.loads, lines) if said["tree"] == self._tree]
        return {
            named[said["bug"]]: Verdict(named[said["bug"]], frozenset(), said["seconds"])
            for said in found
            if said["is_caught"] and said["bug"] in named
        }


def digest_of(root: Path, names: Iterable[str]) -> str:
    """The digest of some files: of their names and of what is in them."""
    digest = sha256()
    for name in sorted(names):
        content = (root / name).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
