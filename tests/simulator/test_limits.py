"""Tokens, quotas, windows and expiries, by the simulator's own clock."""

from typing import Any

import pytest

from tests.simulator.stage import MINI, SECRET, SHOP, Stage
from wx_backend import clock

DAY = 86_400
CREDENTIAL: dict[str, Any] = {
    "grant_type": "client_credential",
    "appid": SHOP,
    "secret": SECRET,
}
INFO = "/cgi-bin/getcallbackip"


def plain_token(stage: Stage) -> str:
    query = f"grant_type=client_credential&appid={SHOP}&secret={SECRET}"
    return str(stage.api("GET", f"/cgi-bin/token?{query}")["access_token"])


def stable(stage: Stage, **more: Any) -> dict[str, Any]:
    return stage.api("POST", "/cgi-bin/stable_token", **CREDENTIAL, **more)


def errcode(stage: Stage, token: str) -> int:
    return int(stage.api("GET", f"{INFO}?access_token={token}").get("errcode", 0))


def follower(stage: Stage, name: str = "Bob") -> str:
    return str(stage.act(name, "follow", appid=SHOP)["openid"])


def say(stage: Stage, openid: str, text: str = "您好") -> int:
    path = "/cgi-bin/message/custom/send"
    answer = stage.call(path, touser=openid, msgtype="text", text={"content": text})
    return int(answer["errcode"])


def create_code(stage: Stage, action: str, scene: dict[str, Any], **more: Any) -> dict[str, Any]:
    info = {"action_name": action, "action_info": {"scene": scene}, **more}
    return stage.call("/cgi-bin/qrcode/create", **info)


def test_a_plain_token_replaces_the_one_before_after_five_minutes(stage: Stage) -> None:
    first, second = plain_token(stage), plain_token(stage)
    assert (errcode(stage, first), errcode(stage, second)) == (0, 0)
    stage.advance(301)
    assert (errcode(stage, first), errcode(stage, second)) == (40001, 0)
    stage.advance(7200)
    assert errcode(stage, second) == 42001


def test_the_stable_token_stays_and_is_renewed_at_its_end(stage: Stage) -> None:
    first = stable(stage)
    assert stable(stage)["access_token"] == first["access_token"]
    stage.advance(7200 - 299)
    renewed = stable(stage)
    assert renewed["access_token"] != first["access_token"]
    assert renewed["expires_in"] == 7200
    assert errcode(stage, first["access_token"]) == 0
    stage.advance(300)
    assert errcode(stage, first["access_token"]) == 40001


def test_forcing_kills_the_stable_token_and_is_rationed(stage: Stage) -> None:
    stage.advance(seconds_until_noon())  # rations are a day's, which must not end meanwhile
    first, other_family = stable(stage)["access_token"], plain_token(stage)
    second = stable(stage, force_refresh=True)["access_token"]
    assert errcode(stage, first) == 40001
    assert errcode(stage, second) == 0
    assert errcode(stage, other_family) == 0
    assert stable(stage, force_refresh=True)["errcode"] == 45011
    for _ in range(18):
        stage.advance(31)
        assert "access_token" in stable(stage, force_refresh=True)
    stage.advance(31)
    assert stable(stage, force_refresh=True)["errcode"] == 45009


def seconds_until_noon() -> float:
    """Until it is noon in Shanghai again."""
    now = clock.now().astimezone(clock.SHANGHAI)
    return ((12 - now.hour) % 24 or 24) * 3600 - now.minute * 60


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"appid": "wxnobody"}, 40013),
        ({"secret": "wrong"}, 40125),
        ({"grant_type": "other"}, 40002),
        ({"secret": ""}, 41004),
        ({"appid": ""}, 41002),
    ],
)
def test_wrong_credentials_have_their_codes(
    stage: Stage, change: dict[str, str], code: int
) -> None:
    answer = stage.api("POST", "/cgi-bin/stable_token", **{**CREDENTIAL, **change})
    assert answer["errcode"] == code
    assert " rid: " in answer["errmsg"]


