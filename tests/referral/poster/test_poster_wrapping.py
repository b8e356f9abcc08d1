import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.poster.wrapping import NEVER_FIRST, NEVER_LAST, shortened, wrapped


def cells(text: str) -> float:
    """A Chinese character is two wide, a Latin one is one wide."""
    return sum(1 if char.isascii() else 2 for char in text)


@pytest.mark.parametrize(
    ("text", "width", "lines", "expected"),
    [
        ("", 8, 2, []),
        ("王喆", 8, 2, ["王喆"]),
        ("流量多到用不完", 8, 2, ["流量多到", "用不完"]),
        ("流量多到，用不完", 8, 3, ["流量多", "到，用不", "完"]),
        ("流量多（到）用", 8, 2, ["流量多", "（到）用"]),
        ("老用户！！！好", 8, 3, ["老用", "户！！！", "好"]),
        ("价格￥199元起", 8, 2, ["价格", "￥199…"]),
        ("用iPhone手机", 8, 2, ["用iPhone", "手机"]),
        ("买 iPhone 17 手机", 8, 4, ["买", "iPhone", "17 手机"]),
        ("Supercalifragilistic", 8, 3, ["Supercal", "ifragili", "stic"]),
        ("第一行\n第二行", 20, 2, ["第一行", "第二行"]),
        ("第一行\n\n第二行", 20, 2, ["第一行", "第二行"]),
        ("流量多到用不完真好", 8, 1, ["流量多…"]),
        ("流量多到用不完真好", 8, 2, ["流量多到", "用不完…"]),
        ("一\n二\n三", 8, 2, ["一", "二…"]),
    ],
)
def test_lines_break_where_a_chinese_reader_expects(
    text: str, width: float, lines: int, expected: list[str]
) -> None:
    assert wrapped(text, width=width, lines=lines, measure=cells) == expected


def test_an_ellipsis_needs_room_too() -> None:
    assert shortened("流量", 2, cells) == "…"
    assert shortened("流量", 1, cells) == ""


words = st.text(st.sampled_from("流量多到用不完，。！？（）《》“”¥5G iPhone199%\n "), max_size=60)


@given(words, st.integers(4, 30), st.integers(1, 6))
def test_no_line_is_too_wide_and_none_too_many(text: str, width: int, lines: int) -> None:
    found = wrapped(text, width=width, lines=lines, measure=cells)
    assert len(found) <= lines
    assert all(0 < cells(line) <= width for line in found)


@given(words, st.integers(4, 30))
def test_with_room_enough_nothing_is_lost(text: str, width: int) -> None:
    found = wrapped(text, width=width, lines=1000, measure=cells)
    assert "".join("".join(found).split()) == "".join(text.split())


@given(
    st.lists(st.sampled_from(["流", "量多", "到，", "用。", "（不）", "完！", "“好”"]), max_size=30)
)
def test_punctuation_stays_with_its_word(parts: list[str]) -> None:
    found = wrapped("".join(parts), width=12, lines=1000, measure=cells)
    assert not any(line[0] in NEVER_FIRST or line[-1] in NEVER_LAST for line in found)
