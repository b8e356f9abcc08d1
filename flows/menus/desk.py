"""Menus as staff see and change them in the console."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flows.accounts import account_within, accounts_within
from menus.defaults import default_menu
from menus.differences import Difference, differences, is_reordered
from menus.editions import change_draft, drop_draft, start_draft
from menus.models import Adoption, MenuEdition, MenuLook
from menus.queries import (
    adoption_of,
    draft_of,
    edition_of,
    editions,
    look_of,
    publication_of,
    published_edition,
)
from menus.whole import AccountMenu, whole_faults
from wx_backend.config import Account
from wx_backend.errors import Conflict, NotFound
from wx_backend.platform import config

Change = Callable[[AccountMenu], AccountMenu]


@dataclass(frozen=True, slots=True)
class MenuState:
    """How far an account's menu is: adopted, drafted, being published, published."""

    account: Account
    adoption: Adoption | None
    draft: MenuEdition | None
    publication: MenuEdition | None
    published: MenuEdition | None
    look: MenuLook | None

    @property
    def is_asking(self) -> bool:
        """Whether WeChat is being asked just now."""
        look = self.look
        if look is None or look.error is not None:
            return False
        return look.seen_at is None or look.seen_at < look.asked_at

    @property
    def shown(self) -> AccountMenu:
        """The menus to look at: the draft's, else those published last."""
        edition = self.draft or self.published
        return AccountMenu.from_json(edition.content) if edition else AccountMenu()

    @property
    def faults(self) -> dict[str, str]:
        """Why the draft cannot be published yet, by tree and place."""
        return whole_faults(self.shown) if self.draft else {}


@dataclass(frozen=True, slots=True)
class Comparison:
    """WeChat's menus beside the draft's."""

    there: AccountMenu
    wanted: AccountMenu
    differences: Sequence[Difference]
    is_reordered: bool


def menu_states(node_id: int) -> list[MenuState]:
    """The accounts of a node and what is below it."""
    return [_state(account) for account in accounts_within(node_id)]


def menu_state(name: str, node_id: int) -> MenuState:
    """One account; NotFound for foreign as for missing ones."""
    return _state(account_within(name, node_id))


def comparison(state: MenuState) -> Comparison | None:
    """What the draft would change; None before WeChat has told what it shows."""
    if state.look is None or state.look.content is None or state.draft is None:
        return None
    there, wanted = AccountMenu.from_json(state.look.content), state.shown
    return Comparison(there, wanted, differences(there, wanted), is_reordered(there, wanted))


def published_differences(state: MenuState) -> Sequence[Difference] | None:
    """How what WeChat shows differs from what was published last; None before both are known."""
    if state.published is None or state.look is None or state.look.content is None:
        return None
    ours = AccountMenu.from_json(state.published.content)
    return differences(AccountMenu.from_json(state.look.content), ours)


def begin_draft(*, state: MenuState, source: str, staff_id: int, now: datetime) -> None:
    """Start a draft: from what was `published` last, from what `wechat` shows, or our `default`."""
    start_draft(appid=state.account.appid, menu=_source(state, source), staff_id=staff_id, now=now)


def edit_draft(
    *, state: MenuState, revision: int, change: Change, staff_id: int, now: datetime
) -> None:
    """Change the draft's menus. Raises NoDraft, DraftChanged, and what `change` raises."""
    change_draft(
        appid=state.account.appid,
        revision=revision,
        menu=change(state.shown),
        staff_id=staff_id,
        now=now,
    )


def drop(*, state: MenuState, revision: int, now: datetime) -> None:
    """Throw the draft away. Raises NoDraft, DraftChanged."""
    drop_draft(appid=state.account.appid, revision=revision, now=now)


def history(state: MenuState) -> list[tuple[MenuEdition, bool]]:
    """What was published or tried, the newest first, and whether it could be published again."""
    return [
        (each, not whole_faults(AccountMenu.from_json(each.content)))
        for each in editions(state.account.appid)
    ]


def edition_menu(state: MenuState, number: int) -> tuple[MenuEdition, AccountMenu]:
    """One edition and its menus. Raises NotFound."""
    edition = edition_of(state.account.appid, number)
    if edition is None:
        raise NotFound
    return edition, AccountMenu.from_json(edition.content)


def _source(state: MenuState, source: str) -> AccountMenu:
    if source == "published" and state.published:
        return AccountMenu.from_json(state.published.content)
    if source == "wechat" and state.look and state.look.content:
        return AccountMenu.from_json(state.look.content)
    if source == "default":
        return AccountMenu(default_menu(config().service.base_url))
    raise Conflict("没有可以作为草稿的菜单")


def _state(account: Account) -> MenuState:
    appid = account.appid
    return MenuState(
        account=account,
        adoption=adoption_of(appid),
        draft=draft_of(appid),
        publication=publication_of(appid),
        published=published_edition(appid),
        look=look_of(appid),
    )