def test_a_frozen_secret_gives_no_token(stage: Stage) -> None:
    stage.control("PUT", f"/accounts/{SHOP}", is_secret_frozen=True)
    assert stable(stage)["errcode"] == 40243


def test_tokens_missing_malformed_unknown(stage: Stage) -> None:
    assert [errcode(stage, token) for token in ("", "short", "x" * 64)] == [41001, 40014, 40001]
    assert stage.call("/cgi-bin/no/such/call")["errcode"] == 40066
    assert stage.look("/cgi-bin/qrcode/create")["errcode"] == 43002


def test_a_daily_quota_ends_and_starts_again_at_midnight_in_china(stage: Stage) -> None:
    path = "/cgi-bin/menu/get"
    stage.control("PUT", f"/accounts/{SHOP}", limits={path: 2})
    codes = [stage.look(path)["errcode"] for _ in range(3)]
    assert codes == [46003, 46003, 45009]
    quota = stage.call("/cgi-bin/openapi/quota/get", cgi_path=path)["quota"]
    assert quota == {"daily_limit": 2, "used": 2, "remain": 0}
    stage.advance(DAY)
    assert stage.look(path)["errcode"] == 46003


def test_clearing_quotas_is_itself_rationed(stage: Stage) -> None:
    path = "/cgi-bin/menu/get"
    stage.control("PUT", f"/accounts/{SHOP}", limits={path: 1})
    for _ in range(10):
        assert stage.look(path)["errcode"] == 46003
        assert stage.call("/cgi-bin/clear_quota", appid=SHOP)["errcode"] == 0
    assert stage.call("/cgi-bin/clear_quota", appid=SHOP)["errcode"] == 48006


def test_a_temporary_code_lives_as_long_as_it_was_asked_to(stage: Stage) -> None:
    scene = {"scene_str": "alice"}
    made = create_code(stage, "QR_STR_SCENE", scene, expire_seconds=30 * DAY)
    stage.advance(30 * DAY - 10)
    assert stage.act("Bob", "scan", url=made["url"], follow=False)["opens"] == "profile"
    stage.advance(10)
    assert "expired" in stage.refused("POST", "/people/Bob/acts/scan", url=made["url"])
    too_long = create_code(stage, "QR_STR_SCENE", scene, expire_seconds=30 * DAY + 1)
    assert too_long["errcode"] == 40053


def test_permanent_codes_are_counted_for_ever(stage: Stage) -> None:
    stage.control("PUT", f"/accounts/{SHOP}", permanent_codes=2)
    first = create_code(stage, "QR_LIMIT_STR_SCENE", {"scene_str": "alice"})
    again = create_code(stage, "QR_LIMIT_STR_SCENE", {"scene_str": "alice"})
    assert again["ticket"] == first["ticket"]
    assert "ticket" in create_code(stage, "QR_LIMIT_SCENE", {"scene_id": 7})
    assert create_code(stage, "QR_LIMIT_SCENE", {"scene_id": 8})["errcode"] == 45029
    assert create_code(stage, "QR_LIMIT_SCENE", {"scene_id": 100_001})["errcode"] == 40053
    assert create_code(stage, "QR_STR_SCENE", {"scene_str": "x" * 65})["errcode"] == 40053


def test_a_forgotten_scene_becomes_zero(stage: Stage) -> None:
    body: dict[str, Any] = {"action_name": "QR_STR_SCENE", "action_info": {"scene_str": "alice"}}
    made = stage.call("/cgi-bin/qrcode/create", expire_seconds=60, **body)
    stage.act("Bob", "scan", url=made["url"])
    assert stage.facts("push.sent")[0]["fields"]["EventKey"] == "qrscene_0"


