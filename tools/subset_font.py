"""Cut the poster font out of the full Noto Sans SC: GB2312, the 8,105 standard characters, symbols.

The full font is not a dependency. Fetch it once into a scratch folder and run this tool:

    pip download --no-deps -d build/font pylopdf-fonts-zh-cn==0.1.1
    python tools/subset_font.py build/font/pylopdf_fonts_zh_cn-0.1.1-py3-none-any.whl

It writes the font, the list of the characters it can draw and its licence to
referral/poster/fonts/. The result is the same, byte for byte, for the same fonttools version.
"""

import argparse
import io
import zipfile
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
FONTS = ROOT / "referral" / "poster" / "fonts"
STANDARD_TABLE = Path(__file__).with_name("hanzi_8105.txt")
STANDARD_COUNT = 8105
FONT_IN_WHEEL = "pylopdf_fonts_zh_cn/NotoSansSC-Regular.otf"
LICENCE_IN_WHEEL = "pylopdf_fonts_zh_cn-0.1.1.dist-info/licenses/LICENSE"

# Latin-1, general punctuation, currency and letter-like signs, arrows, boxes, CJK punctuation,
# circled numbers, full-width forms: what people type in names, addresses and prices.
EXTRA_RANGES = (
    (0x20, 0x7E),
    (0xA0, 0xFF),
    (0x2010, 0x2027),
    (0x2030, 0x203B),
    (0x20AC, 0x20AC),
    (0x2103, 0x2122),
    (0x2190, 0x2193),
    (0x2460, 0x2473),
    (0x25A0, 0x25CF),
    (0x2605, 0x2606),
    (0x3000, 0x301E),
    (0xFF01, 0xFF5E),
    (0xFFE0, 0xFFE5),
)


def gb2312() -> set[int]:
    """Every code point the GB2312 character set contains."""
    found = set()
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes((row, cell)).decode("gb2312")))
            except UnicodeDecodeError:
                continue  # an unassigned cell of the table
    return found


def standard_characters() -> set[int]:
    """The 8,105 characters of 通用规范汉字表; ValueError when the list is not complete."""
    lines = STANDARD_TABLE.read_text(encoding="utf-8").splitlines()
    found = {ord(char) for line in lines if not line.startswith("#") for char in line}
    if len(found) != STANDARD_COUNT:
        raise ValueError(f"{STANDARD_TABLE.name} holds {len(found)} characters")
    return found


def wanted() -> set[int]:
    """All code points the poster font should cover, as far as the full font has them."""
    extra = {point for first, last in EXTRA_RANGES for point in range(first, last + 1)}
    return gb2312() | standard_characters() | extra


def subset(full: bytes, points: set[int]) -> tuple[bytes, list[int]]:
    """The font cut down to `points`, and the code points it really covers, in order."""
    font = TTFont(io.BytesIO(full), recalcTimestamp=False)
    options = Options()
    options.layout_features = []
    options.drop_tables += ["BASE", "DSIG", "VORG", "vhea", "vmtx"]
    options.name_IDs = ["*"]
    options.hinting = False  # posters are drawn large: hints cost size and time only
    options.notdef_outline = True
    cutter = Subsetter(options)
    cutter.populate(unicodes=points)
    cutter.subset(font)
    out = io.BytesIO()
    font.save(out)
    return out.getvalue(), sorted(font.getBestCmap())


def licence(notice: str, text: str) -> str:
    """The OFL with the copyright line and a word on what was changed in front of it."""
    return (
        f"Noto Sans SC, subset. Copyright {notice}\n"
        "Noto is a trademark of Google Inc. Changed: characters outside GB2312, the 8,105\n"
        "characters of 通用规范汉字表 and common symbols were removed.\n\n"
        f"{text}"
    )


def copyright_line(full: bytes) -> str:
    """The copyright line the full font carries in its name table."""
    line = TTFont(io.BytesIO(full))["name"].getDebugName(0)
    return str(line)


def characters_text(points: list[int]) -> str:
    """The covered characters, spaces left out, 50 to a line."""
    drawn = [chr(point) for point in points if not chr(point).isspace()]
    lines = ["".join(drawn[at : at + 50]) for at in range(0, len(drawn), 50)]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Read the wheel named on the command line and write the three files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("wheel", type=Path)
    with zipfile.ZipFile(parser.parse_args().wheel) as wheel:
        full = wheel.read(FONT_IN_WHEEL)
        ofl = wheel.read(LICENCE_IN_WHEEL).decode("utf-8")
    font, points = subset(full, wanted())
    FONTS.mkdir(parents=True, exist_ok=True)
    (FONTS / "NotoSansSC-subset.otf").write_bytes(font)
    (FONTS / "characters.txt").write_text(characters_text(points), encoding="utf-8")
    (FONTS / "OFL.txt").write_text(licence(copyright_line(full), ofl), encoding="utf-8")
    print(f"{len(points)} code points, {len(font) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
