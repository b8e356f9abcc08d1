"""Who is meant by a campaign or given a tag, as data: conditions that must all hold."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from wx_backend.errors import BadInput

DAYS_MAX: Final = 3_650
TAGS_MAX: Final = 20
ORDERED: Final = ("", "paid", "never")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Conditions over an account's people; an empty one (0, "") asks for nothing.

    `outlet_id` is a place of any tier, whose reps brought them. `scene` is what the code carries that
    somebody scanned, `shelf` the category of what he bought. `quiet_days`: no sign of life for at
    least so long. `plan_ends_days`: the contract of a plan ends within so many days from now. `tags` he must all have, of `without_tags` none. `is_list`: only
    those of an imported list.
    """

    rep_number: str = ""
    outlet_id: int = 0
    is_rep: bool = False
    followed_days: int = 0
    scanned_days: int = 0
    scene: str = ""
    ordered: str = ""
    ordered_days: int = 0
    product_number: str = ""
    shelf: str = ""
    plan_ends_days: int = 0
    seen_days: int = 0
    quiet_days: int = 0
    tags: tuple[int, ...] = ()
    without_tags: tuple[int, ...] = ()
    is_list: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it is stored: only what asks for something."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Segment":
        """The reverse of `as_json`. Raises BadInput for what no segment says."""
        known = {each.name: each.type for each in fields(cls)}
        if unknown := set(stored) - set(known):
            raise BadInput("没有这种人群条件", fields=sorted(unknown))
        tags = {name: tuple(stored.get(name, ())) for name in ("tags", "without_tags")}
        segment = cls(**{**stored, **tags})
        days = (
            segment.followed_days,
            segment.scanned_days,
            segment.ordered_days,
            segment.plan_ends_days,
            segment.seen_days,
            segment.quiet_days,
        )
        if segment.ordered not in ORDERED or not all(0 <= each <= DAYS_MAX for each in days):
            raise BadInput("人群条件超出范围", fields=["segment"])
        if any(len(each) > TAGS_MAX for each in tags.values()):
            raise BadInput(f"最多选 {TAGS_MAX} 个标签", fields=["tags"])
        return segment
