"""Followers and their profiles."""

from simulator.api.calls import OK, Answer, Call, endpoint
from simulator.errors import ApiError
from simulator.records import JSON, Contact

_PAGE = 10_000
_BATCH = 100


@endpoint("GET", "/cgi-bin/user/info", daily=5_000_000)
def info(call: Call) -> Answer:
    openid = call.query.get("openid", "")
    if not openid:
        raise ApiError(41009)
    return _profile(call, call.contact(openid))


@endpoint("POST", "/cgi-bin/user/info/batchget", daily=5_000_000)
def batchget(call: Call) -> Answer:
    users = call.body.get("user_list")
    if not isinstance(users, list) or not 1 <= len(users) <= _BATCH:
        raise ApiError(40032)
    if not all(isinstance(user, dict) for user in users):
        raise ApiError(47001)
    profiles = [_profile(call, call.contact(str(user.get("openid")))) for user in users]
    return {"user_info_list": profiles}


@endpoint("GET", "/cgi-bin/user/get", daily=500)
def followers(call: Call) -> Answer:
    """The openids of all followers, 10,000 a page, from after `next_openid`."""
    appid = call.account.appid
    openids = sorted(c.openid for c in call.world.contacts if c.appid == appid and c.is_following)
    after = call.query.get("next_openid", "")
    page = [openid for openid in openids if openid > after][:_PAGE]
    answer: JSON = {"total": len(openids), "count": len(page), "next_openid": ""}
    if page:
        answer |= {"data": {"openid": page}, "next_openid": page[-1]}
    return answer


@endpoint("POST", "/cgi-bin/user/info/updateremark", daily=10_000)
def update_remark(call: Call) -> Answer:
    contact = call.contact(call.text("openid", missing=40003))
    contact.remark = str(call.body.get("remark", ""))
    call.world.contacts.save(contact)
    return OK


def _profile(call: Call, contact: Contact) -> JSON:
    """What the platform tells about a follower; about anybody else next to nothing."""
    unionid = call.world.unionid(call.account, contact.person)
    bound = {"unionid": unionid} if unionid else {}
    if not contact.is_following:
        return {"subscribe": 0, "openid": contact.openid, **bound}
    return {
        "subscribe": 1,
        "openid": contact.openid,
        "nickname": "",
        "sex": 0,
        "language": "zh_CN",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": "",
        "subscribe_time": contact.followed_at,
        **bound,
        "remark": contact.remark,
        "groupid": contact.tags[-1] if contact.tags else 0,
        "tagid_list": contact.tags,
        "subscribe_scene": contact.follow_scene,
        "qr_scene": contact.qr_scene,
        "qr_scene_str": contact.qr_scene_str,
    }
