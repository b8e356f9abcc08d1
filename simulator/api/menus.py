"""The menu under the chat: the default one and personalised ones."""

from simulator.api.calls import OK, Answer, Call, endpoint
from simulator.errors import ApiError
from simulator.records import JSON, Account, Contact, Menu
from simulator.world import World

_DEFAULT = 0
# type: the field it needs and how many bytes that may have
_TYPES: dict[str, tuple[str, int]] = {
    "click": ("key", 128),
    "view": ("url", 1024),
    "miniprogram": ("appid", 128),
    "scancode_push": ("key", 128),
    "scancode_waitmsg": ("key", 128),
    "pic_sysphoto": ("key", 128),
    "pic_photo_or_album": ("key", 128),
    "pic_weixin": ("key", 128),
    "location_select": ("key", 128),
    "media_id": ("media_id", 128),
    "article_id": ("article_id", 128),
    "article_view_limited": ("article_id", 128),
    "view_limited": ("media_id", 128),
}


@endpoint("POST", "/cgi-bin/menu/create", daily=1000)
def create(call: Call) -> Answer:
    buttons = _buttons(call.body.get("button"))
    _forget_console_menu(call)
    call.world.menus.save(Menu(call.account.appid, _DEFAULT, buttons))
    return OK


@endpoint("GET", "/cgi-bin/menu/get", daily=10_000)
def get(call: Call) -> Answer:
    default = _default(call.world, call.account)
    if default is None:
        raise ApiError(46003)
    answer: JSON = {"menu": {"button": default.buttons}}
    personal = _personal(call.world, call.account)
    if personal:
        answer["menu"]["menuid"] = 1
        answer["conditionalmenu"] = [
            {"button": m.buttons, "matchrule": m.rule, "menuid": m.menu_id} for m in personal
        ]
    return answer


@endpoint("GET", "/cgi-bin/menu/delete", daily=1000)
def delete(call: Call) -> Answer:
    """Remove the default menu and every personalised one with it."""
    for menu in call.world.menus:
        if menu.appid == call.account.appid:
            call.world.menus.drop(menu.key)
    _forget_console_menu(call)
    return OK


@endpoint("GET", "/cgi-bin/get_current_selfmenu_info", daily=10_000)
def current(call: Call) -> Answer:
    """The menu people see, whoever made it."""
    menu = _console_menu(call.world, call.account) or _default(call.world, call.account)
    if menu is None:
        return {"is_menu_open": 0, "selfmenu_info": {"button": []}}
    return {"is_menu_open": 1, "selfmenu_info": {"button": [_told(b) for b in menu.buttons]}}


@endpoint("GET", "/cgi-bin/get_current_autoreply_info", daily=10_000)
def current_replies(call: Call) -> Answer:
    """The automatic replies set in the console."""
    setup = call.world.console_setups.find(call.account.appid)
    switches = {"is_add_friend_reply_open": 0, "is_autoreply_open": 0}
    return {**switches, **(setup.replies if setup else {})}


@endpoint("POST", "/cgi-bin/menu/addconditional", daily=2000)
def add_conditional(call: Call) -> Answer:
    if _default(call.world, call.account) is None:
        raise ApiError(65303)
    rule = call.body.get("matchrule")
    if not isinstance(rule, dict) or not rule or set(rule) - {"tag_id", "client_platform_type"}:
        raise ApiError(65320, "matchrule")
    menu_id = 400_000_000 + call.world.serial("menu")
    menu = Menu(call.account.appid, menu_id, _buttons(call.body.get("button")), rule)
    call.world.menus.save(menu)
    return {"menuid": menu_id}


@endpoint("POST", "/cgi-bin/menu/delconditional", daily=2000)
def delete_conditional(call: Call) -> Answer:
    menu = call.world.menus.find(call.account.appid, str(call.body.get("menuid")))
    if menu is None or menu.menu_id == _DEFAULT:
        raise ApiError(65301)
    call.world.menus.drop(menu.key)
    return OK


@endpoint("POST", "/cgi-bin/menu/trymatch", daily=20_000)
def try_match(call: Call) -> Answer:
    contact = call.contact(call.text("user_id", missing=40003))
    menu = menu_of(call.world, call.account, contact)
    if menu is None:
        raise ApiError(46003)
    return {"button": menu.buttons}


def menu_of(world: World, account: Account, contact: Contact) -> Menu | None:
    """The menu this person sees: the console's, the newest personalised one that fits, the default.

    Of several tags the last one given decides alone.
    """
    if console := _console_menu(world, account):
        return console
    for menu in reversed(_personal(world, account)):
        platform_fits = "client_platform_type" not in menu.rule
        tag_id = menu.rule.get("tag_id")
        if platform_fits and (tag_id is None or int(tag_id) in contact.tags[-1:]):
            return menu
    return _default(world, account)


def _default(world: World, account: Account) -> Menu | None:
    return world.menus.find(account.appid, str(_DEFAULT))


def _console_menu(world: World, account: Account) -> Menu | None:
    setup = world.console_setups.find(account.appid)
    return Menu(account.appid, _DEFAULT, setup.menu) if setup and setup.menu else None


def _forget_console_menu(call: Call) -> None:
    """A menu made by API takes the place of the console's."""
    if setup := call.world.console_setups.find(call.account.appid):
        setup.menu = []
        call.world.console_setups.save(setup)


def _told(button: JSON) -> JSON:
    """A button as this call tells it: what is below it is wrapped once more."""
    below = button.get("sub_button")
    rest = {name: value for name, value in button.items() if name != "sub_button"}
    return {**rest, "sub_button": {"list": below}} if below else rest


def _personal(world: World, account: Account) -> list[Menu]:
    return [m for m in world.menus if m.appid == account.appid and m.menu_id != _DEFAULT]


def _buttons(buttons: object) -> list[JSON]:
    """One to three buttons, each with up to five below it; raises ApiError."""
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise ApiError(40016)
    return [_button(button, longest_name=16, is_sub=False) for button in buttons]


def _button(button: object, *, longest_name: int, is_sub: bool) -> JSON:
    if not isinstance(button, dict):
        raise ApiError(47001)
    name = button.get("name")
    if not isinstance(name, str) or not 1 <= len(name.encode()) <= longest_name:
        raise ApiError(40025 if is_sub else 40018)
    below = button.get("sub_button") or []
    if below and not is_sub:
        if not isinstance(below, list) or len(below) > 5:
            raise ApiError(40023)
        subs = [_button(sub, longest_name=60, is_sub=True) for sub in below]
        return {"name": name, "sub_button": subs}
    return {**_leaf(button), "sub_button": []}


def _leaf(button: JSON) -> JSON:
    kind = button.get("type")
    if kind not in _TYPES:
        raise ApiError(40017)
    needed, longest = _TYPES[kind]
    value = button.get(needed)
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= longest:
        raise ApiError(40020 if needed == "url" else 40019)
    if kind == "miniprogram" and not (button.get("url") and button.get("pagepath")):
        raise ApiError(40020, "miniprogram needs url and pagepath")
    return dict(button)
