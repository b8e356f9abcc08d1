"""Draw the backgrounds of the shipped poster templates: shapes and gradients only, no foreign art.

    python tools/draw_backgrounds.py

writes referral/poster/templates/*/background.jpg again. Everything is drawn at twice the size and
scaled down, which smooths the edges. To change a background, change its function here.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "referral" / "poster" / "templates"
WIDTH, HEIGHT = 750, 1334
ZOOM = 2
QUALITY = 92

Corners = tuple[int, int, int, int]


def zoomed(*numbers: float) -> tuple[int, ...]:
    """Poster pixels as pixels of the large canvas."""
    return tuple(round(number * ZOOM) for number in numbers)


def gradient(stops: list[tuple[float, str]], angle: float = 0) -> Image.Image:
    """A canvas-sized gradient through (position 0 to 1, colour) stops, top to bottom, tilted."""
    ramp = Image.new("RGB", (1, 1024))
    pen = ImageDraw.Draw(ramp)
    for (start, above), (end, below) in pairwise(stops):
        first, last = Image.new("RGB", (1, 1), above), Image.new("RGB", (1, 1), below)
        for row in range(round(start * 1023), round(end * 1023) + 1):
            part = (row / 1023 - start) / (end - start)
            pen.point((0, row), Image.blend(first, last, min(max(part, 0), 1)).getpixel((0, 0)))
    side = math.ceil(math.hypot(WIDTH, HEIGHT) * ZOOM)
    square = ramp.resize((side, side), Image.Resampling.BICUBIC).rotate(
        angle, Image.Resampling.BICUBIC
    )
    left, top = (side - WIDTH * ZOOM) // 2, (side - HEIGHT * ZOOM) // 2
    return square.crop((left, top, left + WIDTH * ZOOM, top + HEIGHT * ZOOM))


def layer() -> Image.Image:
    """An empty mask of the canvas."""
    return Image.new("L", (WIDTH * ZOOM, HEIGHT * ZOOM), 0)


def tint(page: Image.Image, mask: Image.Image, colour: str, strength: float = 1) -> None:
    """Colour the page through a mask."""
    page.paste(colour, (0, 0), mask.point(lambda value: round(value * strength)))


def glow(
    page: Image.Image, centre: tuple[int, int], radius: int, colour: str, power: float
) -> None:
    """A soft light."""
    mask = layer()
    x, y, r = zoomed(*centre, radius)
    ImageDraw.Draw(mask).ellipse((x - r, y - r, x + r, y + r), fill=255)
    tint(page, mask.filter(ImageFilter.GaussianBlur(r / 2)), colour, power)


def card(page: Image.Image, corners: Corners, radius: int, colour: str = "#ffffff") -> None:
    """A rounded card with a soft shadow under it."""
    left, top, right, bottom = zoomed(*corners)
    shadow = layer()
    ImageDraw.Draw(shadow).rounded_rectangle(
        (left, top + 12 * ZOOM, right, bottom + 12 * ZOOM), radius * ZOOM, fill=255
    )
    tint(page, shadow.filter(ImageFilter.GaussianBlur(18 * ZOOM)), "#06245c", 0.28)
    ImageDraw.Draw(page).rounded_rectangle((left, top, right, bottom), radius * ZOOM, fill=colour)


def waves(page: Image.Image, centre: tuple[int, int], radii: range, arc: tuple[int, int]) -> None:
    """Signal waves: arcs that fade as they travel."""
    x, y = zoomed(*centre)
    for radius in radii:
        mask = layer()
        r = radius * ZOOM
        ImageDraw.Draw(mask).arc((x - r, y - r, x + r, y + r), *arc, fill=255, width=3 * ZOOM)
        fade = 1 - (radius - radii.start) / (radii.stop - radii.start)
        tint(page, mask, "#ffffff", 0.05 + 0.4 * fade)


def dots(page: Image.Image, corners: Corners, colour: str, strength: float) -> None:
    """A field of small dots that grows fainter downwards."""
    left, top, right, bottom = corners
    mask = layer()
    pen = ImageDraw.Draw(mask)
    for y in range(top, bottom, 22):
        value = round(255 * (1 - (y - top) / (bottom - top)))
        for x in range(left, right, 22):
            a, b = zoomed(x, y)
            pen.ellipse((a - ZOOM * 2, b - ZOOM * 2, a + ZOOM * 2, b + ZOOM * 2), fill=value)
    tint(page, mask, colour, strength)


def skyline(page: Image.Image, base: int, colour: str, strength: float, heights: list[int]) -> None:
    """A row of houses from edge to edge, standing on `base`."""
    mask = layer()
    pen = ImageDraw.Draw(mask)
    step = WIDTH / len(heights)
    for at, tall in enumerate(heights):
        box = zoomed(at * step + 3, base - tall, (at + 1) * step - 3, base)
        pen.rounded_rectangle(box, 5 * ZOOM, fill=255, corners=(True, True, False, False))
        for row in range(base - tall + 16, base - 14, 24):
            for column in (0.3, 0.62):
                x = at * step + step * column
                pen.rectangle(zoomed(x - 3, row, x + 3, row + 9), fill=150)
    fade = Image.linear_gradient("L").rotate(180).resize((mask.width, zoomed(90)[0]))
    below = Image.new("L", mask.size, 0)
    below.paste(255, (0, 0, mask.width, zoomed(base - 90)[0]))
    below.paste(fade, (0, zoomed(base - 90)[0]))
    tint(page, ImageChops.multiply(mask, below), colour, strength)


def tower(page: Image.Image, x: int, base: int, tall: int) -> None:
    """A radio mast."""
    mask = layer()
    pen = ImageDraw.Draw(mask)
    top, half = base - tall, 34
    for side in (-1, 1):
        pen.line(zoomed(x + side * half, base, x + side * 3, top), fill=255, width=4 * ZOOM)
    for at in range(1, 7):
        y, reach = base - tall * at / 7, half * (1 - at / 7) + 3
        lower = half * (1 - (at - 1) / 7) + 3
        pen.line(zoomed(x - reach, y, x + reach, y), fill=255, width=2 * ZOOM)
        pen.line(zoomed(x - lower, y + tall / 7, x + reach, y), fill=255, width=2 * ZOOM)
        pen.line(zoomed(x + lower, y + tall / 7, x - reach, y), fill=255, width=2 * ZOOM)
    pen.line(zoomed(x, top, x, top - 26), fill=255, width=4 * ZOOM)
    pen.ellipse(zoomed(x - 7, top - 38, x + 7, top - 24), fill=255)
    tint(page, mask, "#ffffff", 0.92)


def frame(page: Image.Image, corners: Corners, colour: str) -> None:
    """Four rounded corners around a code, as in a viewfinder."""
    left, top, right, bottom = zoomed(*corners)
    whole, bars = layer(), layer()
    ImageDraw.Draw(whole).rounded_rectangle(
        (left, top, right, bottom), 18 * ZOOM, outline=255, width=4 * ZOOM
    )
    reach = 44 * ZOOM
    pen = ImageDraw.Draw(bars)
    for x in (left, right - reach):
        for y in (top, bottom - reach):
            pen.rectangle((x, y, x + reach, y + reach), fill=255)
    tint(page, ImageChops.multiply(whole, bars), colour)


def phone(page: Image.Image, centre: tuple[int, int], width: int, height: int) -> None:
    """A telephone seen from the front, its screen lit in the colours of the page."""
    x, y = centre
    body: Corners = (x - width // 2, y - height // 2, x + width // 2, y + height // 2)
    card(page, body, 34, "#1b2440")
    screen = zoomed(body[0] + 9, body[1] + 9, body[2] - 9, body[3] - 9)
    lit = gradient([(0, "#0a6cff"), (0.5, "#5b7cff"), (1, "#ff9f6b")], 24)
    mask = layer()
    ImageDraw.Draw(mask).rounded_rectangle(screen, 26 * ZOOM, fill=255)
    page.paste(lit, (0, 0), mask)
    pen = ImageDraw.Draw(page)
    pen.rounded_rectangle(zoomed(x - 34, body[1] + 20, x + 34, body[1] + 34), 7 * ZOOM, "#1b2440")
    for radius in range(30, 110, 26):
        arcs = layer()
        box = zoomed(x - radius, y + 30 - radius, x + radius, y + 30 + radius)
        ImageDraw.Draw(arcs).arc(box, 225, 315, fill=255, width=9 * ZOOM)
        tint(page, arcs, "#ffffff", 0.95)
    pen.ellipse(zoomed(x - 9, y + 17, x + 9, y + 35), fill="#ffffff")


def personal() -> Image.Image:
    """Blue evening over a town, a mast sending, a white card for the person."""
    page = gradient([(0, "#0637a8"), (0.42, "#0a6cff"), (0.72, "#19b5fe"), (1, "#0a7bff")], 12)
    glow(page, (620, 120), 260, "#58d7ff", 0.55)
    glow(page, (80, 420), 240, "#3a8bff", 0.6)
    dots(page, (40, 40, 330, 300), "#ffffff", 0.22)
    waves(page, (620, 196), range(40, 300, 36), (150, 390))
    heights = [130, 174, 152, 220, 166, 198, 140, 186, 238, 160, 204, 146, 182, 134]
    skyline(page, 600, "#ffffff", 0.13, heights)
    skyline(page, 600, "#ffffff", 0.12, [h + 14 for h in heights[5:] + heights[:5]])
    tower(page, 620, 560, 326)
    card(page, (50, 470, 700, 1236), 36)
    frame(page, (225, 784, 525, 1084), "#0a6cff")
    return page


def product() -> Image.Image:
    """Warm light, a large stage for the goods, a white strip for the person and the code."""
    page = gradient([(0, "#ff7a3c"), (0.38, "#ff4d4f"), (0.75, "#e3256b"), (1, "#a3195b")], -14)
    glow(page, (120, 110), 260, "#ffd36b", 0.65)
    glow(page, (650, 640), 260, "#ff8a5c", 0.5)
    dots(page, (470, 40, 720, 250), "#ffffff", 0.25)
    waves(page, (375, 470), range(190, 520, 46), (0, 360))
    card(page, (50, 250, 700, 1000), 36, "#fffaf6")
    glow(page, (375, 520), 150, "#ffd9c2", 0.9)
    phone(page, (375, 500), 196, 380)
    card(page, (50, 1024, 700, 1290), 36)
    return page


BACKGROUNDS: dict[str, Callable[[], Image.Image]] = {"personal": personal, "product": product}


def main() -> None:
    """Draw every background and write it into the folder of its template."""
    for name, draw in BACKGROUNDS.items():
        folder = TEMPLATES / name
        folder.mkdir(parents=True, exist_ok=True)
        page = draw().resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        page.save(folder / "background.jpg", quality=QUALITY, subsampling=0, optimize=True)
        print(f"{name}: {(folder / 'background.jpg').stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
