from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from referral.poster.content import FONT
from referral.poster.fonts import MISSING, drawable, font
from tools.subset_font import gb2312, standard_characters


def test_the_font_covers_gb2312_and_every_standard_character() -> None:
    covered = set(TTFont(FONT).getBestCmap())
    assert len(standard_characters()) == 8105
    assert gb2312() <= covered
    assert standard_characters() <= covered


def test_the_list_of_characters_is_what_the_font_draws() -> None:
    listed = set(FONT.with_name("characters.txt").read_text(encoding="utf-8")) - {"\n"}
    covered = {chr(point) for point in TTFont(FONT).getBestCmap()}
    assert listed == {char for char in covered if not char.isspace()}


def test_the_licence_lies_beside_the_font() -> None:
    text = Path(FONT).with_name("OFL.txt").read_text(encoding="utf-8")
    assert "© 2014-2021 Adobe" in text
    assert "SIL OPEN FONT LICENSE Version 1.1" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("王喆堃珺玥晞旻祎", "王喆堃珺玥晞旻祎"),
        ("𬍛𫖯", "𬍛𫖯"),
        ("小😀王👨‍👩‍👧", "小王"),
        ("龘王", f"{MISSING}王"),
        ("王\u200b\u202e\x00\ud800喆", "王喆"),
        ("  王\t 喆\u3000 ", "王 喆"),
        ("上\r\n下", "上\n下"),
        ("\uf9d1", "六"),
        ("", ""),
    ],
)
def test_what_the_font_lacks_is_boxed_or_dropped(text: str, expected: str) -> None:
    assert drawable(text) == expected


def test_a_thread_keeps_a_bounded_number_of_sizes() -> None:
    for size in range(12, 120):
        assert font(size) is font(size)
