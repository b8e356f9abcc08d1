"""What must be called so that the platform shows a menu, worked out from what it shows now.

Nothing to call means that it shows it. So a publication that died half-way is simply done again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from menus.tree import Button, Menu, menu_from
from menus.whole import AccountMenu, Personal


@dataclass(frozen=True, slots=True)
class Reading:
    """What the platform says it has: the menu people see, the menus made by API, the tags.

    `current` is `get_current_selfmenu_info`, `made` is `menu/get` (None without one), `tags`
    are numbers by name.
    """

    current: Mapping[str, Any]
    made: Mapping[str, Any] | None
    tags: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Create:
    """Replace the default menu."""

    menu: Menu


@dataclass(frozen=True, slots=True)
class Remove:
    """Take a personal menu away."""

    menu_id: str


@dataclass(frozen=True, slots=True)
class Add:
    """Put a personal menu before all others."""

    menu: Menu
    rule: Mapping[str, Any]


Change = Create | Remove | Add


def shown_menu(reading: Reading) -> AccountMenu:
    """The menus of an account as the platform shows them.

    The call that also sees menus made in the account's console tells less of each button; what
    both tell alike is taken from the other.
    """
    seen = _seen(reading)
    made = _made(reading)
    return AccountMenu(
        default=made if _outline(made) == _outline(seen) else seen,
        personal=tuple(_personal(reading, each) for each in reversed(_oldest_first(reading))),
    )


def changes(reading: Reading, wanted: AccountMenu) -> Iterator[Change]:
    """The calls that make the platform show `wanted`, in order.

    There is no call that alters a personal menu, and of those that fit (of a person with several
    tags: the last one given) the newest is shown: from the first that differs on they are taken
    away and made again, the last in rank first.
    """
    if shown_menu(reading).default != tuple(wanted.default):
        yield Create(wanted.default)
    there = _oldest_first(reading)
    rules = [(_rule(each, reading.tags), each.menu) for each in reversed(wanted.personal)]
    same = _common(there, rules)
    for each in there[same:]:
        yield Remove(str(each["menuid"]))
    for rule, menu in rules[same:]:
        yield Add(menu, rule)


def tags_needed(wanted: AccountMenu) -> list[str]:
    """The tags by name that must be there before the personal menus can be."""
    return [each.tag for each in wanted.personal if not each.rule]


def _seen(reading: Reading) -> tuple[Button, ...]:
    if not reading.current.get("is_menu_open"):
        return ()
    told = reading.current.get("selfmenu_info") or {}
    return menu_from(told.get("button") or ())


def _made(reading: Reading) -> tuple[Button, ...]:
    return menu_from(((reading.made or {}).get("menu") or {}).get("button") or ())


def _outline(menu: Menu) -> list[Any]:
    return [(each.name, each.type, _outline(each.below)) for each in menu]


def _oldest_first(reading: Reading) -> list[Mapping[str, Any]]:
    told = (reading.made or {}).get("conditionalmenu") or ()
    return sorted(told, key=lambda each: int(each["menuid"]))


def _personal(reading: Reading, told: Mapping[str, Any]) -> Personal:
    rule, menu = told.get("matchrule") or {}, menu_from(told["button"])
    said = {name: value for name, value in rule.items() if value not in ("", None)}
    names = {str(number): name for name, number in reading.tags.items()}
    tag = names.get(str(said.get("tag_id")))
    if tag is not None and set(said) == {"tag_id"}:
        return Personal(tag, menu)
    return Personal("", menu, said)


def _rule(personal: Personal, tags: Mapping[str, int]) -> Mapping[str, Any]:
    return personal.rule or {"tag_id": str(tags[personal.tag])}


def _common(
    there: Sequence[Mapping[str, Any]], wanted: Sequence[tuple[Mapping[str, Any], Menu]]
) -> int:
    """How many of the oldest personal menus may stay."""
    for number, (each, (rule, menu)) in enumerate(zip(there, wanted, strict=False)):
        told = {name: str(value) for name, value in (each.get("matchrule") or {}).items() if value}
        is_same = told == {name: str(value) for name, value in rule.items()}
        if not is_same or menu_from(each["button"]) != tuple(menu):
            return number
    return min(len(there), len(wanted))
