"""Which Official Account somebody meets us by: the one nearest to whose link or page he opened."""

from collections.abc import Sequence

from members.queries import appid_of, identity_at, member_ids_of
from org.models import Tier
from org.queries import ancestors, is_within, node_by_code, rep_by_number, rep_card
from referral.queries import share_path
from wx_backend.config import Account
from wx_backend.errors import NotFound
from wx_backend.platform import config

SHOWROOM = "/r/"


def official_accounts() -> Sequence[Account]:
    """The accounts people can sign in by."""
    return [account for account in config().accounts if not account.is_mini_program]


def accounts_within(node_id: int) -> list[Account]:
    """The accounts that belong to a node or to something below it."""
    return _within(official_accounts(), node_id)


def programs_within(node_id: int) -> list[Account]:
    """The mini-programs that do."""
    return _within([each for each in config().accounts if each.is_mini_program], node_id)


def account_within(name: str, node_id: int) -> Account:
    """The account of this name, if it belongs to the node. NotFound for foreign as for missing ones."""
    found = next((each for each in accounts_within(node_id) if each.name == name), None)
    if found is None:
        raise NotFound("没有这个公众号")
    return found


def owner_of(account: Account) -> int | None:
    """Whose account it is: the node it names, else the province of its default outlet."""
    if account.owner is not None:
        node = node_by_code(account.owner)
        return node.id if node is not None else None
    outlet = node_by_code(account.default_outlet)
    if outlet is None:
        return None
    above = ancestors(outlet.id)
    return above.get(Tier.PROVINCE) or above.get(Tier.GROUP)


def identity_to_write_to(member_id: int) -> int | None:
    """As whom a person is written to: by the first account that knows him."""
    ids = member_ids_of(member_id)
    found = (identity_at(ids, account.appid) for account in official_accounts())
    return next((each for each in found if each is not None), None)


def account_of_share(share_id: int) -> Account | None:
    """The account of a share: its customer's own, else the one nearest to the rep or outlet.

    A customer shares under one of his identities; whoever opens his link meets the same account.
    """
    for share in reversed(share_path(share_id)):
        if share.identity_id is not None:
            return _named(appid_of(share.identity_id))
        outlet_id = share.outlet_id or (rep_card(share.rep_id).outlet_id if share.rep_id else None)
        if outlet_id is not None:
            return account_near(outlet_id)
    return None


def account_of_page(path: str) -> Account | None:
    """The account of a rep's showroom; None for a page that is everybody's."""
    if not path.startswith(SHOWROOM):
        return None
    rep = rep_by_number(path.removeprefix(SHOWROOM).partition("?")[0])
    return account_near(rep.outlet_id) if rep is not None else None


def account_near(outlet_id: int) -> Account | None:
    """The account whose own outlet is nearest in the organisation; the first of equally near ones."""
    accounts = official_accounts()
    if len(accounts) < 2:
        return accounts[0] if accounts else None
    around = set(ancestors(outlet_id).values())
    return max(accounts, key=lambda account: _shared(account, around))


def _within(accounts: Sequence[Account], node_id: int) -> list[Account]:
    owned = [(account, owner_of(account)) for account in accounts]
    return [account for account, owner in owned if owner and is_within(owner, node_id)]


def _shared(account: Account, around: set[int]) -> int:
    """How many tiers the account's outlet has in common with these nodes."""
    node = node_by_code(account.default_outlet)
    return len(around & set(ancestors(node.id).values())) if node is not None else 0


def _named(appid: str) -> Account | None:
    return next((each for each in official_accounts() if each.appid == appid), None)
