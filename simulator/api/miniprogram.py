"""Mini-programs: log-in, phone number, codes."""

import base64
import re
from urllib.parse import urlencode

from simulator.api.calls import OK, Answer, Call, File, count, credentials, endpoint
from simulator.api.oauth import use_pass
from simulator.api.qrcodes import picture
from simulator.errors import ApiError
from simulator.records import JSON, MiniCode

_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
MINI_URL = "https://wxaurl.cn/"
_LOGINS_PER_MINUTE = 100


@endpoint("GET", "/sns/jscode2session", token=False)
def code_to_session(call: Call) -> Answer:
    query = call.query
    account = credentials(call.world, query.get("appid", ""), query.get("secret", ""))
    if query.get("grant_type") != "authorization_code":
        raise ApiError(40002)
    used = use_pass(call.world, "login", account, query.get("js_code", ""))
    minute = int(call.now // 60)
    count(call.world, f"login/{used.openid}/{minute}", _LOGINS_PER_MINUTE, 45011)
    session_key = base64.b64encode(call.world.chance(16).encode()).decode()
    answer: JSON = {"session_key": session_key, "openid": used.openid}
    contact = call.world.contacts.rows[f"{account.appid}/{used.openid}"]
    unionid = call.world.unionid(account, contact.person)
    return answer | ({"unionid": unionid} if unionid else {})


@endpoint("POST", "/wxa/business/getuserphonenumber")
def phone_number(call: Call) -> Answer:
    used = use_pass(call.world, "phone", call.account, call.text("code", missing=40029))
    contact = call.world.contacts.rows[f"{call.account.appid}/{used.openid}"]
    phone = call.world.people.rows[contact.person].phone
    info = {
        "phoneNumber": phone,
        "purePhoneNumber": phone,
        "countryCode": "86",
        "watermark": {"timestamp": int(call.now), "appid": call.account.appid},
    }
    return {**OK, "phone_info": info}


@endpoint("POST", "/wxa/getwxacodeunlimit", per_minute=5000)
def code_unlimited(call: Call) -> Answer:
    """A picture of a mini-program code; drawn as an ordinary QR code."""
    scene = call.text("scene", missing=40169)
    if not _SCENE.fullmatch(scene):
        raise ApiError(40169)
    page = str(call.body.get("page") or "pages/index/index")
    published = call.account.pages
    if call.body.get("check_path", True) and published and page not in published:
        raise ApiError(41030)
    if page.startswith("/") or "?" in page:
        raise ApiError(41030)
    uid = f"{call.world.serial('mini_code'):x}{call.world.chance(12)}"
    call.world.mini_codes.save(MiniCode(uid, call.account.appid, scene, page))
    return File(picture(MINI_URL + uid), "image/png")


def launch_of(code: MiniCode) -> JSON:
    """What the mini-program is started with when somebody scans its code."""
    return {
        "appid": code.appid,
        "page": code.page,
        "scene": code.scene,
        "query": urlencode({"scene": code.scene}),
    }
