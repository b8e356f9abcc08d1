"""The smaller calls of the API host, and the codes with which they refuse."""

from typing import Any

import pytest

from tests.simulator.stage import MINI, SECRET, SHOP, Stage

VIEW = {"type": "view", "name": "商城", "url": "https://shop.example/"}


@pytest.fixture
def bob(stage: Stage) -> str:
    return str(stage.act("Bob", "follow", appid=SHOP)["openid"])


@pytest.fixture
def alice(stage: Stage) -> str:
    return str(stage.act("Alice", "follow", appid=SHOP)["openid"])


@pytest.mark.parametrize(
    ("buttons", "code"),
    [
        ([], 40016),
        ([VIEW] * 4, 40016),
        ([{**VIEW, "name": "六个汉字太长"}], 40018),
        ([{**VIEW, "type": "fly"}], 40017),
        ([{**VIEW, "url": "https://a.b/" + "x" * 1024}], 40020),
        ([{"type": "click", "name": "积分"}], 40019),
        ([{"name": "更多", "sub_button": [VIEW] * 6}], 40023),
        ([{"name": "更多", "sub_button": [{**VIEW, "name": ""}]}], 40025),
        (["更多"], 47001),
        ([{"type": "miniprogram", "name": "小店", "appid": MINI, "pagepath": "p"}], 40020),
    ],
)
def test_a_wrong_menu_is_refused(stage: Stage, buttons: list[Any], code: int) -> None:
    assert stage.call("/cgi-bin/menu/create", button=buttons)["errcode"] == code


def test_personal_menus_need_a_default_one(stage: Stage, bob: str) -> None:
    add = "/cgi-bin/menu/addconditional"
    vip = [{"type": "click", "name": "专享", "key": "vip"}]
    tag = stage.call("/cgi-bin/tags/create", tag={"name": "老客户"})["tag"]["id"]
    rule = {"tag_id": str(tag)}
    assert stage.look("/cgi-bin/get_current_selfmenu_info")["is_menu_open"] == 0
    assert stage.call("/cgi-bin/menu/trymatch", user_id=bob)["errcode"] == 46003
    assert stage.call(add, button=vip, matchrule=rule)["errcode"] == 65303
    stage.call("/cgi-bin/menu/create", button=[VIEW])
    assert stage.call(add, button=vip, matchrule={"sex": "1"})["errcode"] == 65320
    menu_id = stage.call(add, button=vip, matchrule=rule)["menuid"]
    assert stage.call("/cgi-bin/menu/trymatch", user_id=bob)["button"][0]["name"] == "商城"
    stage.call("/cgi-bin/tags/members/batchtagging", tagid=tag, openid_list=[bob])
    stage.act("Bob", "tap", appid=SHOP, button="专享")
    other = stage.call("/cgi-bin/tags/create", tag={"name": "新客户"})["tag"]["id"]
    stage.call("/cgi-bin/tags/members/batchtagging", tagid=other, openid_list=[bob])
    seen = stage.call("/cgi-bin/menu/trymatch", user_id=bob)["button"][0]["name"]
    assert seen == "商城", "the last tag given decides, and no menu is for it"
    shown = stage.look("/cgi-bin/menu/get")["conditionalmenu"]
    assert [(menu["menuid"], menu["matchrule"]) for menu in shown] == [(menu_id, rule)]
    assert stage.call("/cgi-bin/menu/delconditional", menuid=menu_id)["errcode"] == 0
    assert stage.call("/cgi-bin/menu/delconditional", menuid=menu_id)["errcode"] == 65301


def test_taps_that_open_something(stage: Stage, bob: str) -> None:
    assert bob
    mini = {
        "type": "miniprogram",
        "name": "小店",
        "appid": MINI,
        "pagepath": "pages/a",
        "url": "https://shop.example/",
    }
    media = {"type": "media_id", "name": "图片", "media_id": "m1"}
    stage.call("/cgi-bin/menu/create", button=[VIEW, mini, media])
    assert stage.act("Bob", "tap", appid=SHOP, button="商城")["url"] == VIEW["url"]
    assert stage.act("Bob", "tap", appid=SHOP, button="小店")["page"] == "pages/a"
    stage.act("Bob", "tap", appid=SHOP, button="图片")
    assert stage.chat("Bob")[-1]["kind"] == "menu"
    assert [fact["name"] for fact in stage.facts("push.sent")[1:]] == ["VIEW", "view_miniprogram"]
    wrong = stage.refused("POST", "/people/Bob/acts/tap", appid=SHOP, button="x")
    assert "there are 商城" in wrong


