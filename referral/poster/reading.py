"""Reading a template from its folder: `template.toml` and the background picture beside it."""

import hashlib
import re
import tomllib
from functools import cache
from pathlib import Path
from string import Formatter
from typing import get_args

from referral.poster.tables import Table
from referral.poster.template import (
    Align,
    PictureBox,
    Shape,
    Template,
    TextBox,
    VerticalAlign,
    Weight,
)
from referral.poster.values import PICTURE_FIELDS, WORD_FIELDS
from wx_backend.errors import BadInput, NotFound

TEMPLATES = Path(__file__).with_name("templates")
SIDE_MIN, SIDE_MAX = 200, 2000
CODE_SIDE_MIN = 200
BACKGROUND_BYTES_MAX = 4 * 1024 * 1024
TOML_BYTES_MAX = 64 * 1024
TEXTS_MAX = 40
PICTURES_MAX = 8

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_BACKGROUND = re.compile(r"[a-z0-9_-]{1,40}\.(jpg|png)")


class TemplateInvalid(BadInput):
    """A template folder cannot be used; `details` maps each wrong key to the reason."""

    code, message = "poster_template_invalid", "海报模板有误"


class NoSuchTemplate(NotFound):
    """There is no shipped template of this name."""

    code, message = "no_such_poster_template", "没有这个海报模板"


@cache
def template_named(name: str) -> Template:
    """A template shipped with the service; raises NoSuchTemplate."""
    folder = TEMPLATES / name
    if not _NAME.fullmatch(name) or not (folder / "template.toml").is_file():
        raise NoSuchTemplate
    return template_from_folder(folder)


def template_names() -> list[str]:
    """The names of the templates shipped with the service."""
    return sorted(path.parent.name for path in TEMPLATES.glob("*/template.toml"))


def template_from_folder(folder: Path) -> Template:
    """Read a template; raises TemplateInvalid naming everything that is wrong with it.

    The background itself is looked at when the first poster is drawn.
    """
    text = _contents(folder / "template.toml", TOML_BYTES_MAX)
    try:
        raw = tomllib.loads(text.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TemplateInvalid(**{"template.toml": str(error)}) from error
    faults: dict[str, str] = {}
    template = _template(folder, text, Table(raw, "", faults))
    if faults:
        raise TemplateInvalid(**faults)
    return template


def _template(folder: Path, toml: bytes, table: Table) -> Template:
    size = table.size("size", SIDE_MIN, SIDE_MAX)
    file_name = table.text("background", longest=44)
    background = b""
    if _BACKGROUND.fullmatch(file_name):
        background = _contents(folder / file_name, BACKGROUND_BYTES_MAX)
    else:
        table.fault("background", "应为同一文件夹中的 .jpg 或 .png 文件")
    code = table.box("code", size)
    if min(code.width, code.height) < CODE_SIDE_MIN:
        table.fault("code", f"二维码区域每边至少 {CODE_SIDE_MIN} 像素")
    texts, pictures = table.tables("text"), table.tables("picture")
    if len(texts) > TEXTS_MAX or len(pictures) > PICTURES_MAX:
        table.fault("text", f"最多 {TEXTS_MAX} 段文字、{PICTURES_MAX} 张图片")
    template = Template(
        name=folder.name,
        title=table.text("title", longest=40),
        width=size[0],
        height=size[1],
        background=background,
        code=code,
        texts=tuple(_text_box(text, size) for text in texts[:TEXTS_MAX]),
        pictures=tuple(_picture_box(picture, size) for picture in pictures[:PICTURES_MAX]),
        digest=hashlib.sha256(toml + background).hexdigest(),
    )
    table.close()
    return template


def _text_box(table: Table, within: tuple[int, int]) -> TextBox:
    text = table.text("text", longest=200)
    if (reason := _placeholder_fault(text)) is not None:
        table.fault("text", reason)
        text = ""
    size = table.whole("size", 12, 300)
    box = TextBox(
        text=text,
        box=table.box("box", within),
        size=size,
        min_size=table.whole("min_size", 12, size, default=size),
        lines=table.whole("lines", 1, 20, default=1),
        line_height=table.number("line_height", 1.0, 3.0, default=1.4),
        colour=table.colour("colour", "#000000"),
        align=table.choice("align", get_args(Align), default="left"),
        valign=table.choice("valign", get_args(VerticalAlign), default="middle"),
        weight=table.choice("weight", get_args(Weight), default="regular"),
    )
    table.close()
    return box


def _picture_box(table: Table, within: tuple[int, int]) -> PictureBox:
    box = PictureBox(
        source=table.choice("source", PICTURE_FIELDS),
        box=table.box("box", within),
        shape=table.choice("shape", get_args(Shape), default="circle"),
        radius=table.whole("radius", 0, 400, default=0),
        ring=table.whole("ring", 0, 40, default=0),
        ring_colour=table.colour("ring_colour", "#ffffff"),
        fill=table.colour("fill", "#ffffff"),
        initial=table.colour("initial", "#000000") if table.has("initial") else "",
    )
    table.close()
    return box


def _placeholder_fault(text: str) -> str | None:
    """Why the placeholders are not plain known names; None when they are."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return "花括号不成对"
    for _, field, spec, conversion in parts:
        if field is not None and (field not in WORD_FIELDS or spec or conversion):
            return f"占位符只能是 {'、'.join(WORD_FIELDS)}"
    return None


def _contents(path: Path, longest: int) -> bytes:
    """A file of the template, refused when it is missing or too large."""
    try:
        with path.open("rb") as file:
            data = file.read(longest + 1)
    except OSError as error:
        raise TemplateInvalid(**{path.name: "无法读取"}) from error
    if len(data) > longest:
        raise TemplateInvalid(**{path.name: f"不能超过 {longest // 1024} KB"})
    return data
