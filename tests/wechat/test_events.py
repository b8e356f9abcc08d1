"""Every push the platform documents has its class; anything else is kept, not lost."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wechat.samples import BASE, COMMON, as_xml, event, message
from wechat import events, pushes
from wechat.events import Malformed, fields, parse, scene
from wx_backend import strict

CASES: list[tuple[dict[str, Any], type[pushes.Push], dict[str, Any]]] = [
    (message("text", Content="你好 "), pushes.Text, {"content": "你好 "}),
    (message("text", Content="满意", bizmsgmenuid=101), pushes.Text, {"menu_id": "101"}),
    (
        message("text", Content="看了文章", MsgDataId="77", Idx="2"),
        pushes.Text,
        {"msg_data_id": "77", "idx": "2", "msg_id": "3487542469355618313"},
    ),
    (message("image", PicUrl="http://p", MediaId="m1"), pushes.Image, {"media_id": "m1"}),
    (
        message("voice", Format="amr", MediaId="m1", MediaId16K="m16"),
        pushes.Voice,
        {"format": "amr", "media_id_16k": "m16", "recognition": ""},
    ),
    (message("video", MediaId="m1", ThumbMediaId="t1"), pushes.Video, {"thumb_media_id": "t1"}),
    (message("shortvideo", MediaId="m1"), pushes.Video, {"msg_type": "shortvideo"}),
    (
        message("location", Location_X="-23.134521", Location_Y="113.35", Scale=20, Label="广州"),
        pushes.Location,
        {"latitude": -23.134521, "longitude": 113.35, "scale": "20", "label": "广州"},
    ),
    (message("link", Title="t", Description="d", Url="http://u"), pushes.Link, {"url": "http://u"}),
    (
        message("miniprogrampage", Title="t", AppId="wx1", PagePath="pages/a", ThumbUrl="http://t"),
        pushes.MiniProgramPage,
        {"appid": "wx1", "page_path": "pages/a"},
    ),
    (
        event("subscribe", EventKey="qrscene_rep-1", Ticket="TICKET"),
        pushes.Subscribe,
        {"event_key": "qrscene_rep-1", "ticket": "TICKET"},
    ),
    (event("subscribe"), pushes.Subscribe, {"event_key": ""}),
    (event("unsubscribe", EventKey=""), pushes.Unsubscribe, {}),
    (event("SCAN", EventKey=4001, Ticket="T"), pushes.Scan, {"event_key": "4001"}),
    (event("scan", EventKey="rep-1", Ticket="T"), pushes.Scan, {"event": "scan"}),
    (
        event("LOCATION", Latitude="23.137466", Longitude="113.352425", Precision="119.385040"),
        pushes.ReportedLocation,
        {"latitude": 23.137466, "precision": 119.38504},
    ),
    (event("CLICK", EventKey="points"), pushes.Click, {"event_key": "points"}),
    (event("VIEW", EventKey="https://s", MenuId="9"), pushes.View, {"menu_id": "9"}),
    (event("view_miniprogram", EventKey="pages/a"), pushes.View, {"event_key": "pages/a"}),
    (
        event(
            "scancode_push", EventKey="6", ScanCodeInfo={"ScanType": "qrcode", "ScanResult": "1"}
        ),
        pushes.MenuScan,
        {"scan_type": "qrcode", "scan_result": "1"},
    ),
    (event("scancode_waitmsg", EventKey="6"), pushes.MenuScan, {"scan_result": ""}),
    (
        event(
            "pic_sysphoto",
            EventKey="6",
            SendPicsInfo={"Count": 1, "PicList": {"item": {"PicMd5Sum": "1b"}}},
        ),
        pushes.MenuPictures,
        {"count": 1, "pictures": (pushes.Picture(md5="1b"),)},
    ),
    (
        event(
            "pic_photo_or_album",
            SendPicsInfo={
                "Count": 2,
                "PicList": {"item": [{"PicMd5Sum": "a"}, {"PicMd5Sum": "b"}]},
            },
        ),
        pushes.MenuPictures,
        {"pictures": (pushes.Picture(md5="a"), pushes.Picture(md5="b"))},
    ),
    (
        event("pic_weixin", SendPicsInfo={"Count": 0, "PicList": ""}),
        pushes.MenuPictures,
        {"pictures": ()},
    ),
    (
        event(
            "location_select",
            EventKey="6",
            SendLocationInfo={"Location_X": "23", "Location_Y": "113", "Poiname": "营业厅"},
        ),
        pushes.MenuLocation,
        {"latitude": 23.0, "poi_name": "营业厅"},
    ),
    (
        event("TEMPLATESENDJOBFINISH", MsgID=200163836, Status="failed: system failed"),
        pushes.TemplateResult,
        {"msg_id": "200163836", "status": "failed:system failed"},
    ),
    (
        event("TEMPLATESENDJOBFINISH", MsgID="1", Status="Failed:User  Block "),
        pushes.TemplateResult,
        {"status": "failed:user block"},
    ),
    (
        event(
            "MASSSENDJOBFINISH",
            MsgID=1000001625,
            Status="err(30003)",
            TotalCount=5,
            FilterCount=4,
            SentCount=3,
            ErrorCount=1,
            CopyrightCheckResult={"Count": 1, "ResultList": "", "CheckState": 2},
            ArticleUrlResult={
                "Count": 1,
                "ResultList": {"item": {"ArticleIdx": 1, "ArticleUrl": "http://a"}},
            },
        ),
        pushes.MassResult,
        {
            "total": 5,
            "filtered": 4,
            "sent": 3,
            "failed": 1,
            "copyright_state": 2,
            "articles": (pushes.MassArticle(index=1, url="http://a"),),
        },
    ),
    (
        event(
            "subscribe_msg_popup_event",
            SubscribeMsgPopupEvent={
                "List": [
                    {"TemplateId": "t1", "SubscribeStatusString": "accept", "PopupScene": 1},
                    {"TemplateId": "t2", "SubscribeStatusString": "reject", "PopupScene": 1},
                ]
            },
        ),
        pushes.SubscriptionChoices,
        {
            "choices": (
                pushes.Choice(template_id="t1", status="accept", popup_scene="1"),
                pushes.Choice(template_id="t2", status="reject", popup_scene="1"),
            )
        },
    ),
    (
        event(
            "subscribe_msg_change_event",
            SubscribeMsgChangeEvent={
                "List": {"TemplateId": "t1", "SubscribeStatusString": "reject"}
            },
        ),
        pushes.SubscriptionChoices,
        {"choices": (pushes.Choice(template_id="t1", status="reject"),)},
    ),
    (
        event(
            "subscribe_msg_sent_event",
            List={"TemplateId": "t1", "MsgID": 17, "ErrorCode": 0, "ErrorStatus": "success"},
        ),
        pushes.SubscriptionSent,
        {
            "notices": (
                pushes.SentNotice(
                    template_id="t1", msg_id="17", error_code="0", error_status="success"
                ),
            )
        },
    ),
    (
        event("user_authorization_revoke", OpenID="oBob", AppID="wx1", RevokeInfo="8,2"),
        pushes.DataWithdrawn,
        {"subject_openid": "oBob", "revoke_info": "8,2"},
    ),
    (event("user_info_modified", OpenID="oBob"), pushes.ProfileCleaned, {"appid": ""}),
    (event("user_authorization_cancellation"), pushes.DataWithdrawn, {}),
    (
        event("verify_expired", ExpiredTime=1714037059),
        pushes.AccountVerification,
        {"expires_at": BASE["created_at"], "failed_at": None},
    ),
    (
        event("naming_verify_fail", FailTime=1714037059, FailReason="by time"),
        pushes.AccountVerification,
        {"reason": "by time"},
    ),
    (event("qualification_verify_success"), pushes.AccountVerification, {}),
    (event("qualification_verify_fail"), pushes.AccountVerification, {}),
    (event("naming_verify_success"), pushes.AccountVerification, {}),
    (event("annual_renew"), pushes.AccountVerification, {}),
    (
        event("kf_create_session", KfAccount="a@b"),
        pushes.CustomerServiceSession,
        {"account": "a@b"},
    ),
    (event("kf_close_session"), pushes.CustomerServiceSession, {}),
    (
        event("kf_switch_session", FromKfAccount="a@b", ToKfAccount="c@b"),
        pushes.CustomerServiceSession,
        {"from_account": "a@b", "to_account": "c@b"},
    ),
    (
        event("user_enter_tempsession", SessionFrom="order"),
        pushes.EnteredCustomerService,
        {"session_from": "order"},
    ),
    (
        event("trade_manage_remind_access_api", msg="请接入"),
        pushes.ShippingNotice,
        {"message": "请接入"},
    ),
    (
        event("trade_manage_remind_shipping", transaction_id="42", pay_time=1714037059),
        pushes.ShippingNotice,
        {"transaction_id": "42", "paid_at": BASE["created_at"]},
    ),
    (
        event("trade_manage_order_settlement", merchant_trade_no="P1", settlement_time=1714037059),
        pushes.ShippingNotice,
        {"merchant_trade_no": "P1", "settled_at": BASE["created_at"]},
    ),
    (event("wxa_trade_controlled", msg="限制"), pushes.ShippingNotice, {}),
    (
        event("wxa_punish_event", punish_id="7", event_type="punish", detail='{"a":1}'),
        pushes.Punished,
        {"kind": "punish", "detail": '{"a":1}'},
    ),
]


@pytest.mark.parametrize("write", [as_xml, strict.dumps], ids=["xml", "json"])
@pytest.mark.parametrize(
    ("sent", "kind", "expected"),
    CASES,
    ids=[str(case[0].get("Event", case[0]["MsgType"])) for case in CASES],
)
def test_every_documented_push_is_read(
    write: Any, sent: dict[str, Any], kind: type[pushes.Push], expected: dict[str, Any]
) -> None:
    push = parse(fields(write(sent)))
    assert type(push) is kind
    for name, value in (BASE | expected).items():
        assert getattr(push, name) == value, name


def test_the_cases_cover_every_type_in_the_tables() -> None:
    tried = {str(case[0].get("Event", case[0]["MsgType"])) for case in CASES}
    assert tried == events.EVENTS.keys() | events.MESSAGES.keys()


@pytest.mark.parametrize(
    "sent",
    [message("holo", Beam="1"), event("moon_landing", Beam="1"), event("Click", EventKey="1")],
)
def test_an_unknown_type_keeps_its_fields(sent: dict[str, Any]) -> None:
    push = parse(sent)
    assert isinstance(push, pushes.Unknown)
    assert push.fields == sent
    assert push.openid == "oBob"


MALFORMED: list[dict[str, Any]] = [
    {},
    {"MsgType": "event"},
    {**COMMON},
    {**COMMON, "MsgType": ["text"]},
    {**COMMON, "MsgType": "event", "Event": {"a": "b"}},
    {**event("unsubscribe"), "CreateTime": "tomorrow"},
    {**event("unsubscribe"), "CreateTime": "１７１４０３７０５９"},
    {**event("unsubscribe"), "CreateTime": -1},
    {**event("unsubscribe"), "CreateTime": True},
    {**event("unsubscribe"), "CreateTime": 2**62},
    {**event("unsubscribe"), "CreateTime": 1.5},
    {**event("unsubscribe"), "FromUserName": {"a": "b"}},
    {**event("unsubscribe"), "FromUserName": None},
    event("SCAN"),
    event("SCAN", EventKey=["a"]),
    event("CLICK"),
    event("TEMPLATESENDJOBFINISH", MsgID="1"),
    event("LOCATION", Latitude="1e400", Longitude="1", Precision="1"),
    event("LOCATION", Latitude="nan", Longitude="1"),
    event("LOCATION", Latitude="--1", Longitude="1"),
    event("LOCATION", Latitude="", Longitude="1"),
    event("LOCATION", Latitude=True, Longitude="1"),
    event("LOCATION", Latitude="1" * 41, Longitude="1"),
    event("LOCATION", Latitude="1" * 20 + "x", Longitude="1"),
    event("scancode_push", ScanCodeInfo="x"),
    event("pic_weixin", SendPicsInfo={"Count": 1, "PicList": {"item": "x"}}),
    event("subscribe_msg_sent_event", List=["x"]),
    message("image"),
    {**COMMON, "MsgType": "text", "Content": "no id"},
]


@pytest.mark.parametrize("sent", MALFORMED, ids=str)
def test_a_known_push_with_a_wrong_field_is_malformed(sent: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse(sent)


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
anything = st.recursive(
    leaves, lambda x: st.lists(x) | st.dictionaries(st.text("aL"), x), max_leaves=5
)


@settings(deadline=None)
@given(
    st.sampled_from(sorted(events.EVENTS)),
    st.dictionaries(
        st.sampled_from(["List", "EventKey", "Ticket", "MsgID", "SendPicsInfo", "Latitude"])
        | st.sampled_from([*COMMON, "ScanCodeInfo", "SubscribeMsgSentEvent", "ArticleUrlResult"]),
        anything,
        max_size=4,
    ),
)
def test_no_fields_raise_anything_but_malformed(name: str, more: dict[str, Any]) -> None:
    try:
        parse({**event(name), **more})
    except Malformed:
        return


def test_the_scene_loses_its_prefix_on_subscribe_only() -> None:
    assert scene(parse(event("subscribe", EventKey="qrscene_rep-1"))) == "rep-1"
    assert scene(parse(event("subscribe", EventKey="qrscene_qrscene_1"))) == "qrscene_1"
    assert scene(parse(event("SCAN", EventKey="qrscene_rep-1"))) == "qrscene_rep-1"
    assert scene(parse(event("subscribe", EventKey="last_trade_no_42"))) is None
    assert scene(parse(event("subscribe"))) is None
    assert scene(parse(event("CLICK", EventKey="rep-1"))) is None
