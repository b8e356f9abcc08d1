"""Web authorisation: exchanging codes, and the person behind an OAuth token."""

from simulator.api.calls import Answer, Call, credentials, endpoint, new_token
from simulator.clock import DAY, MINUTE
from simulator.errors import ApiError
from simulator.records import JSON, Account, Pass, Token
from simulator.world import World

_LIFE = 7200
_REFRESH_LIFE = 30 * DAY
_CODE_LIFE = 5 * MINUTE


@endpoint("GET", "/sns/oauth2/access_token", token=False)
def exchange(call: Call) -> Answer:
    """A person's tokens for a code, once."""
    account = credentials(call.world, call.query.get("appid", ""), call.query.get("secret", ""))
    if call.query.get("grant_type") != "authorization_code":
        raise ApiError(40002)
    used = use_pass(call.world, "oauth", account, call.query.get("code", ""))
    refresh = new_token(
        call.world, account.appid, "refresh", _REFRESH_LIFE, openid=used.openid, scope=used.scope
    )
    return _tokens(call, account, refresh, is_snapshot=used.is_snapshot)


@endpoint("GET", "/sns/oauth2/refresh_token", token=False)
def refresh(call: Call) -> Answer:
    """A new token for as long as the refresh token lives; that life is not extended."""
    if call.query.get("grant_type") != "refresh_token":
        raise ApiError(40002)
    account = call.world.accounts.find(call.query.get("appid", ""))
    if account is None:
        raise ApiError(40013)
    found = _live(call, call.query.get("refresh_token", ""), "refresh", 40030)
    if found.appid != account.appid:
        raise ApiError(40030)
    return _tokens(call, account, found, is_snapshot=False)


@endpoint("GET", "/sns/userinfo", token=False)
def userinfo(call: Call) -> Answer:
    found = _person_token(call)
    if "snsapi_userinfo" not in found.scope:
        raise ApiError(48001)
    contact = call.world.contacts.find(found.appid, found.openid)
    person = call.world.people.find(contact.person) if contact else None
    account = call.world.accounts.rows[found.appid]
    answer: JSON = {
        "openid": found.openid,
        "nickname": person.name if person else "微信用户",
        "sex": 0,
        "province": "",
        "city": "",
        "country": "",
        "headimgurl": person.avatar if person else "",
        "privilege": [],
    }
    return answer | _union(call.world, account, found)


@endpoint("GET", "/sns/auth", token=False)
def is_valid(call: Call) -> Answer:
    _person_token(call)
    return {"errcode": 0, "errmsg": "ok"}


def new_pass(
    world: World, kind: str, appid: str, openid: str, *, scope: str = "", is_snapshot: bool = False
) -> Pass:
    """A code for one use within five minutes."""
    code = f"0{world.serial('pass'):x}{world.chance(32)}"[:32]
    return world.passes.save(Pass(code, kind, appid, openid, world.now(), scope, is_snapshot))


def use_pass(world: World, kind: str, account: Account, code: str) -> Pass:
    """Redeem a code; raises ApiError 41008, 40029 or 40163."""
    if not code:
        raise ApiError(41008)
    found = world.passes.find(code)
    if found is None or (found.kind, found.appid) != (kind, account.appid):
        raise ApiError(40029)
    if found.is_used:
        raise ApiError(40163)
    if world.now() - found.created_at > _CODE_LIFE:
        raise ApiError(40029)
    found.is_used = True
    return world.passes.save(found)


def _tokens(call: Call, account: Account, source: Token, *, is_snapshot: bool) -> JSON:
    access = new_token(
        call.world, account.appid, "oauth", _LIFE, openid=source.openid, scope=source.scope
    )
    answer: JSON = {
        "access_token": access.token,
        "expires_in": _LIFE,
        "refresh_token": source.token,
        "openid": source.openid,
        "scope": source.scope,
    }
    if is_snapshot:
        return answer | {"is_snapshotuser": 1}
    if source.scope == "snsapi_userinfo":
        answer |= _union(call.world, account, source)
    return answer


def _union(world: World, account: Account, token: Token) -> JSON:
    contact = world.contacts.find(token.appid, token.openid)
    unionid = world.unionid(account, contact.person) if contact else None
    return {"unionid": unionid} if unionid else {}


def _person_token(call: Call) -> Token:
    found = _live(call, call.query.get("access_token", ""), "oauth", 40001)
    if call.query.get("openid") != found.openid:
        raise ApiError(40003)
    return found


def _live(call: Call, text: str, family: str, refusal: int) -> Token:
    found = call.world.tokens.find(text)
    if found is None or found.family != family:
        raise ApiError(refusal)
    if found.expires_at <= call.now:
        raise ApiError(42001 if family == "oauth" else refusal)
    return found
