"""All menus of one account: the default one, and personal ones for followers with a tag."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from menus.tree import BadMenu, Button, Menu, as_json, domain_of, faults_of, leaves, menu_from

PERSONAL_MAX: Final = 10
DOMAINS_MAX: Final = 3  # 65316: personal menus of an account lead to three domains at most
TAG_LENGTH: Final = 30
REP_TAG: Final = "销售员工"  # who is bound to a rep has it, and nobody else
REP_RULE: Final[Mapping[str, Any]] = {"is_rep": True}


@dataclass(frozen=True, slots=True)
class Personal:
    """A menu for whoever has a tag, by its name; of several the first that fits is shown.

    `rule` is a rule of the platform that is no single tag: it stays as it was told.
    """

    tag: str
    menu: tuple[Button, ...]
    rule: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As it is kept: the tag by its name, which is the same at every account."""
        told = {"rule": dict(self.rule)} if self.rule else {"tag": self.tag}
        return {**told, "button": as_json(self.menu)}


@dataclass(frozen=True, slots=True)
class AccountMenu:
    """What an account shows, whoever looks."""

    default: tuple[Button, ...] = ()
    personal: tuple[Personal, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "button": as_json(self.default),
            "personal": [each.as_json() for each in self.personal],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "AccountMenu":
        """The reverse of `as_json`."""
        return cls(
            default=menu_from(kept["button"]),
            personal=tuple(
                Personal(each.get("tag", ""), menu_from(each["button"]), each.get("rule") or {})
                for each in kept["personal"]
            ),
        )

    def trees(self) -> Iterator[tuple[str, str, Menu]]:
        """Each menu with the name addresses know it by, and for whom it is."""
        yield DEFAULT_TREE, "", self.default
        for number, each in enumerate(self.personal):
            yield f"{PERSONAL_TREE}{number}", each.tag, each.menu


DEFAULT_TREE: Final = "default"
PERSONAL_TREE: Final = "p"


def check_whole(menu: AccountMenu) -> None:
    """Check all menus of an account. Raises BadMenu; a place reads `p0:1.2` in a personal menu."""
    if faults := whole_faults(menu):
        raise BadMenu(**faults)


def whole_faults(menu: AccountMenu) -> dict[str, str]:
    """What the platform would refuse, by tree and place (`default:1.2`)."""
    faults = {
        f"{tree}:{place}": fault
        for tree, _, buttons in menu.trees()
        for place, fault in faults_of(buttons).items()
    }
    return faults | dict(_personal_faults(menu.personal))


def _personal_faults(personal: tuple[Personal, ...]) -> Iterator[tuple[str, str]]:
    tags = [each.tag for each in personal if not each.rule]
    if len(personal) > PERSONAL_MAX:
        yield "personal", f"个性化菜单最多{PERSONAL_MAX}个"
    if len(tags) > len(set(tags)):
        yield "personal", "一个标签只能有一个菜单"
    urls = [button.url for each in personal for button in leaves(each.menu) if button.url]
    if len({domain_of(url) for url in urls}) > DOMAINS_MAX:
        yield "personal", f"个性化菜单的链接最多指向{DOMAINS_MAX}个域名"
