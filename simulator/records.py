"""The rows of the message platform: accounts, people, what they were sent and what they may get."""

from dataclasses import dataclass, field
from typing import Any

from simulator.store import Row

JSON = dict[str, Any]


@dataclass
class Account(Row):
    """An Official Account (`official`) or a mini-program (`mini`) as its console is set."""

    appid: str
    kind: str = "official"
    name: str = ""
    gh_id: str = ""
    secret: str = ""
    token: str = ""
    encoding_aes_key: str = ""
    previous_aes_key: str = ""
    encrypt_with: str = "current"  # current | previous | alternate: which key seals the pushes
    mode: str = "safe"  # safe | compatible | plaintext
    format: str = "xml"  # xml | json
    callback_url: str = ""
    oauth_domain: str = ""
    open_platform: str = ""  # accounts with the same value share unionids
    pages: list[str] = field(default_factory=list)  # published mini-program pages; empty: any
    limits: dict[str, int] = field(default_factory=dict)  # daily limits that differ, by path
    permanent_codes: int = 100_000
    is_secret_frozen: bool = False
    allowed_ips: list[str] = field(default_factory=list)  # who may ask for a token; empty: anybody
    is_snapshot: bool = False  # every snsapi_userinfo request ends on the snapshot page
    is_trade_managed: bool = False
    is_mass_protected: bool = False  # an administrator has to agree to each mass send by API
    markfail_after: int = 100  # failed deliveries in a row; 0 switches it off
    failed_in_a_row: int = 0
    failed_total: int = 0
    blocked_until: float = 0.0

    @property
    def key(self) -> str:
        return self.appid


@dataclass
class Person(Row):
    """Somebody with a phone."""

    name: str
    avatar: str = ""
    phone: str = ""
    real_name: str = ""
    balance_fen: int = 1_000_000

    @property
    def key(self) -> str:
        return self.name


@dataclass
class Contact(Row):
    """One person as one account sees him: an openid."""

    appid: str
    openid: str
    person: str
    is_following: bool = False
    is_blocking: bool = False  # follows, but refuses the account's messages
    followed_at: int = 0
    follow_scene: str = ""
    qr_scene: int = 0
    qr_scene_str: str = ""
    remark: str = ""
    tags: list[int] = field(default_factory=list)
    windows: dict[str, list[float]] = field(default_factory=dict)  # trigger: [until, left]
    consents: dict[str, int] = field(default_factory=dict)  # template id: messages agreed to
    mass_month: str = ""
    mass_count: int = 0

    @property
    def key(self) -> str:
        return f"{self.appid}/{self.openid}"


@dataclass
class Message(Row):
    """One line of a chat, or one service notice, on a person's phone.

    A chat is with an account, or, when `appid` is empty, with the friend named in `peer`.
    """

    number: int
    person: str
    appid: str
    side: str  # account | person | system | friend
    kind: str  # passive | template | subscribe | customer_service | mass | user | system | friend
    msg_type: str
    content: JSON
    at: float
    msg_id: str = ""
    peer: str = ""

    @property
    def key(self) -> str:
        return str(self.number)


@dataclass
class Code(Row):
    """A parameterised QR code; `uid` is the tail of its URL and part of its ticket."""

    uid: str
    appid: str
    ticket: str
    scene: str
    is_text: bool
    is_permanent: bool
    expires_at: float  # 0: never

    @property
    def key(self) -> str:
        return self.uid


@dataclass
class MiniCode(Row):
    """A mini-program code; drawn here as an ordinary QR code so that pixels can be read back."""

    uid: str
    appid: str
    scene: str
    page: str

    @property
    def key(self) -> str:
        return self.uid


@dataclass
class Token(Row):
    """An access token (`plain`, `stable`), a JS ticket (`jsapi`) or a person's OAuth token."""

    token: str
    appid: str
    family: str
    issued_at: float
    expires_at: float
    is_superseded: bool = False
    openid: str = ""
    scope: str = ""

    @property
    def key(self) -> str:
        return self.token


@dataclass
class Pass(Row):
    """A one-use code: `oauth`, `login` (mini-program) or `phone`."""

    code: str
    kind: str
    appid: str
    openid: str
    created_at: float
    scope: str = ""
    is_snapshot: bool = False
    is_used: bool = False

    @property
    def key(self) -> str:
        return self.code


@dataclass
class Template(Row):
    """A template message or subscription notice that an account may send."""

    appid: str
    template_id: str
    title: str
    content: str
    is_banned: bool = False
    is_subscription: bool = False  # listed and sent as a subscription notice

    @property
    def key(self) -> str:
        return f"{self.appid}/{self.template_id}"


@dataclass
class Sent(Row):
    """A client's own message id that was used, so that a repeat sends nothing."""

    appid: str
    client_id: str
    msg_id: int
    at: float

    @property
    def key(self) -> str:
        return f"{self.appid}/{self.client_id}"


@dataclass
class MassSend(Row):
    """One mass send: SENDING while an administrator has to agree, then how it ended."""

    appid: str
    msg_id: int
    status: str
    receivers: list[str] = field(default_factory=list)
    kind: str = ""
    content: JSON = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.appid}/{self.msg_id}"


@dataclass
class Draft(Row):
    """Articles in the draft box, in the words of `draft/get`."""

    appid: str
    media_id: str
    articles: list[JSON]
    updated_at: float

    @property
    def key(self) -> str:
        return f"{self.appid}/{self.media_id}"


@dataclass
class Media(Row):
    """A file on the platform; content in Base64. Temporary media lives three days."""

    media_id: str
    appid: str
    kind: str
    content_type: str
    content: str
    expires_at: float

    @property
    def key(self) -> str:
        return self.media_id


@dataclass
class Menu(Row):
    """The menus of an account: `default` and the personalised ones."""

    appid: str
    menu_id: int
    buttons: list[JSON]
    rule: JSON = field(default_factory=dict)  # empty: the default menu

    @property
    def key(self) -> str:
        return f"{self.appid}/{self.menu_id}"


@dataclass
class ConsoleSetup(Row):
    """What an account's owner set in the console: a menu, and automatic replies.

    An empty menu: the one made by API, if there is one, is shown. `replies` are kept in the words
    of `get_current_autoreply_info`.
    """

    appid: str
    menu: list[JSON] = field(default_factory=list)
    replies: JSON = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.appid


@dataclass
class Tag(Row):
    appid: str
    tag_id: int
    name: str

    @property
    def key(self) -> str:
        return f"{self.appid}/{self.tag_id}"
