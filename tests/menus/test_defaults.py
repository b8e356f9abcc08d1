"""What an account starts with can be published as it is."""

from menus.defaults import DEFAULT_RULES, POSTER_KEY, default_menu
from menus.rules import Trigger
from menus.tree import Button, faults_of


def keys(menu: tuple[Button, ...]) -> set[str]:
    return {each.key for button in menu for each in (button, *button.below) if each.key}


def test_the_default_menu_keeps_within_the_platforms_sizes() -> None:
    assert faults_of(default_menu("https://a-rather-long-host-name.example.com.cn")) == {}


def test_every_key_of_the_default_menu_is_answered() -> None:
    answered = {rule.match for rule in DEFAULT_RULES if rule.trigger is Trigger.CLICK}

    assert POSTER_KEY in answered
    assert keys(default_menu("https://mall.example.com")) <= answered
