"""What a person has to see before a menu is published: what would be different from now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from menus.tree import Button, Menu
from menus.whole import AccountMenu


@dataclass(frozen=True, slots=True)
class Difference:
    """One place that is not as it was: `before` None is a new button, `after` None a lost one.

    `tag` is for whom the menu is, empty for everybody.
    """

    tag: str
    place: str
    before: Button | None
    after: Button | None


def differences(there: AccountMenu, wanted: AccountMenu) -> list[Difference]:
    """Everything that would change for those who look, place by place."""
    found = list(_of_trees("", there.default, wanted.default))
    before, after = _by_audience(there), _by_audience(wanted)
    for audience in [*before, *(each for each in after if each not in before)]:
        found += _of_trees(audience, before.get(audience, ()), after.get(audience, ()))
    return found


def is_reordered(there: AccountMenu, wanted: AccountMenu) -> bool:
    """Whether the personal menus would stand in another order than now."""
    before, after = list(_by_audience(there)), list(_by_audience(wanted))
    return [each for each in before if each in after] != [each for each in after if each in before]


def _by_audience(menu: AccountMenu) -> dict[str, Menu]:
    return {each.tag or _rule_name(each.rule): each.menu for each in menu.personal}


def _rule_name(rule: Mapping[str, Any]) -> str:
    return "、".join(f"{name}={value}" for name, value in sorted(rule.items()))


def _of_trees(tag: str, before: Menu, after: Menu) -> Iterator[Difference]:
    old, new = dict(_placed(before)), dict(_placed(after))
    for place in sorted({*old, *new}):
        if old.get(place) != new.get(place):
            yield Difference(tag, place, old.get(place), new.get(place))


def _placed(menu: Menu) -> Iterator[tuple[str, Button]]:
    """Every button by its place; one that only opens others is its name."""
    for first, button in enumerate(menu, 1):
        yield str(first), Button(name=button.name) if button.below else button
        for second, child in enumerate(button.below, 1):
            yield f"{first}.{second}", child
