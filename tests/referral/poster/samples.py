"""Values, pictures and templates the poster tests draw with."""

import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from PIL import Image

from referral.poster import PosterValues

LINK = "https://shop.example.com/s/SAbCdEfGhIjKlMnOpQrStUv1"

ALICE = PosterValues(
    link=LINK,
    name="艾丽丝",
    title="客户经理",
    outlet="解放路营业厅",
    product="5G 畅享融合套餐",
    slogan="流量多到用不完",
    price_fen=19_900,
    expires_on=date(2026, 12, 21),
)

PLAIN_TOML = """
title = "测试海报"
size = [400, 600]
background = "background.png"
code = [90, 300, 220, 220]

[[text]]
text = "{name}"
box = [20, 20, 360, 60]
size = 40
"""


def alice(**changes: Any) -> PosterValues:
    """Alice's poster with some values changed."""
    return replace(ALICE, **changes)


def photo(
    kind: str = "JPEG",
    size: tuple[int, int] = (300, 200),
    colour: str | int | tuple[int, ...] = "#c02040",
    mode: str = "RGB",
    **options: Any,
) -> bytes:
    """A one-coloured picture file."""
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, kind, **options)
    return out.getvalue()


def template_folder(
    folder: Path, toml: str = PLAIN_TOML, background: Image.Image | None = None
) -> Path:
    """A template of a marketer's own, on a plain background unless one is given."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "template.toml").write_text(toml, encoding="utf-8")
    page = background or Image.new("RGB", (400, 600), "#2060c0")
    page.save(folder / "background.png")
    return folder
