"""Changes of a menu, from values to values: a button put, added, taken away, moved.

A place is `2` or `2.1`, counted from 1. What the platform would refuse may be in between.
"""

from collections.abc import Callable
from dataclasses import replace

from menus.tree import BELOW_MAX, BUTTONS_MAX, BadMenu, Button
from menus.whole import DEFAULT_TREE, PERSONAL_TREE, AccountMenu, Personal
from wx_backend.errors import NotFound

Buttons = tuple[Button, ...]


def edit_tree(menu: AccountMenu, tree: str, change: Callable[[Buttons], Buttons]) -> AccountMenu:
    """The menus with one of them changed. Raises NotFound for a menu that is not there."""
    if tree == DEFAULT_TREE:
        return replace(menu, default=change(menu.default))
    number = personal_number(menu, tree)
    changed = replace(menu.personal[number], menu=change(menu.personal[number].menu))
    personal = (*menu.personal[:number], changed, *menu.personal[number + 1 :])
    return replace(menu, personal=personal)


def add_personal(menu: AccountMenu, tag: str) -> AccountMenu:
    """The menus with one more, for a tag; it begins as the default one."""
    return replace(menu, personal=(*menu.personal, Personal(tag, menu.default)))


def remove_personal(menu: AccountMenu, tree: str) -> AccountMenu:
    """The menus without a personal one. Raises NotFound."""
    number = personal_number(menu, tree)
    return replace(menu, personal=menu.personal[:number] + menu.personal[number + 1 :])


def personal_number(menu: AccountMenu, tree: str) -> int:
    """Which personal menu is meant. Raises NotFound."""
    digits = tree.removeprefix(PERSONAL_TREE)
    is_there = digits.isascii() and digits.isdigit() and len(digits) < 3
    if not tree.startswith(PERSONAL_TREE) or not is_there or int(digits) >= len(menu.personal):
        raise NotFound
    return int(digits)


def put_button(buttons: Buttons, place: str, button: Button) -> Buttons:
    """The button at a place in other words; what is below it stays. Raises NotFound."""

    def put(level: list[Button], index: int) -> None:
        below = level[index].below
        level[index] = (
            replace(button, below=below) if not below else Button(name=button.name, below=below)
        )

    return _changed(buttons, place, put)


def add_button(buttons: Buttons, place: str, button: Button) -> Buttons:
    """One more at the end, or (with a place) below a button, which loses its own action.

    Raises BadMenu when it is full, NotFound.
    """
    if not place:
        if len(buttons) >= BUTTONS_MAX:
            raise BadMenu(f"一级菜单最多{BUTTONS_MAX}个")
        return (*buttons, button)

    def add(level: list[Button], index: int) -> None:
        above = level[index]
        if len(above.below) >= BELOW_MAX:
            raise BadMenu(f"子菜单最多{BELOW_MAX}个")
        level[index] = Button(name=above.name, below=(*above.below, button))

    return _changed(buttons, place, add)


def remove_button(buttons: Buttons, place: str) -> Buttons:
    """Without the button at a place and what is below it. Raises NotFound."""

    def remove(level: list[Button], index: int) -> None:
        del level[index]

    return _changed(buttons, place, remove)


def move_button(buttons: Buttons, place: str, by: int) -> Buttons:
    """The button at a place one further (1) or one back (-1) among its like. Raises NotFound."""

    def move(level: list[Button], index: int) -> None:
        other = min(max(index + by, 0), len(level) - 1)
        level[index], level[other] = level[other], level[index]

    return _changed(buttons, place, move)


def button_at(buttons: Buttons, place: str) -> Button:
    """The button at a place. Raises NotFound."""
    found: list[Button] = []
    _changed(buttons, place, lambda level, index: found.append(level[index]))
    return found[0]


def _changed(buttons: Buttons, place: str, change: Callable[[list[Button], int], None]) -> Buttons:
    first, dot, second = place.partition(".")
    level = list(buttons)
    index = _index(first, level)
    if not dot:
        change(level, index)
        return tuple(level)
    below = list(level[index].below)
    change(below, _index(second, below))
    level[index] = replace(level[index], below=tuple(below))
    return tuple(level)


def _index(typed: str, level: list[Button]) -> int:
    if not (len(typed) == 1 and typed.isascii() and typed.isdigit()):
        raise NotFound
    if not 1 <= int(typed) <= len(level):
        raise NotFound
    return int(typed) - 1