def test_tags_come_and_go(stage: Stage, bob: str) -> None:
    path = "/cgi-bin/tags/"
    tag = stage.call(f"{path}create", tag={"name": "老客户"})["tag"]["id"]
    members = {"tagid": tag, "openid_list": [bob]}
    for call, body, code in (
        ("create", {"tag": {"name": "老客户"}}, 45157),
        ("create", {"tag": {"name": "长" * 31}}, 45158),
        ("create", {}, 47001),
        ("update", {"tag": {"id": tag, "name": "新客户"}}, 0),
        ("update", {"tag": {"id": 2, "name": "星标"}}, 45058),
        ("members/batchtagging", members, 0),
        ("members/batchtagging", {**members, "openid_list": [bob] * 51}, 40032),
        ("members/batchtagging", {**members, "tagid": 999}, 45159),
        ("members/batchtagging", {**members, "openid_list": ["oNobody"]}, 40003),
    ):
        assert stage.call(path + call, **body).get("errcode", 0) == code
    assert stage.look(f"{path}get")["tags"] == [{"id": tag, "name": "新客户", "count": 1}]
    assert stage.call(f"{path}getidlist", openid=bob)["tagid_list"] == [tag]
    assert stage.call(f"{path}members/batchuntagging", **members)["errcode"] == 0
    assert stage.call("/cgi-bin/user/tag/get", tagid=tag)["count"] == 0
    stage.call(f"{path}members/batchtagging", **members)
    assert stage.call(f"{path}delete", tag={"id": tag})["errcode"] == 0
    assert stage.call(f"{path}getidlist", openid=bob)["tagid_list"] == []


def test_twenty_tags_are_enough_for_anybody(stage: Stage, bob: str) -> None:
    tags = [
        stage.call("/cgi-bin/tags/create", tag={"name": f"t{n}"})["tag"]["id"] for n in range(21)
    ]
    codes = [
        stage.call("/cgi-bin/tags/members/batchtagging", tagid=tag, openid_list=[bob])["errcode"]
        for tag in tags
    ]
    assert codes == [0] * 20 + [45059]


def test_profiles(stage: Stage, bob: str) -> None:
    assert stage.look("/cgi-bin/user/info")["errcode"] == 41009
    assert stage.call("/cgi-bin/user/info/batchget", user_list=[])["errcode"] == 40032
    assert stage.call("/cgi-bin/user/info/updateremark", openid=bob, remark="熟客")["errcode"] == 0
    assert stage.look("/cgi-bin/user/info", openid=bob)["remark"] == "熟客"
    page = stage.look("/cgi-bin/user/get", next_openid=bob)
    assert (page["total"], page["count"]) == (1, 0)
    stage.act("Bob", "unfollow", appid=SHOP)
    gone = stage.look("/cgi-bin/user/info", openid=bob)
    assert set(gone) == {"subscribe", "openid", "unionid"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msgtype": "text", "text": {"content": ""}}, 44004),
        ({"msgtype": "text", "text": {"content": "长" * 683}}, 45002),
        ({"msgtype": "text"}, 44002),
        ({"msgtype": "smell", "smell": {}}, 40008),
        ({"msgtype": "image", "image": {"media_id": "none"}}, 40007),
        ({"msgtype": "news", "news": {"articles": [{}, {}]}}, 45008),
        ({"msgtype": "news", "news": {"articles": [{"title": "手机"}]}}, 0),
        ({"msgtype": "msgmenu", "msgmenu": {"head_content": "满意吗"}}, 0),
    ],
)
def test_customer_service_payloads(stage: Stage, bob: str, body: dict[str, Any], code: int) -> None:
    path = "/cgi-bin/message/custom/send"
    assert stage.call(path, touser=bob, **body)["errcode"] == code


def test_media_have_kinds_sizes_and_an_end(stage: Stage) -> None:
    def upload(kind: str, content: bytes) -> dict[str, Any]:
        path = f"/cgi-bin/media/upload?access_token={stage.token()}&type={kind}"
        fields = {"media": ("a.jpg", content, "image/jpeg")}
        answer: dict[str, Any] = stage.raw("POST", path, fields=fields).json()
        return answer

    assert upload("smell", b"x")["errcode"] == 40004
    assert upload("image", b"")["errcode"] == 41005
    assert upload("thumb", b"x" * 65_537)["errcode"] == 40009
    media_id = upload("image", b"jpeg")["media_id"]
    stage.advance(3 * 86_400)
    assert stage.look("/cgi-bin/media/get", media_id=media_id)["errcode"] == 40007


