"""The demo's campaign slots: a province's and a city's, with pictures drawn here."""

from datetime import datetime, timedelta
from io import BytesIO

from PIL import Image, ImageDraw
from sqlalchemy import select

from catalog.banner_models import LeadsTo
from catalog.banners import BannerData, Target, add_banner
from catalog.models import Category, Product
from catalog.showing import Picture
from flows.album import keep_picture
from referral.poster.fonts import font
from wx_backend.db import db

SIZE = (1_200, 480)
LOOKS = (
    ("开学季", "学生套餐首月半价", (232, 87, 58), (185, 47, 61)),
    ("以旧换新", "旗舰新机最高补贴 800 元", (22, 119, 255), (11, 52, 133)),
)


def draw() -> list[Picture]:
    """Their pictures, kept as files; before any transaction, since drawing takes its time."""
    return [keep_picture(_drawn(*look)) for look in LOOKS]


def build(*, province_id: int, city_id: int, pictures: list[Picture], now: datetime) -> None:
    """Put them up for two months, the city's first below it."""
    plans = db.session.scalars(select(Category.id).where(Category.slug == "plan")).one()
    phone = db.session.scalars(select(Product.id).where(Product.name == "北斗 一号")).one()
    shown = (
        (province_id, Target(LeadsTo.CATEGORY, category_id=plans)),
        (city_id, Target(LeadsTo.PRODUCT, product_id=phone)),
    )
    for look, picture, (node_id, target) in zip(LOOKS, pictures, shown, strict=True):
        data = BannerData(
            node_id=node_id,
            title=f"{look[0]}，{look[1]}",
            picture=picture,
            target=target,
            shown_from=now,
            shown_until=now + timedelta(days=60),
        )
        add_banner(data, form_key=f"demo:{look[0]}", actor="demo", now=now)


def _drawn(head: str, line: str, left: tuple[int, int, int], right: tuple[int, int, int]) -> bytes:
    """Two colours running into each other, with two lines of text."""
    mask = Image.linear_gradient("L").rotate(90).resize(SIZE)
    page = Image.composite(Image.new("RGB", SIZE, left), Image.new("RGB", SIZE, right), mask)
    pen = ImageDraw.Draw(page)
    for radius in (150, 250, 350):
        pen.circle((1_050, 240), radius, outline=(255, 255, 255), width=2)
    pen.text((90, 120), head, font=font(110), fill="white")
    pen.text((94, 290), line, font=font(54), fill="white")
    out = BytesIO()
    page.save(out, "PNG")
    return out.getvalue()
