"""The search for secrets finds what there is, however it is spelled and wherever it lies."""

import base64
import io
import zipfile
from pathlib import Path

import pytest

from demo.story.canaries import PIECE_BYTES, hits, is_said

CANARY = "13912345678"


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("after", range(4))
def test_a_canary_is_found_in_every_spelling(before: int, after: int) -> None:
    around = b"x" * before + CANARY.encode() + b"y" * after
    for written in (around, around.hex().encode(), base64.b64encode(around)):
        assert is_said(b"{" + written + b"}", [CANARY])
    assert not is_said(base64.b64encode(b"x" * before + b"13912395678" + b"y" * after), [CANARY])


def test_a_canary_between_two_pieces_of_a_file_is_found(tmp_path: Path) -> None:
    nest, empty = tmp_path / "nest", tmp_path / "empty"
    nest.write_bytes(b"." * (PIECE_BYTES - 5) + CANARY.encode() + b"." * 10)
    empty.write_bytes(b"." * (PIECE_BYTES + 10))
    assert hits([nest, empty], [CANARY]) == ["nest"]


def test_a_canary_in_a_spreadsheet_is_found_and_in_an_archive_of_them(tmp_path: Path) -> None:
    sheet = packed("xl/worksheets/sheet1.xml", f"<t>{CANARY}</t>".encode())
    assert CANARY.encode() not in sheet
    for content in (sheet, packed("全部.xlsx", sheet), packed(f"{CANARY}.txt", b"")):
        file = tmp_path / "kept"
        file.write_bytes(content)
        assert is_said(content, [CANARY])
        assert hits([file], [CANARY]) == ["kept"]
    assert not is_said(packed("xl/worksheets/sheet1.xml", b"<t>nobody</t>"), [CANARY])


def packed(name: str, content: bytes) -> bytes:
    """A ZIP with one file in it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)
    return made.getvalue()
