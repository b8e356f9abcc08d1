"""What was typed into the form of the attribution policy, and which field each refusal is about."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from console.pages import SENTENCE_MAX
from console.policy_words import developer_bp, percent, scope
from console.typed import DIGITS_MAX, Typed
from org.models import ChannelClass
from referral.policy import Override, Policy, PolicyRefused
from wx_backend.money import fen_from_yuan

ROWS_MIN: Final = 3
ROWS_MORE: Final = 3
ROWS_MAX: Final = 50
NUMBERS: Final = ("window_days", "protection_days", "flash_recent_minutes")
PERCENT: Final = "developer_percent"
_FIELDS: Final = {
    "channel_class": "channel",
    "product_category": "category",
    "split_developer_bp": PERCENT,
    "split_acceptor_bp": PERCENT,
}
"""The fields of the form by what the policy calls them, where that is something else."""
_WHOLE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Wish:
    """A policy as it was typed; `settings` is sound."""

    settings: dict[str, Any]
    valid_from: datetime
    reason: str


def wish_typed(form: Mapping[str, str], shelves: Mapping[str, str]) -> Wish:
    """The policy in the form. Raises BadForm saying of each field what is wrong."""
    typed = Typed(form)
    rows = [row for row in range(rows_of(form)) if _is_filled(form, row)]
    overrides = [_override(form, row) for row in rows]
    settings = {**_numbers(form, ""), "overrides": overrides}
    valid_from = typed.moment("valid_from")
    reason = typed.line("reason", SENTENCE_MAX, is_needed=True)
    typed.faults.update(_faults(settings, rows, shelves))
    if valid_from is None or typed.faults:
        raise typed.refusal()
    return Wish(settings, valid_from, reason)


def policy_as_typed(policy: Policy) -> dict[str, str]:
    """A policy as the form's fields."""
    typed = _as_typed(asdict(policy.terms), "")
    for row, override in enumerate(policy.overrides):
        typed[f"channel-{row}"] = override.channel_class or ""
        typed[f"category-{row}"] = override.product_category or ""
        typed |= _as_typed(override.numbers, f"-{row}")
    return typed


def rows_of(typed: Mapping[str, str]) -> int:
    """How many rows of exceptions a form has, three at least."""
    named = (name.removeprefix("channel-") for name in typed if name.startswith("channel-"))
    found = [int(each) for each in named if each.isascii() and each.isdigit() and len(each) <= 2]
    return min(ROWS_MAX, max(ROWS_MIN, max(found, default=-1) + 1))


def _as_typed(numbers: Mapping[str, int], row: str) -> dict[str, str]:
    typed = {f"{name}{row}": str(numbers[name]) for name in NUMBERS if name in numbers}
    if (developer := developer_bp(numbers)) is not None:
        typed[f"{PERCENT}{row}"] = percent(developer).removesuffix("%")
    return typed


def _is_filled(form: Mapping[str, str], row: int) -> bool:
    names = ("channel", "category", PERCENT, *NUMBERS)
    return any(form.get(f"{name}-{row}", "").strip() for name in names)


def _override(form: Mapping[str, str], row: int) -> dict[str, Any]:
    named = {
        name: form.get(f"{field}-{row}", "").strip()
        for name, field in (("channel_class", "channel"), ("product_category", "category"))
    }
    scopes = {name: value for name, value in named.items() if value}
    return {**scopes, **_numbers(form, f"-{row}")}


def _numbers(form: Mapping[str, str], row: str) -> dict[str, Any]:
    """What is typed, as numbers where it is some; an exception may leave any of them out."""
    found: dict[str, Any] = {}
    for name in NUMBERS:
        typed = form.get(f"{name}{row}", "").strip()
        if typed or not row:
            found[name] = _whole(typed)
    typed = form.get(f"{PERCENT}{row}", "").strip()
    if typed or not row:
        found |= _shares(typed)
    return found


def _whole(typed: str) -> int | str:
    is_number = typed.isascii() and typed.isdigit() and len(typed) <= DIGITS_MAX
    return int(typed) if is_number else typed


def _shares(typed: str) -> dict[str, Any]:
    """The developer's part as typed in percent; the acceptor has the rest."""
    try:
        developer = fen_from_yuan(typed)
    except ValueError:
        return {"split_developer_bp": typed}
    return {"split_developer_bp": developer, "split_acceptor_bp": _WHOLE - developer}


def _faults(
    settings: Mapping[str, Any], rows: Sequence[int], shelves: Mapping[str, str]
) -> dict[str, str]:
    faults = dict(_strange(settings["overrides"], rows, shelves))
    try:
        Policy.from_mapping({**settings, "version": 1})
    except PolicyRefused as refusal:
        for path, reason in refusal.details.items():
            field, said = _about(path, reason, settings["overrides"], rows, shelves)
            faults.setdefault(field, said)
    return faults


def _strange(
    overrides: Sequence[Mapping[str, Any]], rows: Sequence[int], shelves: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """What a policy would take, and nobody can mean."""
    for override, row in zip(overrides, rows, strict=True):
        if override.get("channel_class", ChannelClass.OWN_HALL) not in set(ChannelClass):
            yield f"channel-{row}", "没有这个渠道"
        if "product_category" in override and override["product_category"] not in shelves:
            yield f"category-{row}", "没有这个商品类别"
        if not override.keys() - {"channel_class", "product_category"}:
            yield f"window_days-{row}", "至少填写一项不同于一般规定的数字"


def _about(
    path: str,
    reason: str,
    overrides: Sequence[Mapping[str, Any]],
    rows: Sequence[int],
    shelves: Mapping[str, str],
) -> tuple[str, str]:
    """The field a mistake is at, and what is said beside it."""
    if path.startswith("overrides."):
        _, number, *names = path.split(".")
        field, said = _named(names[0] if names else "channel_class", reason)
        return f"{field}-{rows[int(number)]}", said
    name, _, place = path.removesuffix("]").partition("[")
    if not place:
        return _named(name, reason)
    channel, _, category = place.partition(",")
    at = _nearest(overrides, channel, category)
    if at is None:
        return _named(name, reason)
    whom = Override(
        channel_class=channel if channel != "*" else None,
        product_category=category if category != "*" else None,
    )
    field = name if name in overrides[at] else "window_days"
    return f"{field}-{rows[at]}", f"{scope(whom, shelves)}：{reason}"


def _named(name: str, reason: str) -> tuple[str, str]:
    field = _FIELDS.get(name, name)
    return field, "应为 0 到 100 的百分数，最多两位小数" if field == PERCENT else reason


def _nearest(overrides: Sequence[Mapping[str, Any]], channel: str, category: str) -> int | None:
    """The exception with the last word about the windows of a scope; None where it is the general rule."""
    found = [
        (row.get("product_category") is not None, row.get("channel_class") is not None, number)
        for number, row in enumerate(overrides)
        if row.get("channel_class", channel) == channel
        and row.get("product_category", category) == category
        and row.keys() & {"window_days", "protection_days"}
    ]
    return max(found)[2] if found else None
