import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from referral.poster import PosterValues, TemplateInvalid, template_from_folder, template_named
from referral.poster.code import LinkTooLong, drawn, texts_in
from referral.poster.drawing import JPEG_BYTES_MAX, PosterTooHeavy, draw, render
from referral.poster.proof import PosterUnreadable, prove, survives_moments
from referral.poster.reading import template_names
from tests.referral.poster.samples import LINK, PLAIN_TOML, alice, photo, template_folder

SURNAMES = "王李张刘陈杨黄赵吴周"
GIVEN = ("喆", "堃宇", "珺", "玥", "晞旻")
HOSTILE = [
    "",
    " ",
    "小😀王👨‍👩‍👧",
    "\u202eecilA\u202c\u200b\ufeff",
    "王\x00\x1b[31m红",
    "\ud800孤\udfff",
    "{name.__class__}{0}%s",
    "𠮷野家𪚥龘",
    "W" * 200,
    "，" * 200,
    "王\n" * 60,
    "<script>alert(1)</script>",
    "e\u0301" * 80,
]


def link(number: int) -> str:
    token = hashlib.blake2s(str(number).encode()).hexdigest()[:22]
    return f"https://shop.example.com/s/S{token}1"


def reps() -> list[PosterValues]:
    """Fifty reps, each with a name and a code of his own."""
    names = [surname + given for surname in SURNAMES for given in GIVEN]
    return [alice(name=name, link=link(number)) for number, name in enumerate(names)]


def opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg))


@pytest.mark.parametrize("name", template_names())
def test_fifty_reps_posters_scan_to_their_own_links_even_after_moments(name: str) -> None:
    template = template_named(name)
    for values in reps():
        jpeg = render(template, values)
        assert texts_in(opened(jpeg).convert("L")) == [values.link]
        assert survives_moments(jpeg, values.link)


def test_surviving_means_saying_the_very_link_asked_for() -> None:
    assert not survives_moments(render(template_named("personal"), alice()), link(1))


@pytest.mark.parametrize("name", template_names())
def test_a_poster_is_a_jpeg_of_the_agreed_size(name: str) -> None:
    jpeg = render(template_named(name), alice(avatar=photo(), picture=photo("PNG")))

    poster = opened(jpeg)
    assert (poster.format, poster.size) == ("JPEG", (750, 1334))
    assert len(jpeg) <= JPEG_BYTES_MAX
    assert not poster.getexif()


def test_five_personal_looks_and_a_product_poster_are_shipped() -> None:
    assert sorted(template_names()) == [
        *("personal", "personal-festive", "personal-ink", "personal-night", "personal-spring"),
        "product",
    ]


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("name", template_names())
def test_whatever_people_call_themselves_the_poster_still_scans(name: str, words: str) -> None:
    values = alice(name=words, title=words, outlet=words, product=words, slogan=words)
    assert render(template_named(name), values)


@pytest.mark.parametrize("name", template_names())
def test_a_poster_needs_nothing_but_a_link(name: str) -> None:
    assert render(template_named(name), PosterValues(link=LINK))


def test_an_address_of_the_platform_fits_every_template() -> None:
    address = "http://weixin.qq.com/q/02AbCdEfGhIjKlMnOpQrStUvWxYz01"
    for name in template_names():
        assert render(template_named(name), alice(link=address))


def test_without_an_avatar_the_initial_stands_in() -> None:
    template = template_named("personal")
    with_initial, blank, pictured = (
        opened(draw(template, values)).crop((300, 394, 450, 544))
        for values in (alice(), alice(name=""), alice(avatar=photo(colour="#00ff00")))
    )

    assert with_initial.tobytes() != blank.tobytes()
    red, green, blue = ImageStat.Stat(pictured).mean
    assert green > max(red, blue) + 40


def test_the_last_day_of_a_temporary_code_is_printed() -> None:
    template = template_named("personal")
    assert draw(template, alice()) != draw(template, alice(expires_on=None))


def test_a_link_that_needs_too_fine_a_code_is_refused() -> None:
    with pytest.raises(LinkTooLong):
        render(template_named("product"), alice(link="https://shop.example.com/" + "a" * 220))


def test_the_code_keeps_its_quiet_zone() -> None:
    template = template_named("personal")
    picture = drawn(LINK, template.code)
    left, top, right, bottom = picture.point(lambda value: 255 - value).getbbox() or (0, 0, 0, 0)
    module = (right - left) / 33

    assert module.is_integer()
    assert min(left, top, picture.width - right, picture.height - bottom) >= 4 * module


def test_a_poster_with_another_code_on_it_is_never_handed_out(tmp_path: Path) -> None:
    background = Image.new("RGB", (400, 600), "#ffffff")
    template = template_from_folder(template_folder(tmp_path / "plain"))
    background.paste(drawn("https://mallory.example/", template.code), (90, 60))
    forged = template_from_folder(template_folder(tmp_path / "forged", background=background))

    assert render(template, alice())
    with pytest.raises(PosterUnreadable):
        render(forged, alice())


def test_a_damaged_or_exchanged_code_is_noticed() -> None:
    template = template_named("personal")
    poster = opened(draw(template, alice())).convert("RGB")
    poster.paste("#ffffff", (230, 789, 400, 1079))
    out = io.BytesIO()
    poster.save(out, "JPEG")

    with pytest.raises(PosterUnreadable):
        prove(out.getvalue(), template, LINK)
    with pytest.raises(PosterUnreadable):
        prove(draw(template, alice()), template, link(1))


def test_a_background_of_another_size_is_refused(tmp_path: Path) -> None:
    folder = template_folder(tmp_path / "odd", background=Image.new("RGB", (401, 600)))
    with pytest.raises(TemplateInvalid, match="海报模板有误") as refused:
        render(template_from_folder(folder), alice())
    assert "background" in refused.value.details


def test_a_background_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    folder = template_folder(tmp_path / "text")
    (folder / "background.png").write_text("no picture")
    with pytest.raises(TemplateInvalid):
        render(template_from_folder(folder), alice())


def noisy(size: tuple[int, int]) -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise(size, 120) for _ in range(3)])


def test_a_busy_background_costs_quality_not_weight(tmp_path: Path) -> None:
    toml = PLAIN_TOML.replace("[400, 600]", "[600, 900]")
    folder = template_folder(tmp_path / "busy", toml, noisy((600, 900)))
    jpeg = render(template_from_folder(folder), alice())
    assert len(jpeg) <= JPEG_BYTES_MAX


def test_pure_noise_of_full_size_is_refused(tmp_path: Path) -> None:
    toml = PLAIN_TOML.replace("[400, 600]", "[1000, 1200]")
    folder = template_folder(tmp_path / "noise", toml, noisy((1000, 1200)))
    with pytest.raises(PosterTooHeavy):
        render(template_from_folder(folder), alice())


def test_posters_with_and_without_a_price_do_not_mix() -> None:
    template = template_named("product")
    cheap, dear, free = (alice(price_fen=price) for price in (9_900, 99_900, None))
    posters = [draw(template, values) for values in (cheap, dear, free, cheap, dear, free)]

    assert posters[:3] == posters[3:]
    assert len(set(posters)) == 3


def test_threads_draw_the_same_posters_as_one_alone() -> None:
    posters = [
        partial(render, template_named(name), values)
        for values in reps()[:12]
        for name in template_names()
    ]
    alone = [poster() for poster in posters]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda poster: poster(), posters * 2))
    assert together == alone * 2
