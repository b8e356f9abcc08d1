"""Shapes and light that poster backgrounds are made of, on a canvas of twice the size."""

import math
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw, ImageFilter

WIDTH, HEIGHT = 750, 1334
ZOOM = 2

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


def hills(
    page: Image.Image, base: int, tall: int, colour: str, strength: float, seed: float
) -> None:
    """A far range of hills, fading towards its foot as in mist."""
    mask = layer()
    ridge: list[tuple[float, float]] = [(0, HEIGHT)]
    for x in range(0, WIDTH + 6, 6):
        swing = math.sin(x / 97 + seed) + 0.55 * math.sin(x / 41 + seed * 2.3)
        ridge.append((x, base - tall * (0.62 + 0.25 * swing)))
    ridge.append((WIDTH, HEIGHT))
    ImageDraw.Draw(mask).polygon([zoomed(x, y) for x, y in ridge], fill=255)
    fade = Image.linear_gradient("L").rotate(180).resize((mask.width, zoomed(tall + 40)[0]))
    below = Image.new("L", mask.size, 0)
    below.paste(255, (0, 0, mask.width, zoomed(base - tall)[0]))
    below.paste(fade, (0, zoomed(base - tall)[0]))
    tint(page, ImageChops.multiply(mask, below), colour, strength)


def band(page: Image.Image, corners: Corners, colour: str, radius: int = 0) -> None:
    """A flat area."""
    ImageDraw.Draw(page).rounded_rectangle(zoomed(*corners), radius * ZOOM, fill=colour)


def disc(page: Image.Image, centre: tuple[int, int], radius: int, colour: str) -> None:
    """A flat circle with a smooth edge."""
    x, y, r = zoomed(*centre, radius)
    ImageDraw.Draw(page).ellipse((x - r, y - r, x + r, y + r), fill=colour)


def outline(page: Image.Image, corners: Corners, colour: str, width: int, radius: int = 0) -> None:
    """A frame of one line."""
    ImageDraw.Draw(page).rounded_rectangle(
        zoomed(*corners), radius * ZOOM, outline=colour, width=width * ZOOM
    )


def perspective(page: Image.Image, horizon: int, colour: str) -> None:
    """A floor of glowing lines that runs to the horizon."""
    mask = layer()
    pen = ImageDraw.Draw(mask)
    for step in range(-14, 15):
        pen.line(zoomed(375 + step * 16, horizon, 375 + step * 150, HEIGHT), fill=200, width=ZOOM)
    depth = 0.0
    while horizon + depth < HEIGHT:
        y = horizon + depth
        pen.line(zoomed(0, y, WIDTH, y), fill=200, width=ZOOM)
        depth = depth * 1.32 + 7
    fade = Image.linear_gradient("L").resize((mask.width, zoomed(HEIGHT - horizon)[0]))
    rising = Image.new("L", mask.size, 0)
    rising.paste(fade, (0, zoomed(horizon)[0]))
    tint(page, ImageChops.multiply(mask, rising), colour, 0.75)


def stars(page: Image.Image, bottom: int) -> None:
    """Points of light, in the same places every time."""
    mask = layer()
    pen = ImageDraw.Draw(mask)
    for number in range(150):
        x, y = (number * 193 + 57) % WIDTH, (number * 389 + 31) % bottom
        size = 1 + number % 3
        pen.ellipse(zoomed(x, y, x + size, y + size), fill=90 + number % 5 * 40)
    tint(page, mask, "#ffffff", 0.9)


def lantern(page: Image.Image, x: int, top: int, size: int) -> None:
    """A paper lantern on its thread."""
    pen = ImageDraw.Draw(page)
    middle = top + size // 2
    pen.line(zoomed(x, 0, x, top - 8), fill="#f3c969", width=2 * ZOOM)
    pen.ellipse(zoomed(x - size * 0.62, top, x + size * 0.62, top + size), fill="#f0442f")
    for reach in (0.62, 0.36, 0.1):
        box = zoomed(x - size * reach, top, x + size * reach, top + size)
        pen.ellipse(box, outline="#f8a15a", width=2 * ZOOM)
    for y in (top - 8, top + size - 6):
        pen.rounded_rectangle(
            zoomed(x - size * 0.3, y, x + size * 0.3, y + 14), 5 * ZOOM, "#f3c969"
        )
    for offset in (-10, 0, 10):
        foot = middle + size - (12 if offset else 0)
        pen.line(
            zoomed(x + offset, top + size + 8, x + offset, foot), fill="#f3c969", width=2 * ZOOM
        )


def clouds(page: Image.Image, top: int, bottom: int, colour: str, strength: float) -> None:
    """Rows of round scales, as on old porcelain."""
    mask = layer()
    pen = ImageDraw.Draw(mask)
    for row, y in enumerate(range(top, bottom, 34)):
        for x in range(-34 * (row % 2), WIDTH + 68, 68):
            for radius in (32, 21, 10):
                box = zoomed(x - radius, y - radius, x + radius, y + radius)
                pen.arc(box, 180, 360, fill=255, width=2 * ZOOM)
    tint(page, mask, colour, strength)


def leaf(page: Image.Image, foot: tuple[int, int], length: int, turn: float, colour: str) -> None:
    """A leaf with its rib, growing from its foot."""
    edge = []
    for side in (1, -1):
        steps = range(21) if side > 0 else range(20, -1, -1)
        for step in steps:
            along = step / 20
            wide = side * length * 0.21 * math.sin(math.pi * along**0.8)
            x = foot[0] + along * length * math.cos(turn) - wide * math.sin(turn)
            y = foot[1] + along * length * math.sin(turn) + wide * math.cos(turn)
            edge.append(zoomed(x, y))
    pen = ImageDraw.Draw(page)
    pen.polygon(edge, fill=colour)
    tip = (foot[0] + 0.92 * length * math.cos(turn), foot[1] + 0.92 * length * math.sin(turn))
    pen.line(zoomed(*foot, *tip), fill="#f4fbf3", width=2 * ZOOM)
