"""What a sheet of the wallet shows in a browser that has no WeChat bridge: opened, then confirmed.

A page that would call the bridge goes to the sheet's address instead, with the bridge's arguments
and `return`, the address to come back to: an address of the account's own pages. It comes back with
`wxpay=ok`, `cancel` or `fail` added, which proves nothing, as what the bridge says proves nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from simulator.acts.frame import Act
from simulator.authorize import is_own_page
from simulator.errors import Refused
from simulator.phone.holding import holder
from simulator.records import JSON
from simulator.world import World

HOME = "/phone"


@dataclass(frozen=True)
class Matter:
    """What it is about: yuan, what for, and whose account it is."""

    amount: str = ""
    description: str = ""
    merchant: str = ""


@dataclass(frozen=True)
class Sheet:
    """What the sheet shows, and where it leads."""

    person: str
    arguments: JSON
    back: str
    matter: Matter = Matter()
    fault: str = ""
    is_done: bool = False

    def onward(self, outcome: str) -> str:
        """The way back with the outcome: `ok`, `cancel` or `fail`."""
        if self.back == HOME:
            return HOME
        parts = urlsplit(self.back)
        pairs = [(n, v) for n, v in parse_qsl(parts.query, keep_blank_values=True) if n != "wxpay"]
        return urlunsplit(parts._replace(query=urlencode([*pairs, ("wxpay", outcome)])))


def opened(world: World, arguments: JSON, look: Callable[[Act], Matter]) -> Sheet:
    """The sheet for these arguments, about what `look` finds; its refusal is shown on it."""
    back = arguments.pop("return", "")
    with world.acting():
        person = holder(world)
        if person is None:
            return Sheet("", arguments, HOME, fault="请先选择谁在用手机，再回来")
        if back and not any(is_own_page(account, back) for account in world.accounts):
            return Sheet(person.name, arguments, HOME, fault="返回地址的域名与后台配置不一致")
        try:
            matter = look(Act(world, person, arguments))
        except Refused as error:
            return Sheet(person.name, arguments, back or HOME, fault=words(error))
        return Sheet(person.name, arguments, back or HOME, matter)


def words(error: Refused) -> str:
    """What a refusal says to a person."""
    text = str(error)
    return "支付参数不完整" if text.isascii() else text
