"""Search the whole history of a repository for what must never be in it: keys, secrets, given texts.

    python -m tools.history [--repository .] [--texts var/demo/identities.json ...]

Every file of every commit, and every message. 0 when there is nothing, 1 with a line for each find.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from demo.story.canaries import SHORTEST, spellings
from tools.environment import ROOT
from wx_backend.config_schema import is_sample

ALLOWED: Final[Mapping[str, str]] = {
    "tests/config.toml": "made up for the tests' configuration",
    "tests/wx_backend/test_config.py": "a made-up merchant in the tests of the configuration",
}
"""Files with values that look like secrets and open nothing, and what they are."""
SHOWN: Final = 4

_PEM = rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----(?:\s|\\n)*[A-Za-z0-9+/=]{16}"
# What configuration files, JSON and queries call a secret, and a value as long as ours are: AppSecret and
# APIv3 key 32, AES key 43, our own 64.
_NAMED = (
    rb"(?i)(?:secret|aes_?key|apiv3_?key|shared_?key|index_?key|secret_?key|token|password)[a-z_]*"
    rb"[\"']?\s*[:=]\s*[\"']?([0-9A-Za-z]{32}|[0-9A-Za-z]{43}|[0-9a-f]{64})(?![0-9A-Za-z_])"
)
_PATTERNS: Final = {"private key": re.compile(_PEM), "secret": re.compile(_NAMED)}


@dataclass(frozen=True, slots=True)
class Object:
    """A file of some commit, a commit, or a tag; `path` is where it stood first."""

    id: str
    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Find:
    """Something that must not be there: what, where, and how it begins."""

    what: str
    object_id: str
    path: str
    line: int
    begins: str

    def __str__(self) -> str:
        where = f"{self.path or 'message'}:{self.line}"
        return f"{self.what}: {where} ({self.object_id[:12]}) {self.begins}..."


def main() -> int:
    """Search, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repository", type=Path, default=ROOT)
    parser.add_argument("--texts", type=Path, nargs="*", default=[], help="files of other texts")
    arguments = parser.parse_args()
    texts = {text for file in arguments.texts for text in texts_of(file)}
    found, searched = search(arguments.repository, texts)
    for each in found:
        print(each)
    print(f"{len(found)} found in {searched} files and messages of {arguments.repository}")
    return 1 if found else 0


def search(repository: Path, texts: Iterable[str] = ()) -> tuple[list[Find], int]:
    """What stands in the history of a repository, and how many objects were looked at."""
    wanted = {spelling for text in texts for spelling in spellings(text)}
    found, searched = list[Find](), 0
    for each in objects(repository):
        searched += 1
        found += finds(each, wanted)
    return sorted(found, key=lambda find: (find.path, find.line, find.object_id)), searched


def finds(thing: Object, texts: Iterable[bytes] = ()) -> Iterator[Find]:
    """What must not be in one object; texts in any spelling, in allowed files too."""
    for spelling in texts:
        if (at := thing.content.find(spelling)) >= 0:
            yield _find("text", thing, at, spelling)
    if thing.path in ALLOWED:
        return
    for what, pattern in _PATTERNS.items():
        for match in pattern.finditer(thing.content):
            value = match[match.lastindex or 0]
            if what != "secret" or _is_random(value.decode()):
                yield _find(what, thing, match.start(), value)


def texts_of(file: Path) -> set[str]:
    """The texts of a file: the lines of every value of a JSON object, or its own lines."""
    content = file.read_text("utf-8")
    values = json.loads(content).values() if file.suffix == ".json" else [content]
    lines = (line.strip() for value in values for line in str(value).splitlines())
    return {line for line in lines if len(line) >= SHORTEST and not line.startswith("-----")}


def objects(repository: Path) -> Iterator[Object]:
    """Everything that some branch, tag or note leads to, each once."""
    listed = _git(repository, "rev-list", "--objects", "--all").stdout.decode("utf-8", "replace")
    paths = dict(line.partition(" ")[::2] for line in listed.splitlines())
    asked = "\n".join(paths).encode()
    told = _git(repository, "cat-file", "--batch", "--buffer", sent=asked).stdout
    at = 0
    while at < len(told):
        end = told.index(b"\n", at)
        object_id, kind, size = told[at:end].decode().split()
        content = told[end + 1 : end + 1 + int(size)]
        at = end + 2 + int(size)
        if kind != "tree":
            yield Object(object_id, paths[object_id], content)


def _git(
    repository: Path, *arguments: str, sent: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    command = ("git", "-c", f"safe.directory={repository}", "-C", str(repository), *arguments)
    done = subprocess.run(command, input=sent, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"git could not read {repository}: {done.stderr.decode().strip()}")
    return done


def _is_random(value: str) -> bool:
    """Whether it can be a secret: not a name, not one character over and over, not the alphabet."""
    runs = sum(ord(b) - ord(a) in (-1, 0, 1) for a, b in pairwise(value))
    has_both = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    return has_both and not is_sample(value) and runs < len(value) // 2


def _find(what: str, thing: Object, at: int, value: bytes) -> Find:
    line = thing.content.count(b"\n", 0, at) + 1
    return Find(what, thing.id, thing.path, line, value[:SHOWN].decode("ascii", "replace"))


if __name__ == "__main__":
    sys.exit(main())
