from pathlib import Path

import pytest

from referral.poster import BadPosterValues, PosterValues, template_from_folder, template_named
from referral.poster.reading import NoSuchTemplate, TemplateInvalid, template_names
from referral.poster.template import Box
from tests.referral.poster.samples import PLAIN_TOML, alice, template_folder


@pytest.mark.parametrize("name", template_names())
def test_no_text_of_a_shipped_template_is_covered_by_a_picture(name: str) -> None:
    template = template_named(name)
    assert not any(
        overlap(text.box, picture.box) for text in template.texts for picture in template.pictures
    )


def overlap(one: Box, other: Box) -> bool:
    left, top, right, bottom = one.corners
    other_left, other_top, other_right, other_bottom = other.corners
    return left < other_right and other_left < right and top < other_bottom and other_top < bottom


@pytest.mark.parametrize("name", template_names())
def test_nothing_on_a_shipped_template_touches_the_code(name: str) -> None:
    template = template_named(name)
    boxes = [text.box for text in template.texts] + [one.box for one in template.pictures]
    assert boxes
    assert not any(overlap(box, template.code) for box in boxes)


def test_a_marketers_folder_is_a_template(tmp_path: Path) -> None:
    template = template_from_folder(template_folder(tmp_path / "spring"))
    assert (template.name, template.title, template.width, template.height) == (
        "spring",
        "测试海报",
        400,
        600,
    )
    assert template.word_fields == {"name"}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("size = [400, 600]", "size = [400]", "size"),
        ("size = [400, 600]", "size = [9000, 600]", "size"),
        ("[90, 300, 220, 220]", "[90, 300, 220, 999]", "code"),
        ("[90, 300, 220, 220]", "[-1, 300, 220, 220]", "code"),
        ("[90, 300, 220, 220]", "[90, 300, 120, 120]", "code"),
        ("[90, 300, 220, 220]", '"here"', "code"),
        ('"background.png"', '"../background.png"', "background"),
        ('"background.png"', '"/etc/passwd"', "background"),
        ('"background.png"', '"other.png"', "other.png"),
        ('title = "测试海报"', "", "title"),
        ('title = "测试海报"', "titel = 1", "titel"),
        ("size = 40", "size = 4000", "text[0].size"),
        ("size = 40", "size = true", "text[0].size"),
        ("size = 40", "size = 40\nline_height = 9", "text[0].line_height"),
        ("size = 40", 'size = 40\ncolour = "red"', "text[0].colour"),
        ("size = 40", 'size = 40\nalign = "justify"', "text[0].align"),
        ("size = 40", "size = 40\nfont = 1", "text[0].font"),
        ("{name}", "{name.__class__}", "text[0].text"),
        ("{name}", "{name!r}", "text[0].text"),
        ("{name}", "{name:>99999999}", "text[0].text"),
        ("{name}", "{0}", "text[0].text"),
        ("{name}", "{}", "text[0].text"),
        ("{name}", "{name", "text[0].text"),
        ("{name}", "{openid}", "text[0].text"),
        ("[[text]]", "[text]", "text"),
        ("[[text]]", "text = [1]\n[other]", "text[0]"),
        (
            "[[text]]",
            '[[picture]]\nsource = "selfie"\nbox = [0, 0, 9, 9]\n[[text]]',
            "picture[0].source",
        ),
        ("size = [400, 600]", "size = [[", "template.toml"),
    ],
)
def test_a_wrong_template_is_refused_and_says_where(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    folder = template_folder(tmp_path / "wrong", PLAIN_TOML.replace(old, new))
    with pytest.raises(TemplateInvalid) as refused:
        template_from_folder(folder)
    assert fault in refused.value.details


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    toml = PLAIN_TOML.replace("size = 40", "size = 1").replace("[90, 300,", "[390, 300,")
    with pytest.raises(TemplateInvalid) as refused:
        template_from_folder(template_folder(tmp_path / "wrong", toml + "weigth = 1\n"))
    assert set(refused.value.details) == {"code", "text[0].size", "text[0].weigth"}


def test_files_missing_too_large_or_not_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateInvalid):
        template_from_folder(tmp_path / "nowhere")
    folder = template_folder(tmp_path / "large")
    (folder / "background.png").write_bytes(b"\0" * (4 * 1024 * 1024 + 1))
    with pytest.raises(TemplateInvalid):
        template_from_folder(folder)
    (folder / "template.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(TemplateInvalid):
        template_from_folder(folder)


@pytest.mark.parametrize("name", ["nowhere", "../personal", "", "personal/", "Personal"])
def test_only_shipped_names_are_templates(name: str) -> None:
    with pytest.raises(NoSuchTemplate):
        template_named(name)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"link": ""}, "link"),
        ({"link": "https://例子.cn/"}, "link"),
        ({"link": "https://a.cn/ b"}, "link"),
        ({"link": "https://a.cn/\n"}, "link"),
        ({"link": "a" * 257}, "link"),
        ({"name": "王" * 201}, "name"),
        ({"price_fen": -1}, "price_fen"),
        ({"avatar": b"\0" * (5 * 1024 * 1024 + 1)}, "avatar"),
    ],
)
def test_values_no_poster_could_show_are_refused(changes: dict[str, object], field: str) -> None:
    with pytest.raises(BadPosterValues) as refused:
        alice(**changes)
    assert set(refused.value.details) == {field}


@pytest.mark.parametrize(
    ("price_fen", "shown"), [(None, ""), (0, "0"), (19_900, "199"), (199_950, "1,999.50")]
)
def test_a_price_is_shown_in_yuan(price_fen: int | None, shown: str) -> None:
    assert PosterValues(link="https://a.cn/", price_fen=price_fen).words()["price"] == shown
