"""Parameterised QR codes and their pictures."""

import io

import qrcode

from simulator.api.calls import Answer, Call, File, count, endpoint
from simulator.errors import ApiError
from simulator.records import JSON, Account, Code
from simulator.workings import Pointer
from simulator.world import World

_URL = "http://weixin.qq.com/q/"
_UID = 22
_LONGEST_LIFE = 2_592_000
_DEFAULT_LIFE = 30
# action name: whether the scene is text, whether the code is permanent
_KINDS = {
    "QR_SCENE": (False, False),
    "QR_STR_SCENE": (True, False),
    "QR_LIMIT_SCENE": (False, True),
    "QR_LIMIT_STR_SCENE": (True, True),
}


@endpoint("POST", "/cgi-bin/qrcode/create", daily=100_000)
def create(call: Call) -> Answer:
    """A temporary or permanent code; the same permanent scene gives the same code again."""
    kind = _KINDS.get(call.text("action_name", missing=40052))
    if kind is None:
        raise ApiError(40052)
    is_text, is_permanent = kind
    scene = _scene(call.body, is_text=is_text, is_permanent=is_permanent)
    if is_permanent:
        code = _permanent(call, scene, is_text=is_text)
        return {"ticket": code.ticket, "url": _URL + code.uid}
    life = call.body.get("expire_seconds", _DEFAULT_LIFE)
    if not isinstance(life, int) or not 0 < life <= _LONGEST_LIFE:
        raise ApiError(40053, "expire_seconds")
    code = new_code(call.world, call.account, scene, is_text=is_text, expires_at=call.now + life)
    return {"ticket": code.ticket, "expire_seconds": life, "url": _URL + code.uid}


@endpoint("GET", "/cgi-bin/showqrcode", token=False)
def show(call: Call) -> Answer:
    """The picture behind a ticket; an expired or unknown one has none."""
    code = by_ticket(call.world, call.query.get("ticket", ""))
    if code is None:
        raise ApiError(40035, "ticket")
    return File(picture(_URL + code.uid), "image/jpg")


def new_code(
    world: World, account: Account, scene: str, *, is_text: bool, expires_at: float
) -> Code:
    """Make a code; `expires_at` 0 means permanent."""
    uid = f"0{world.serial('code'):x}{world.chance(_UID)}"[:_UID]
    ticket = f"gQ{uid}{world.chance(70)}=="
    is_permanent = expires_at == 0
    code = Code(uid, account.appid, ticket, scene, is_text, is_permanent, expires_at)
    world.witness("code.created", appid=account.appid, scene=scene, is_permanent=is_permanent)
    return world.codes.save(code)


def by_ticket(world: World, ticket: str) -> Code | None:
    """The code behind a ticket while it lives."""
    return _living(world, world.codes.find(ticket[2 : 2 + _UID]))


def by_url(world: World, url: str) -> Code | None:
    """The code behind what a camera read, while it lives."""
    return _living(world, world.codes.find(url.removeprefix(_URL)))


def is_code_url(text: str) -> bool:
    return text.startswith(_URL)


def picture(text: str) -> bytes:
    """A PNG of the text as a QR code."""
    buffer = io.BytesIO()
    qrcode.make(text, box_size=8, border=4).save(buffer)
    return buffer.getvalue()


def _living(world: World, code: Code | None) -> Code | None:
    if code is None or (not code.is_permanent and code.expires_at <= world.now()):
        return None
    return code


def _permanent(call: Call, scene: str, *, is_text: bool) -> Code:
    appid = call.account.appid
    name = f"code/{appid}/{'text' if is_text else 'number'}/{scene}"
    known = call.world.pointers.find(name)
    if known:
        return call.world.codes.rows[known.target]
    count(call.world, f"permanent/{appid}", call.account.permanent_codes, 45029)
    code = new_code(call.world, call.account, scene, is_text=is_text, expires_at=0)
    call.world.pointers.save(Pointer(name, code.uid))
    return code


def _scene(body: JSON, *, is_text: bool, is_permanent: bool) -> str:
    """The scene value; a missing inner `scene` becomes 0, as it really does."""
    info = body.get("action_info")
    if not isinstance(info, dict):
        raise ApiError(40053)
    inner = info.get("scene")
    if not isinstance(inner, dict):
        return "0"
    return _text_scene(inner) if is_text else _number_scene(inner, is_permanent=is_permanent)


def _text_scene(inner: JSON) -> str:
    value = inner.get("scene_str")
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        raise ApiError(40053, "scene_str")
    return value


def _number_scene(inner: JSON, *, is_permanent: bool) -> str:
    value = inner.get("scene_id")
    highest = 100_000 if is_permanent else 2**32 - 1
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= highest:
        raise ApiError(40053, "scene_id")
    return str(value)
