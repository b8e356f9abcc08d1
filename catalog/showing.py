"""What a product page shows beside the price: gifts, promises, an album. Read and written strictly."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from wx_backend.errors import AppError

GIFTS_MAX: Final = 10
ALBUM_MAX: Final = 9
PROMISES_MAX: Final = 6
SIDE_MAX: Final = 8_000
_TEXT_MAX: Final = 60
_PATH_MAX: Final = 200


class BadShowing(AppError):
    """A gift, promise or picture that cannot be: `details` names which kind."""

    code, message = "bad_showing", "赠品、承诺或图片填写有误"


@dataclass(frozen=True, slots=True)
class Gift:
    """Something that comes with each piece for nothing; `worth_fen` is what it costs by itself."""

    name: str
    quantity: int = 1
    worth_fen: int | None = None

    def __post_init__(self) -> None:
        is_counted = type(self.quantity) is int and 1 <= self.quantity <= 9
        is_worth = self.worth_fen is None or (type(self.worth_fen) is int and self.worth_fen > 0)
        if not (_is_line(self.name) and is_counted and is_worth):
            raise BadShowing(fields=["gifts"])


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of an album: an address on this site and its size, so that no page jumps."""

    path: str
    width: int
    height: int

    def __post_init__(self) -> None:
        sides = (self.width, self.height)
        is_sized = all(type(side) is int and 1 <= side <= SIDE_MAX for side in sides)
        is_here = self.path[:1] == "/" and self.path[:2] != "//" and len(self.path) <= _PATH_MAX
        if not (is_sized and is_here):
            raise BadShowing(fields=["album"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """All of it. Raises BadShowing for too many of a kind, and promises that are no line of text."""

    gifts: Sequence[Gift] = ()
    promises: Sequence[str] = ()
    album: Sequence[Picture] = ()

    def __post_init__(self) -> None:
        counts = {
            "gifts": (len(self.gifts), GIFTS_MAX),
            "promises": (len(self.promises), PROMISES_MAX),
            "album": (len(self.album), ALBUM_MAX),
        }
        wrong = {name for name, (count, most) in counts.items() if count > most}
        if not all(map(_is_line, self.promises)):
            wrong.add("promises")
        if wrong:
            raise BadShowing(fields=sorted(wrong))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Showing":
        """What `as_json` wrote."""
        return cls(
            gifts=tuple(Gift(**gift) for gift in stored.get("gifts", ())),
            promises=tuple(stored.get("promises", ())),
            album=tuple(Picture(**picture) for picture in stored.get("album", ())),
        )

    def as_json(self) -> dict[str, Any]:
        """As it is kept beside a product."""
        return {
            "gifts": [asdict(gift) for gift in self.gifts],
            "promises": list(self.promises),
            "album": [asdict(picture) for picture in self.album],
        }


def _is_line(text: Any) -> bool:
    return isinstance(text, str) and 0 < len(text.strip()) <= _TEXT_MAX and text.isprintable()
