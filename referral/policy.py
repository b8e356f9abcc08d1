"""The attribution policy as data: every number a setting, by channel class and product category."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import product
from typing import Any

from wx_backend.errors import AppError

_LIMITS: Mapping[str, tuple[int, int]] = {
    "window_days": (1, 3650),
    "protection_days": (0, 3650),
    "split_developer_bp": (0, 10_000),
    "split_acceptor_bp": (0, 10_000),
    "flash_recent_minutes": (0, 1440),
}
_SCOPES = ("channel_class", "product_category")
_OVERRIDES_MAX = 50


class PolicyRefused(AppError):
    """The settings do not make a policy; `details` maps each wrong path to its reason."""

    status, code, message = 422, "policy_refused", "归属规则的设置有误"

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__()
        self.details = dict(errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The numbers that apply to one order line."""

    window_days: int = 30
    """How long a touch can win; an age of exactly this many days still counts."""
    protection_days: int = 7
    """How long a confirmed act keeps colleagues out; over at exactly this many days."""
    split_developer_bp: int = 7000
    """The protected developer's part, in basis points, when somebody else serves."""
    split_acceptor_bp: int = 3000
    """The part of the acceptor who serves a protected developer's customer, in basis points."""
    flash_recent_minutes: int = 10
    """How close to a successful hold a first touch is too late; exactly so many is close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Numbers that replace the general ones for a channel class, a product category or both."""

    channel_class: str | None = None
    product_category: str | None = None
    numbers: Mapping[str, int] = field(default_factory=dict)

    def applies_to(self, channel_class: str, product_category: str) -> bool:
        """Is this line within the scope? A scope that is not named covers everything."""
        return self.channel_class in (None, channel_class) and self.product_category in (
            None,
            product_category,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of the policy. A version once used is never edited; a change is a new version."""

    version: int
    terms: Terms = field(default_factory=Terms)
    overrides: tuple[Override, ...] = ()

    def terms_for(self, channel_class: str, product_category: str) -> Terms:
        """The numbers for a line: a category outranks a channel class, naming both outranks either."""
        terms = self.terms
        for override in sorted(self.overrides, key=_precedence):
            if override.applies_to(channel_class, product_category):
                terms = replace(terms, **override.numbers)
        return terms

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any]) -> "Policy":
        """Read a policy from plain data; raises PolicyRefused naming everything that is wrong."""
        errors = dict(_errors(settings))
        if errors:
            raise PolicyRefused(errors)
        policy = cls(
            version=settings["version"],
            terms=Terms(**_numbers(settings)),
            overrides=tuple(
                Override(**{scope: row.get(scope) for scope in _SCOPES}, numbers=_numbers(row))
                for row in settings.get("overrides", ())
            ),
        )
        errors = dict(_contradictions(policy))
        if errors:
            raise PolicyRefused(errors)
        return policy


def _precedence(override: Override) -> tuple[bool, bool]:
    return override.product_category is not None, override.channel_class is not None


def _numbers(settings: Mapping[str, Any]) -> dict[str, int]:
    return {each.name: settings[each.name] for each in fields(Terms) if each.name in settings}


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _errors(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Everything wrong with the shape, each as (path, reason)."""
    version = settings.get("version")
    if not _is_whole(version) or not 1 <= settings["version"] <= 2**31 - 1:
        yield "version", "必须是正整数"
    yield from _field_errors(settings, "", {"version", "overrides"})
    rows = settings.get("overrides", ())
    if not isinstance(rows, list | tuple) or len(rows) > _OVERRIDES_MAX:
        yield "overrides", f"必须是列表，最多 {_OVERRIDES_MAX} 项"
        return
    seen = set()
    for i, row in enumerate(rows):
        path = f"overrides.{i}"
        if not isinstance(row, Mapping):
            yield path, "必须是一组设置"
            continue
        yield from _field_errors(row, f"{path}.", set(_SCOPES))
        yield from _scope_errors(row, path)
        scope = tuple(repr(row.get(name)) for name in _SCOPES)
        if scope in seen:
            yield path, "同一渠道类别和商品类别只能设置一次"
        seen.add(scope)


def _field_errors(
    settings: Mapping[str, Any], prefix: str, others: set[str]
) -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        if name in others:
            continue
        if name not in _LIMITS:
            yield f"{prefix}{name}", "没有这项设置"
            continue
        low, high = _LIMITS[name]
        if not _is_whole(value) or not low <= value <= high:
            yield f"{prefix}{name}", f"必须是 {low} 到 {high} 之间的整数"


def _scope_errors(row: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    named = {name: row[name] for name in _SCOPES if name in row}
    if not named:
        yield path, "必须指定渠道类别或商品类别"
    for name, value in named.items():
        if not isinstance(value, str) or not value:
            yield f"{path}.{name}", "必须是非空文字"


def _contradictions(policy: Policy) -> Iterator[tuple[str, str]]:
    """Numbers that do not go together, in any combination of scopes the overrides can make."""
    channels = ["", *sorted({row.channel_class for row in policy.overrides if row.channel_class})]
    categories = [
        "",
        *sorted({row.product_category for row in policy.overrides if row.product_category}),
    ]
    for channel, category in product(channels, categories):
        terms = policy.terms_for(channel, category)
        place = f"[{channel or '*'},{category or '*'}]"
        if terms.protection_days > terms.window_days:
            yield f"protection_days{place}", "保护期不能长于有效期"
        if terms.split_developer_bp + terms.split_acceptor_bp != 10_000:
            yield f"split_acceptor_bp{place}", "两人的分成之和必须是 10000"
