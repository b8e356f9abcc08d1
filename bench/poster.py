"""CPU of one poster beside the bare JPEG encoding of its pixels and beside plain Pillow and qrcode.

    python -m bench.poster [rounds]

The contenders take turns within every round, on the same 40 reps of one campaign; background,
common texts and characters are warm, as in a worker that has drawn a few posters. Prints process CPU time per
poster and the medians of the per-round ratios (goal: at most 2.0 times the bare encoding).
"""

import hashlib
import io
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date

import qrcode
from PIL import Image, ImageDraw, ImageFont

from bench.goals import tell
from referral.poster import PosterValues, Template, template_named
from referral.poster.code import texts_in
from referral.poster.content import FONT
from referral.poster.drawing import JPEG_QUALITIES, draw, render
from referral.poster.reading import template_names

POSTERS = 40
GOAL = 2.0
QUALITY = JPEG_QUALITIES[0]
SURNAMES, GIVEN = "王李张刘陈杨黄赵", ("喆", "堃宇", "珺", "玥", "晞旻")

Work = Callable[[int], bytes]


def avatar(number: int) -> bytes:
    """A photo-like picture of the size WeChat serves."""
    out = io.BytesIO()
    Image.merge("RGB", [Image.effect_noise((132, 132), 20 + number % 7) for _ in range(3)]).save(
        out, "JPEG"
    )
    return out.getvalue()


def reps() -> list[PosterValues]:
    """Forty reps, each with a name, a code and an avatar of his own."""
    made = []
    for number in range(POSTERS):
        token = hashlib.blake2s(str(number).encode()).hexdigest()[:22]
        made.append(
            PosterValues(
                link=f"https://shop.example.com/s/S{token}1",
                name=SURNAMES[number // len(GIVEN)] + GIVEN[number % len(GIVEN)],
                title="客户经理",
                outlet="解放路营业厅",
                product="5G 畅享融合套餐（含千兆宽带）",
                slogan="新用户首月免费用，换机立减三百元",
                price_fen=19_900,
                expires_on=date(2026, 12, 21),
                avatar=avatar(number),
            )
        )
    return made


def encoded(page: Image.Image) -> bytes:
    """The bare encoding every poster needs, whoever draws it."""
    out = io.BytesIO()
    page.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def plainly(template: Template, values: PosterValues) -> bytes:
    """The poster as most programs draw it: everything opened anew, qrcode, text on one line."""
    page = Image.open(io.BytesIO(template.background)).convert("RGB")
    pen = ImageDraw.Draw(page)
    for box in template.pictures:
        if box.source == "avatar" and values.avatar:
            size = (box.box.width, box.box.height)
            mask = Image.new("L", size, 0)
            ImageDraw.Draw(mask).ellipse((0, 0, *size), fill=255)
            page.paste(Image.open(io.BytesIO(values.avatar)).resize(size), box.box.corners, mask)
    for text in template.texts:
        font = ImageFont.truetype(FONT, text.size)
        stroke = 1 if text.weight == "bold" else 0
        corner = (text.box.x, text.box.y)
        words = text.filled(values.words())
        pen.text(corner, words, fill=text.colour, font=font, stroke_width=stroke)
    symbol = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    symbol.add_data(values.link)
    code = symbol.make_image().get_image().convert("L")
    page.paste(code.resize((template.code.width, template.code.height)), template.code.corners)
    return encoded(page)


def cpu_ms(work: Work) -> float:
    started = time.process_time()
    for number in range(POSTERS):
        work(number)
    return (time.process_time() - started) / POSTERS * 1000


def contenders(template: Template) -> dict[str, Work]:
    """What is measured; the pages of the bare encoding are decoded beforehand."""
    values = reps()
    finished = [draw(template, one) for one in values]
    pages = [Image.open(io.BytesIO(jpeg)).convert("RGB") for jpeg in finished]
    return {
        "bare encoding": lambda number: encoded(pages[number]),
        "ours": lambda number: draw(template, values[number]),
        "ours with proof": lambda number: render(template, values[number]),
        "plain Pillow": lambda number: plainly(template, values[number]),
    }


def check(works: dict[str, Work]) -> None:
    """Every contender's posters must scan: speed without that means nothing."""
    for name, work in works.items():
        page = Image.open(io.BytesIO(work(0))).convert("L")
        if texts_in(page) != [reps()[0].link]:
            raise SystemExit(f"{name}: the poster does not scan")


def compare(template: Template, rounds: int) -> None:
    works = contenders(template)
    check(works)
    for work in works.values():
        cpu_ms(work)
    figures = [{name: cpu_ms(work) for name, work in works.items()} for _ in range(rounds)]
    size = len(works["ours"](0)) // 1024
    print(f"{template.name}: {template.width} x {template.height}, {size} KB")
    for name in works:
        median = statistics.median(figure[name] for figure in figures)
        ratios = [figure[name] / figure["bare encoding"] for figure in figures]
        spread = f"{statistics.median(ratios):5.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        print(f"  {name:16}{median:7.2f} ms   x bare {spread}")
    ratios = [figure["ours"] / figure["bare encoding"] for figure in figures]
    tell(f"poster {template.name}: CPU against the bare JPEG encoding", ratios, at_most=GOAL)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    print(f"{POSTERS} posters x {rounds} rounds, process CPU time")
    for name in template_names():
        compare(template_named(name), rounds)


if __name__ == "__main__":
    main()
