"""Reading an archive back: its manifest, and every row with the types it had; nothing unproven."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from flows.archive.contents import read
from flows.archive.snapshot import FORMAT, MANIFEST


class Damaged(Exception):
    """An archive whose rows are not what its manifest says."""


def manifest_of(path: Path) -> dict[str, Any]:
    """What an archive says of itself. Damaged for a format nobody knows."""
    with ZipFile(path) as archive:
        manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
    if manifest.get("format") != FORMAT:
        raise Damaged(f"format {manifest.get('format')}")
    return manifest


def rows_of(path: Path, table: str) -> Iterator[dict[str, Any]]:
    """The rows of one table, first one first; Damaged at the end if they are not the manifest's."""
    about = next(each for each in manifest_of(path)["tables"] if each["name"] == table)
    digest, count = sha256(), 0
    with ZipFile(path) as archive, archive.open(about["file"]) as lines:
        for line in lines:
            digest.update(line)
            count += 1
            row = json.loads(line)
            yield {name: read(about["columns"][name], value) for name, value in row.items()}
    if (digest.hexdigest(), count) != (about["sha256"], about["rows"]):
        raise Damaged(table)
