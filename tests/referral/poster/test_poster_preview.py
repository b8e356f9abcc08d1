import sys
from pathlib import Path

import pytest
from PIL import Image

from referral.poster.reading import TEMPLATES
from tests.referral.poster.samples import PLAIN_TOML, template_folder
from tools import preview_poster


def preview(monkeypatch: pytest.MonkeyPatch, folder: Path, poster: Path) -> int:
    monkeypatch.setattr(sys, "argv", ["preview_poster", str(folder), str(poster)])
    return preview_poster.main()


def test_a_marketer_sees_a_short_and_a_long_sample(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert preview(monkeypatch, TEMPLATES / "product", tmp_path / "new" / "sample.jpg") == 0
    for name in ("sample.jpg", "sample-long.jpg"):
        with Image.open(tmp_path / "new" / name) as poster:
            assert poster.size == (750, 1334)


def test_a_wrong_folder_is_explained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = template_folder(tmp_path / "wrong", PLAIN_TOML.replace("size = 40", "size = 1"))
    assert preview(monkeypatch, folder, tmp_path / "sample.jpg") == 1
    assert "text[0].size" in capsys.readouterr().err
