"""What one poster says: the link behind its code, the words, the two optional pictures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from wx_backend.errors import BadInput
from wx_backend.money import yuan

PictureName = Literal["avatar", "picture"]

LINK_MAX = 256
WORDS_MAX = 200
PICTURE_BYTES_MAX = 5 * 1024 * 1024

WORD_FIELDS = ("name", "title", "outlet", "product", "slogan", "price", "expires")
PERSONAL_FIELDS = frozenset({"name", "title", "outlet"})
PICTURE_FIELDS: tuple[PictureName, ...] = ("avatar", "picture")


class BadPosterValues(BadInput):
    """A poster cannot be drawn from these values; `details` names the fields."""

    code, message = "bad_poster_values", "海报内容有误"


@dataclass(frozen=True, slots=True)
class PosterValues:
    """The content of one poster. Everything but the link may be left out.

    `link` is exactly what the QR code must say: printable ASCII, a page of ours or the address
    WeChat returned for a scene code. `price_fen` is in fen, `expires_on` the last day the code
    works (temporary codes live 30 days). `avatar` and `picture` are the bytes of an uploaded
    JPEG, PNG, WebP or GIF. Raises BadPosterValues.
    """

    link: str
    name: str = ""
    title: str = ""
    outlet: str = ""
    product: str = ""
    slogan: str = ""
    price_fen: int | None = None
    expires_on: date | None = None
    avatar: bytes | None = field(default=None, repr=False)
    picture: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        wrong = {}
        if not (0 < len(self.link) <= LINK_MAX and self.link.isascii() and _is_one_word(self.link)):
            wrong["link"] = "链接须为不含空格的 ASCII 字符"
        for word in ("name", "title", "outlet", "product", "slogan"):
            if len(getattr(self, word)) > WORDS_MAX:
                wrong[word] = f"不能超过 {WORDS_MAX} 个字"
        if self.price_fen is not None and self.price_fen < 0:
            wrong["price_fen"] = "价格不能为负数"
        for picture in PICTURE_FIELDS:
            if len(getattr(self, picture) or b"") > PICTURE_BYTES_MAX:
                wrong[picture] = "图片不能超过 5 MB"
        if wrong:
            raise BadPosterValues(**wrong)

    def words(self) -> Mapping[str, str]:
        """What each placeholder of a template stands for; empty when there is nothing to say."""
        return {
            "name": self.name,
            "title": self.title,
            "outlet": self.outlet,
            "product": self.product,
            "slogan": self.slogan,
            "price": "" if self.price_fen is None else yuan(self.price_fen).removesuffix(".00"),
            "expires": _chinese_day(self.expires_on) if self.expires_on else "",
        }

    def initial(self) -> str:
        """The first character of the name, drawn where the avatar would be."""
        return self.name.strip()[:1]


def _is_one_word(text: str) -> bool:
    return text.isprintable() and " " not in text


def _chinese_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