def test_templates_are_taken_from_the_library_up_to_25(stage: Stage) -> None:
    add = "/cgi-bin/template/api_add_template"
    names = ["订单编号", "支付金额", "支付时间", "商品名称"]
    made = stage.call(add, template_id_short="TM001", keyword_name_list=names)["template_id"]
    listed = stage.look("/cgi-bin/template/get_all_private_template")["template_list"]
    assert "character_string1.DATA" in listed[0]["content"]
    assert "amount2.DATA" in listed[0]["content"]
    for _ in range(24):
        assert stage.call(add, template_id_short="TM001")["errcode"] == 0
    assert stage.call(add, template_id_short="TM001")["errcode"] == 45026
    remove = "/cgi-bin/template/del_private_template"
    assert stage.call(remove, template_id=made)["errcode"] == 0
    assert stage.call(remove, template_id=made)["errcode"] == 40037


def test_mass_sends_to_lists_and_previews(stage: Stage, bob: str, alice: str) -> None:
    text = {"msgtype": "text", "text": {"content": "到店有礼"}}
    path = "/cgi-bin/message/mass/"
    assert stage.call(f"{path}send", touser=[bob], **text)["errcode"] == 40032
    assert stage.call(f"{path}send", touser=[bob, alice], **text)["errcode"] == 0
    assert stage.call(f"{path}preview", touser=bob, **text)["errcode"] == 0
    wrong = {"msgtype": "smell"}
    assert stage.call(f"{path}preview", touser=bob, **wrong)["errcode"] == 40008
    assert stage.call(f"{path}get", msg_id=1)["errcode"] == 40035
    long_id = {"clientmsgid": "x" * 65, "filter": {"is_to_all": True}}
    assert stage.call(f"{path}sendall", **long_id, **text)["errcode"] == 45067
    assert stage.call(f"{path}sendall", **text)["errcode"] == 40035
    assert [line["kind"] for line in stage.chat("Alice")] == ["mass"]


def test_quotas_by_secret_and_unknown_paths(stage: Stage) -> None:
    assert stage.call("/cgi-bin/openapi/quota/get", cgi_path="/no")["errcode"] == 76021
    assert stage.call("/cgi-bin/clear_quota", appid=MINI)["errcode"] == 40013
    by_secret = {"appid": SHOP, "appsecret": SECRET}
    assert stage.api("POST", "/cgi-bin/clear_quota/v2", **by_secret)["errcode"] == 0
    assert stage.look("/cgi-bin/get_api_domain_ip")["ip_list"] == ["127.0.0.1"]


def test_a_body_must_be_json(stage: Stage) -> None:
    path = f"/cgi-bin/menu/create?access_token={stage.token()}"
    for raw in (b"[]", b"{", b"\xff"):
        assert stage.raw("POST", path, body=raw).json()["errcode"] == 47001


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"scene": "含汉字"}, 40169),
        ({"scene": "x" * 33}, 40169),
        ({"scene": "s", "page": "pages/none"}, 41030),
        ({"scene": "s", "page": "/pages/a", "check_path": False}, 41030),
    ],
)
def test_mini_program_codes_are_checked(stage: Stage, body: dict[str, Any], code: int) -> None:
    stage.control("PUT", f"/accounts/{MINI}", pages=["pages/a"])
    assert stage.call("/wxa/getwxacodeunlimit", MINI, **body)["errcode"] == code


def test_following_by_ticket_and_what_cannot_be_done(stage: Stage, bob: str) -> None:
    assert bob
    made = stage.call(
        "/cgi-bin/qrcode/create",
        action_name="QR_SCENE",
        expire_seconds=60,
        action_info={"scene": {"scene_id": 7}},
    )
    openid = stage.act("Alice", "follow", ticket=made["ticket"])["openid"]
    assert stage.look("/cgi-bin/user/info", openid=openid)["qr_scene"] == 7
    assert stage.act("Alice", "scan", ticket=made["ticket"])["opens"] == "chat"
    acts = "/people/Bob/acts/"
    assert "already" in stage.refused("POST", f"{acts}follow", appid=SHOP)
    assert "expired" in stage.refused("POST", f"{acts}scan", ticket="gQnone")
    assert "no template" in stage.refused(
        "POST", f"{acts}consent", appid=SHOP, answers={"X": "accept"}
    )
    stage.act("Bob", "unfollow", appid=SHOP)
    assert "does not follow" in stage.refused("POST", f"{acts}unfollow", appid=SHOP)
    assert "only followers" in stage.refused("POST", f"{acts}say", appid=SHOP, text="x")
