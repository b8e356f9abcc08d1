"""What the message platform pushes: one frozen class per message and event type.

Field names and notes follow the platform's pages on receiving messages and event pushes; ids are
text, since some are hashes and others exceed what a JavaScript number holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from wechat.reading import decimal, many, outcome, text, unix, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What every push says: `to_user` is the account's gh_ id, `openid` the person's."""

    to_user: Annotated[str, text("ToUserName")]
    openid: Annotated[str, text("FromUserName")]
    created_at: Annotated[datetime, unix("CreateTime")]
    msg_type: Annotated[str, text("MsgType")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Push):
    """Something a person wrote or sent; `msg_data_id` and `idx` name the article it came from."""

    msg_id: Annotated[str, text("MsgId")]
    msg_data_id: Annotated[str, text("MsgDataId")] = ""
    idx: Annotated[str, text("Idx")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Message):
    """`menu_id` is set when the person tapped a customer-service menu."""

    content: Annotated[str, text("Content")] = ""
    menu_id: Annotated[str, text("bizmsgmenuid")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(Message):
    pic_url: Annotated[str, text("PicUrl")] = ""
    media_id: Annotated[str, text("MediaId")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice(Message):
    format: Annotated[str, text("Format")] = ""
    media_id: Annotated[str, text("MediaId")]
    media_id_16k: Annotated[str, text("MediaId16K")] = ""
    recognition: Annotated[str, text("Recognition")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Video(Message):
    """A video or, by `msg_type`, a short one."""

    media_id: Annotated[str, text("MediaId")]
    thumb_media_id: Annotated[str, text("ThumbMediaId")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location(Message):
    """A place the person picked and sent."""

    latitude: Annotated[float, decimal("Location_X")]
    longitude: Annotated[float, decimal("Location_Y")]
    scale: Annotated[str, text("Scale")] = ""
    label: Annotated[str, text("Label")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Message):
    title: Annotated[str, text("Title")] = ""
    description: Annotated[str, text("Description")] = ""
    url: Annotated[str, text("Url")]


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniProgramPage(Message):
    """A mini-program card sent to its customer service."""

    title: Annotated[str, text("Title")] = ""
    appid: Annotated[str, text("AppId")] = ""
    page_path: Annotated[str, text("PagePath")] = ""
    thumb_url: Annotated[str, text("ThumbUrl")] = ""
    thumb_media_id: Annotated[str, text("ThumbMediaId")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Push):
    """Something that happened; `event` is its name as the platform spells it."""

    event: Annotated[str, text("Event")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe(Event):
    """A follow; by a code when `event_key` starts with `qrscene_`."""

    event_key: Annotated[str, text("EventKey")] = ""
    ticket: Annotated[str, text("Ticket")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe(Event):
    """The person left: their information is to be erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan(Event):
    """A follower scanned a code; `event_key` is the bare scene."""

    event_key: Annotated[str, text("EventKey")]
    ticket: Annotated[str, text("Ticket")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedLocation(Event):
    """Where the person is, on entering the chat or every five seconds in it."""

    latitude: Annotated[float, decimal("Latitude")]
    longitude: Annotated[float, decimal("Longitude")]
    precision: Annotated[float, decimal("Precision")] = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Click(Event):
    event_key: Annotated[str, text("EventKey")]


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Event):
    """A menu link or mini-program page was opened; `event_key` is its address. No reply."""

    event_key: Annotated[str, text("EventKey")] = ""
    menu_id: Annotated[str, text("MenuId")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuScan(Event):
    """The menu's scanner read a code."""

    event_key: Annotated[str, text("EventKey")] = ""
    scan_type: Annotated[str, text("ScanCodeInfo.ScanType")] = ""
    scan_result: Annotated[str, text("ScanCodeInfo.ScanResult")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    md5: Annotated[str, text("PicMd5Sum")]


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuPictures(Event):
    """Pictures picked from the menu; the pictures themselves come as messages."""

    event_key: Annotated[str, text("EventKey")] = ""
    count: Annotated[int, whole("SendPicsInfo.Count")] = 0
    pictures: Annotated[tuple[Picture, ...], many("SendPicsInfo.PicList.item", Picture)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuLocation(Event):
    event_key: Annotated[str, text("EventKey")] = ""
    latitude: Annotated[float, decimal("SendLocationInfo.Location_X")]
    longitude: Annotated[float, decimal("SendLocationInfo.Location_Y")]
    scale: Annotated[str, text("SendLocationInfo.Scale")] = ""
    label: Annotated[str, text("SendLocationInfo.Label")] = ""
    poi_name: Annotated[str, text("SendLocationInfo.Poiname")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateResult(Event):
    """What became of a template message; `msg_id` is the send call's msgid.

    `status` is in lower case with its blanks evened: the platform writes `failed:user block`
    but `failed: system failed`.
    """

    msg_id: Annotated[str, text("MsgID")]
    status: Annotated[str, outcome("Status")]


@dataclass(frozen=True, slots=True, kw_only=True)
class MassArticle:
    index: Annotated[int, whole("ArticleIdx")]
    url: Annotated[str, text("ArticleUrl")]


@dataclass(frozen=True, slots=True, kw_only=True)
class MassResult(Event):
    """What became of a mass send."""

    msg_id: Annotated[str, text("MsgID")]
    status: Annotated[str, text("Status")]
    total: Annotated[int, whole("TotalCount")] = 0
    filtered: Annotated[int, whole("FilterCount")] = 0
    sent: Annotated[int, whole("SentCount")] = 0
    failed: Annotated[int, whole("ErrorCount")] = 0
    copyright_state: Annotated[int, whole("CopyrightCheckResult.CheckState")] = 0
    articles: Annotated[
        tuple[MassArticle, ...], many("ArticleUrlResult.ResultList.item", MassArticle)
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`status` is accept or reject; `popup_scene` 1 a web page, 2 an article."""

    template_id: Annotated[str, text("TemplateId")]
    status: Annotated[str, text("SubscribeStatusString")]
    popup_scene: Annotated[str, text("PopupScene")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionChoices(Event):
    """The person answered the question whether notices may be sent, or took an answer back."""

    choices: Annotated[tuple[Choice, ...], many("List", Choice)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SentNotice:
    template_id: Annotated[str, text("TemplateId")]
    msg_id: Annotated[str, text("MsgID")]
    error_code: Annotated[str, text("ErrorCode")] = "0"
    error_status: Annotated[str, text("ErrorStatus")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSent(Event):
    """What became of subscription notices."""

    notices: Annotated[tuple[SentNotice, ...], many("List", SentNotice)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileCleaned(Event):
    """WeChat took a name or a picture off a profile that broke its rules; nobody asked for anything."""

    subject_openid: Annotated[str, text("OpenID")] = ""
    appid: Annotated[str, text("AppID")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataWithdrawn(Event):
    """Somebody took back what an account may know, or closed his WeChat: clean up after it.

    The sender is the platform's own push service; the person is `subject_openid`. `revoke_info` is
    what he took back, by the platform's codes.
    """

    subject_openid: Annotated[str, text("OpenID")] = ""
    appid: Annotated[str, text("AppID")] = ""
    revoke_info: Annotated[str, text("RevokeInfo")] = ""
    plugin_id: Annotated[str, text("PluginID")] = ""
    open_pid: Annotated[str, text("OpenPID")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountVerification(Event):
    """The account's own certification passed, failed, or is about to lapse."""

    expires_at: Annotated[datetime | None, unix("ExpiredTime")] = None
    failed_at: Annotated[datetime | None, unix("FailTime")] = None
    reason: Annotated[str, text("FailReason")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerServiceSession(Event):
    """A talk with human customer service began, ended or changed hands."""

    account: Annotated[str, text("KfAccount")] = ""
    from_account: Annotated[str, text("FromKfAccount")] = ""
    to_account: Annotated[str, text("ToKfAccount")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredCustomerService(Event):
    """The person opened a mini-program's customer-service chat."""

    session_from: Annotated[str, text("SessionFrom")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingNotice(Event):
    """Shipping management reminds, restricts or settles; which is named by `event`.

    `confirm_receive_method` is kept only to be shown: pages and live pushes disagree on it.
    """

    transaction_id: Annotated[str, text("transaction_id")] = ""
    merchant_id: Annotated[str, text("merchant_id")] = ""
    sub_merchant_id: Annotated[str, text("sub_merchant_id")] = ""
    merchant_trade_no: Annotated[str, text("merchant_trade_no")] = ""
    paid_at: Annotated[datetime | None, unix("pay_time")] = None
    shipped_at: Annotated[datetime | None, unix("shipped_time")] = None
    settles_at: Annotated[datetime | None, unix("estimated_settlement_time")] = None
    confirm_receive_method: Annotated[str, text("confirm_receive_method")] = ""
    confirmed_at: Annotated[datetime | None, unix("confirm_receive_time")] = None
    settled_at: Annotated[datetime | None, unix("settlement_time")] = None
    message: Annotated[str, text("msg")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Punished(Event):
    """The platform punishes the mini-program: somebody has to look now."""

    punish_id: Annotated[str, text("punish_id")] = ""
    appid: Annotated[str, text("appid")] = ""
    kind: Annotated[str, text("event_type")] = ""
    punished_at: Annotated[str, text("punish_time")] = ""
    reason: Annotated[str, text("illegal_reason")] = ""
    content: Annotated[str, text("illegal_content")] = ""
    rule_name: Annotated[str, text("rule_name")] = ""
    rule_url: Annotated[str, text("rule_url")] = ""
    guide_url: Annotated[str, text("adjust_guide_url")] = ""
    detail: Annotated[str, text("detail")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Push):
    """A type this service does not know; `event` is empty for a message."""

    event: Annotated[str, text("Event")] = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
