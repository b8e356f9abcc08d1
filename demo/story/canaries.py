"""Looking for texts that must not be somewhere: which, where, and in which spellings."""

import base64
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from demo.story.frame import Story

SHORTEST: Final = 8
DEEPEST: Final = 3  # a spreadsheet in an archive, and one more
PIECE_BYTES: Final = 1 << 20
PUBLIC: Final = ("original_id", "appid", "mchid", "merchant_serial", "platform_serial")


def keys_of(story: Story) -> set[str]:
    """Every secret text of the installation: keys whole, private keys line by line."""
    kept = json.loads((story.stack.places.data / "identities.json").read_text("utf-8"))
    lines = (
        line
        for name, value in kept.items()
        if name not in PUBLIC and "public_key" not in name
        for line in value.splitlines()
    )
    return {line for line in lines if len(line) >= SHORTEST and not line.startswith("-----")}


def openids(story: Story) -> set[str]:
    """How the account knows everybody."""
    people = story.pretend.read("people")["people"]
    return {contact["openid"] for person in people for contact in person["contacts"]}


def phones(story: Story) -> set[str]:
    """Everybody's phone number."""
    people = story.pretend.read("people")["people"]
    return {person["phone"] for person in people if person["phone"]}


def logs(story: Story) -> Iterator[Path]:
    """The logs of all processes but WeChat's, who knows secrets and people as well as we do."""
    for log in sorted((story.stack.places.data / "log").glob("*.log")):
        if log.stem != "simulator":
            yield log


def stores(story: Story) -> Iterator[Path]:
    """Everything written down: the database and its log, Valkey's file, the data folder."""
    data = story.stack.places.data
    yield from sorted((data / "disk").glob("wx.sqlite*"))
    cluster = data / "disk" / "postgres" / "data"
    folders = (cluster / "base", cluster / "pg_wal", data / "valkey", data / "files")
    for folder in folders:
        yield from (file for file in sorted(folder.rglob("*")) if file.is_file())


def megabytes(files: Iterable[Path]) -> int:
    """How much there is to look through; what is gone meanwhile counts nothing."""
    return sum(path.stat().st_size for path in files if path.is_file()) // 1_000_000


def spellings(text: str) -> set[bytes]:
    """A text as it may stand somewhere: plain, in hex, or in Base64 at any place of a longer text."""
    raw = text.encode()
    return {raw, raw.hex().encode(), raw.hex().upper().encode(), *_in_base64(raw)}


def hits(files: Iterable[Path], texts: Iterable[str]) -> list[str]:
    """The names of the files that say one of the texts, in whichever spelling, packed ones too."""
    wanted = [spelling for text in texts for spelling in spellings(text)]
    return sorted({path.name for path in files if _is_in(path, wanted)})


def is_said(content: bytes, texts: Iterable[str]) -> bool:
    """Whether a content, or what is packed in it, says one of the texts, in whichever spelling."""
    wanted = [spelling for text in texts for spelling in spellings(text)]
    return any(each in part for part in unpacked(content) for each in wanted)


def unpacked(content: bytes, depth: int = DEEPEST) -> Iterator[bytes]:
    """A content, and all that is in it where it is a ZIP, as spreadsheets and archives are."""
    yield content
    if depth and zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for name in packed.namelist():
                yield name.encode()
                yield from unpacked(packed.read(name), depth - 1)


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """What is the same whatever stands before and behind: three ways, without the ends.

    Three bytes make four letters; those to which a neighbour's bits belong are left out.
    """
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw)
        end = len(coded) - (0, 3, 2)[(before + len(raw)) % 3]
        yield coded[(0, 2, 3)[before] : end]


def _is_in(path: Path, wanted: list[bytes]) -> bool:
    if zipfile.is_zipfile(path):
        return any(each in part for part in unpacked(path.read_bytes()) for each in wanted)
    overlap = max((len(each) for each in wanted), default=1)
    tail = b""
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            tail = tail[-overlap:] + piece
            if any(each in tail for each in wanted):
                return True
    return False