def test_customer_service_needs_an_open_window(stage: Stage) -> None:
    bob = follower(stage)
    assert [say(stage, bob) for _ in range(4)] == [0, 0, 0, 45047]
    stage.advance(61)
    assert say(stage, bob) == 45015
    stage.act("Bob", "say", appid=SHOP, text="在吗")
    assert [say(stage, bob) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    stage.advance(2 * DAY)
    assert say(stage, bob) == 45015
    stage.act("Bob", "unfollow", appid=SHOP)
    assert say(stage, bob) == 43004


def test_a_repeated_client_msg_id_sends_once_within_ten_minutes(stage: Stage) -> None:
    bob = follower(stage)
    stage.control("PUT", f"/accounts/{SHOP}/templates/T", content="{{thing1.DATA}}")
    body: dict[str, Any] = {
        "touser": bob,
        "template_id": "T",
        "client_msg_id": "c1",
        "data": {"thing1": {"value": "好"}},
    }
    path = "/cgi-bin/message/template/send"
    first, second = stage.call(path, **body), stage.call(path, **body)
    assert first["msgid"] == second["msgid"]
    stage.advance(601)
    assert stage.call(path, **body)["msgid"] != first["msgid"]
    delivered = [fact["msg_id"] for fact in stage.facts("message.delivered")]
    assert len(delivered) == 2


def test_who_cannot_get_a_template_message(stage: Stage) -> None:
    bob = follower(stage)
    stage.control("PUT", f"/accounts/{SHOP}/templates/T", content="{{thing1.DATA}}")
    good: dict[str, Any] = {
        "touser": bob,
        "template_id": "T",
        "data": {"thing1": {"value": "好"}},
    }
    path = "/cgi-bin/message/template/send"
    assert stage.call(path, **{**good, "touser": "oNobody"})["errcode"] == 40003
    assert stage.call(path, **{**good, "template_id": "X"})["errcode"] == 40037
    assert stage.call(path, **{**good, "data": {}})["errcode"] == 47003
    stage.act("Bob", "block", appid=SHOP)
    assert stage.call(path, **good)["errcode"] == 0
    stage.settle()
    assert stage.facts("push.sent")[-1]["fields"]["Status"] == "failed:user block"
    assert stage.facts("message.delivered") == []
    stage.act("Bob", "unfollow", appid=SHOP)
    assert stage.call(path, **good)["errcode"] == 43004
    stage.control("PUT", f"/accounts/{SHOP}/templates/T", is_banned=True)
    assert stage.call(path, **good)["errcode"] == 43116


def test_each_consent_is_one_subscription_notice(stage: Stage) -> None:
    stage.control("PUT", f"/accounts/{SHOP}/templates/S", content="{{thing1.DATA}}")
    stage.act("Bob", "consent", appid=SHOP, answers={"S": "accept"})
    stage.act("Bob", "consent", appid=SHOP, answers={"S": "accept"})
    bob = stage.control("GET", "/people")["people"][1]["contacts"][0]["openid"]
    body: dict[str, Any] = {
        "touser": bob,
        "template_id": "S",
        "data": {"thing1": {"value": "好"}},
    }
    sent = [stage.call("/cgi-bin/message/subscribe/bizsend", **body)["errcode"] for _ in range(3)]
    assert sent == [0, 0, 43101]
    stage.settle()
    entry = stage.facts("push.sent")[-1]["fields"]["SubscribeMsgSentEvent"]["List"][0]
    assert entry["ErrorStatus"] == "success"


def test_four_mass_sends_a_month_reach_a_person(stage: Stage) -> None:
    follower(stage)
    body: dict[str, Any] = {
        "filter": {"is_to_all": True},
        "msgtype": "text",
        "text": {"content": "促销"},
    }
    path = "/cgi-bin/message/mass/sendall"
    first = stage.call(path, clientmsgid="m0", **body)
    for number in range(1, 5):
        assert stage.call(path, clientmsgid=f"m{number}", **body)["errcode"] == 0
    stage.settle()
    finished = [fact["fields"] for fact in stage.facts("push.sent")][1:]
    assert [one["SentCount"] for one in finished] == [1, 1, 1, 1, 0]
    assert stage.call("/cgi-bin/message/mass/get", msg_id=first["msg_id"])["msg_status"]


def test_an_oauth_code_is_used_once_within_five_minutes(stage: Stage) -> None:
    def authorize(query: str = "") -> str:
        path = (
            f"/connect/oauth2/authorize?appid={SHOP}&redirect_uri=https%3A%2F%2Fshop.example%2F"
            f"&response_type=code&scope=snsapi_base&state=s{query}&_sim_person=Bob"
        )
        return str(stage.raw("GET", path).headers["Location"]).partition("code=")[2][:32]

    def exchange(code: str) -> dict[str, Any]:
        query = f"appid={SHOP}&secret={SECRET}&code={code}&grant_type=authorization_code"
        return stage.api("GET", f"/sns/oauth2/access_token?{query}")

    code = authorize()
    first = exchange(code)
    assert first["scope"] == "snsapi_base"
    assert "unionid" not in first
    assert exchange(code)["errcode"] == 40163
    late = authorize()
    stage.advance(301)
    assert exchange(late)["errcode"] == 40029
    answer = stage.api(
        "GET", f"/sns/userinfo?access_token={first['access_token']}&openid={first['openid']}"
    )
    assert answer["errcode"] == 48001


@pytest.mark.parametrize(
    "query",
    [
        "redirect_uri=https%3A%2F%2Fshop.example%2F&appid={0}&response_type=code&scope=snsapi_base",
        "appid={0}&redirect_uri=https%3A%2F%2Fa.shop.example%2F&response_type=code&scope=snsapi_base",
        "appid={0}&redirect_uri=https%3A%2F%2Fshop.example%2F&response_type=code&scope=other",
        "appid=wx0&redirect_uri=https%3A%2F%2Fshop.example%2F&response_type=code&scope=snsapi_base",
    ],
)
def test_a_wrong_authorisation_link_ends_on_an_error_page(stage: Stage, query: str) -> None:
    path = f"/connect/oauth2/authorize?{query.format(SHOP)}&_sim_person=Bob"
    assert stage.raw("GET", path).status == 400


def test_a_snapshot_person_is_not_real(stage: Stage) -> None:
    stage.control("PUT", f"/accounts/{SHOP}", is_snapshot=True)
    path = (
        f"/connect/oauth2/authorize?appid={SHOP}&redirect_uri=https%3A%2F%2Fshop.example%2F"
        "&response_type=code&scope=snsapi_userinfo&state=s&_sim_person=Bob"
    )
    code = stage.raw("GET", path).headers["Location"].partition("code=")[2][:32]
    query = f"appid={SHOP}&secret={SECRET}&code={code}&grant_type=authorization_code"
    tokens = stage.api("GET", f"/sns/oauth2/access_token?{query}")
    assert tokens["is_snapshotuser"] == 1
    assert stage.look("/cgi-bin/user/info", openid=tokens["openid"])["errcode"] == 40003


def test_one_person_has_one_unionid_over_all_bound_accounts(stage: Stage) -> None:
    follower(stage)
    stage.act("Bob", "login", appid=MINI)
    contacts = stage.control("GET", "/people")["people"][1]["contacts"]
    assert len({contact["openid"] for contact in contacts}) == 2
    assert len({contact["unionid"] for contact in contacts}) == 1


def test_a_phone_number_costs_a_code(stage: Stage) -> None:
    code = stage.act("Bob", "give_phone", appid=MINI)["code"]
    path = "/wxa/business/getuserphonenumber"
    info = stage.call(path, MINI, code=code)["phone_info"]
    assert (info["phoneNumber"], info["watermark"]["appid"]) == ("13800000002", MINI)
    assert stage.call(path, MINI, code=code)["errcode"] == 40163
    login = stage.act("Bob", "login", appid=MINI)["code"]
    assert stage.call(path, MINI, code=login)["errcode"] == 40029
