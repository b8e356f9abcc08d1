"""Sets the stage in the pretend WeChat: account, merchant, billing and people, as consoles would."""

from datetime import UTC, datetime

from demo import templates
from demo.configuration import TRANSFER_LIMIT_FEN
from demo.identities import ACCOUNT_NAME, ACCOUNT_TITLE, Identities
from demo.places import HOST, Places
from demo.pretend import Pretend
from demo.refusal import CannotStart

# Name and phone number of everybody who plays; balances in fen.
PEOPLE = (("Alice", "13800000001"), ("Bob", "13800000002"), ("Carol", "13800000003"))
BALANCE_FEN = 2_000_000


def announce(places: Places, identities: Identities) -> None:
    """Set account, merchant, billing and people; the same again changes nothing.

    Raises CannotStart with what the simulator answered.
    """
    pretend = Pretend(places.simulator_url)
    pretend.put(
        *("accounts", identities.appid),
        kind="official",
        name=ACCOUNT_TITLE,
        gh_id=identities.original_id,
        secret=identities.app_secret,
        token=identities.token,
        encoding_aes_key=identities.aes_key,
        mode="safe",
        format="xml",
        callback_url=f"{places.push_url}/wechat/{ACCOUNT_NAME}/callback",
        oauth_domain=f"{HOST}:{places.port}",
    )
    for purpose, title in templates.TITLES.items():
        pretend.put(
            *("accounts", identities.appid, "templates", templates.template_id(purpose)),
            title=title,
            content=templates.content(purpose),
        )
    pretend.put(
        *("merchants", identities.mchid),
        serial=identities.merchant_serial,
        public_key=identities.merchant_public_key,
        apiv3_key=identities.apiv3_key,
        appids=[identities.appid],
        sign_with="public_key",
        platform_private_key=identities.platform_private_key,
        platform_public_key_id=identities.platform_serial,
        transfer_limit_fen=TRANSFER_LIMIT_FEN,
    )
    pretend.put(
        "settings",
        billing_key=identities.billing_key,
        realname_key=identities.real_name_key,
        realname_callback=f"{places.url}/real-name/decision",
    )
    _invite(pretend)


def set_clock(places: Places, to: datetime) -> None:
    """Have the pretend WeChat's clock, and with it the service's, show this instant from now on."""
    ahead = (to - datetime.now(UTC)).total_seconds()  # noqa: TID251 - by how much ours is ahead of it
    Pretend(places.simulator_url).post("clock", offset=ahead)


def verify(places: Places, identities: Identities) -> None:
    """Have the pretend WeChat check the callback address as its console does; CannotStart if refused."""
    answer = Pretend(places.simulator_url).post("accounts", identities.appid, "verify_url")
    if not answer["verified"]:
        raise CannotStart(f"the service did not echo WeChat's check of its callback: {answer}")


def _invite(pretend: Pretend) -> None:
    """People who are new get a phone and money; the others keep what they have."""
    known = {person["name"] for person in pretend.read("people")["people"]}
    for name, phone in PEOPLE:
        if name not in known:
            pretend.put("people", name, phone=phone, balance_fen=BALANCE_FEN)
