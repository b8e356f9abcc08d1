"""What the pretend platform answers when it refuses."""

import json
from dataclasses import dataclass, field

ERRMSG = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40013: "invalid appid",
    40014: "invalid access_token",
    40016: "invalid button size",
    40017: "invalid button type",
    40018: "invalid button name size",
    40019: "invalid button key size",
    40020: "invalid button url size",
    40023: "invalid sub button size",
    40025: "invalid sub button name size",
    40029: "invalid code",
    40030: "invalid refresh_token",
    40032: "invalid openid list size",
    40035: "invalid parameter",
    40037: "invalid template_id",
    40052: "invalid action name",
    40053: "invalid action info",
    40066: "invalid url",
    40125: "invalid appsecret",
    40137: "invalid image format",
    40163: "code been used",
    40164: "invalid ip, not in whitelist",
    40169: "invalid scene",
    40201: "invalid callback url",
    40202: "invalid action",
    40203: "invalid check operator",
    40226: "high risk user, login blocked",
    40243: "appsecret is frozen",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41005: "media data missing",
    41008: "missing code",
    41009: "missing openid",
    41030: "invalid page",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    43116: "this template is banned",
    44002: "empty post data",
    44004: "empty content",
    45001: "media size out of limit",
    45002: "content size out of limit",
    45003: "title size out of limit",
    45008: "article size out of limit",
    45026: "template num exceeds limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45029: "qrcode count out of limit",
    45047: "out of response count limit",
    45056: "invalid tag count, out of limit",
    45057: "can't delete the tag that has too many fans",
    45058: "can not modify system tags",
    45059: "out of tag limit of this user",
    45065: "clientmsgid exist",
    45066: "same clientmsgid retry too fast",
    45067: "clientmsgid size out of limit",
    45157: "tag name already exists",
    45158: "tag name too long",
    45159: "invalid tag id",
    46003: "menu no exist",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
    48006: "forbid to clear quota because of reaching the limit",
    65301: "this menuid does not exist",
    65303: "there is no selfmenu, please create selfmenu first",
    65320: "invalid match rule",
    76021: "cgi_path not found",
    10060001: "支付单不存在",
    10060002: "支付单已完成发货，无法继续发货",
    10060003: "支付单已使用重新发货机会",
    10060004: "支付单处于不可发货的状态",
    10060005: "物流类型有误",
    10060006: "非快递发货时不允许分拆发货",
    10060007: "分拆发货模式下必须填写 is_all_delivered 字段",
    10060008: "商品描述 item_desc 字段不能为空",
    10060009: "商品描述 item_desc 字段太长",
    10060014: "参数错误",
    10060023: "发货信息未更新",
    10060024: "物流信息列表太长",
    10060025: "物流公司编码太长",
    10060026: "物流单号太长",
    10060031: "该笔支付单不属于 openid 所指定的用户",
    268485216: "上传时间非法，请按照 RFC 3339 格式填写",
    268485224: "发货模式非法",
    268485226: "物流单号不能为空",
    268485227: "物流公司编码不能为空",
    268485228: "统一发货模式下，物流信息列表长度必须为1",
}


class ApiError(Exception):
    """A refusal of the message platform: `{"errcode", "errmsg"}` under HTTP 200."""

    def __init__(self, errcode: int, detail: str = "", **extra: object) -> None:
        super().__init__(errcode, detail)
        self.errcode = errcode
        self.errmsg = " ".join(filter(None, (ERRMSG.get(errcode, "error"), detail)))
        self.extra = extra


@dataclass(eq=False)
class PayError(Exception):
    """A refusal of WeChat Pay: an HTTP status and `{"code", "message"}`."""

    status: int
    code: str
    message: str
    detail: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        content: dict[str, object] = {"code": self.code, "message": self.message}
        if self.detail:
            content["detail"] = self.detail
        return json.dumps(content, ensure_ascii=False).encode()


class Refused(Exception):
    """A control call or a person's act that cannot be done; the text says why."""
