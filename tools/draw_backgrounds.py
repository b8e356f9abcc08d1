"""Draw the backgrounds of the shipped poster templates: shapes and gradients only, no foreign art.

    python -m tools.draw_backgrounds

writes referral/poster/templates/*/background.jpg again. Everything is drawn at twice the size and
scaled down, which smooths the edges. To change a background, change its function here.
"""

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tools.poster_shapes import (
    HEIGHT,
    WIDTH,
    band,
    card,
    clouds,
    disc,
    dots,
    frame,
    glow,
    gradient,
    hills,
    lantern,
    leaf,
    outline,
    perspective,
    phone,
    skyline,
    stars,
    tower,
    waves,
)

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "referral" / "poster" / "templates"
QUALITY = 92


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


def personal_ink() -> Image.Image:
    """Rice paper, a red sun over hills in mist, a seal: for those who like it quiet."""
    page = gradient([(0, "#f6f0e2"), (0.6, "#f2e9d6"), (1, "#e9dcc3")])
    disc(page, (560, 250), 96, "#c8402f")
    for base, tall, strength, seed in (
        (560, 250, 0.34, 0.4),
        (620, 210, 0.5, 2.1),
        (690, 170, 0.72, 4.0),
    ):
        hills(page, base, tall, "#2f4a4a", strength, seed)
    band(page, (0, 700, WIDTH, HEIGHT), "#f5eedf")
    outline(page, (28, 28, 722, 1306), "#8c6f45", 2)
    outline(page, (38, 38, 712, 1296), "#8c6f45", 1)
    band(page, (84, 806, 380, 1102), "#ffffff")
    outline(page, (78, 800, 386, 1108), "#2f4a4a", 2)
    band(page, (590, 1150, 654, 1214), "#c8402f", 8)
    return page


def personal_night() -> Image.Image:
    """A city of light at the horizon of a dark sky: for the young and the late."""
    page = gradient(
        [(0, "#070b24"), (0.4, "#141a4e"), (0.52, "#4a1d73"), (0.56, "#120b33"), (1, "#05030f")]
    )
    stars(page, 560)
    glow(page, (375, 700), 330, "#ff3fa4", 0.5)
    glow(page, (130, 180), 220, "#3b6bff", 0.4)
    glow(page, (640, 330), 190, "#19d3ff", 0.35)
    perspective(page, 726, "#ff4fb8")
    skyline(page, 726, "#05030f", 0.92, [50, 74, 58, 92, 66, 104, 80, 60, 98, 72, 86, 54, 68, 46])
    band(page, (210, 790, 540, 1120), "#ffffff", 28)
    outline(page, (196, 776, 554, 1134), "#19d3ff", 3, 38)
    outline(page, (184, 764, 566, 1146), "#ff4fb8", 2, 46)
    return page


def personal_festive() -> Image.Image:
    """Red and gold with lanterns: for feasts and openings."""
    page = gradient([(0, "#a90f14"), (0.5, "#cf1f1f"), (1, "#96090f")])
    glow(page, (375, 420), 380, "#ff7a3c", 0.45)
    clouds(page, 0, HEIGHT + 34, "#ffd98a", 0.13)
    for x, top, size in ((96, 96, 104), (654, 96, 104), (196, 44, 70), (554, 44, 70)):
        lantern(page, x, top, size)
    card(page, (64, 520, 686, 1230), 30, "#fff6e6")
    outline(page, (80, 536, 670, 1214), "#d8a441", 2, 20)
    outline(page, (218, 776, 532, 1090), "#c0202a", 3, 14)
    return page


def personal_spring() -> Image.Image:
    """Light green with leaves from two corners, a round place for the person."""
    page = gradient([(0, "#eaf7ea"), (0.55, "#f7fbf2"), (1, "#dff1e4")], 18)
    glow(page, (620, 160), 240, "#bfe7c5", 0.8)
    for turn, length, colour in (
        (2.75, 260, "#8fcf9f"),
        (2.35, 300, "#5fb57f"),
        (1.95, 270, "#3f9a6b"),
        (1.55, 210, "#7cc796"),
    ):
        leaf(page, (770, -20), length, turn, colour)
    for turn, length, colour in (
        (-0.28, 250, "#8fcf9f"),
        (-0.66, 290, "#5fb57f"),
        (-1.05, 250, "#3f9a6b"),
        (-1.42, 200, "#7cc796"),
    ):
        leaf(page, (-20, 1354), length, turn, colour)
    band(page, (0, 330, 10, 620), "#2f8a5f")
    card(page, (346, 760, 690, 1104), 40)
    return page


BACKGROUNDS: dict[str, Callable[[], Image.Image]] = {
    "personal": personal,
    "personal-festive": personal_festive,
    "personal-ink": personal_ink,
    "personal-night": personal_night,
    "personal-spring": personal_spring,
    "product": product,
}


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
