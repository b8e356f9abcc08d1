"""One example of each JSON call: what is sent, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_ORDER: Final = "OD261129AB3DE5FG7HJ9K"
_SKU: Final = "SK261129AB3DE5FG7HJ9K"
_PRODUCT: Final = "PD261129AB3DE5FG7HJ9K"
_REP_NUMBER: Final = "RP261129AB3DE5FG7HJ9K"
_BANNER: Final = "BN261129AB3DE5FG7HJ9K"
RECEIPT: Final = "RC261129AB3DE5FG7HJ9K"
_TOKEN: Final = "4711AB3DE5FG7HJ9KQ2MWX5PZ3T8VN"  # noqa: S105 - of an example
_KEY: Final = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Example:
    """An answer, the request it answers, and the number in its path, if there are any."""

    answer: Any
    request: Any = None
    number: str = _ORDER


_CARD: Final = {
    "number": _PRODUCT,
    "name": "星河 X1",
    "subtitle": "全网通 5G",
    "kind": "goods",
    "picture": None,
    "price_fen": 199_900,
    "is_from": True,
    "is_sold_out": False,
    "few_left": None,
    "gifts": ["钢化膜"],
}
_SHELVES: Final = {
    "categories": [{"slug": "phone", "name": "手机"}],
    "chosen": "",
    "title": "",
    "below": [],
    "text": "xhsj",
    "products": [_CARD],
    "next_page": None,
}
_VARIANT: Final = {
    "number": _SKU,
    "name": "5G · 256GB · 曜石黑",
    "price_fen": 199_900,
    "market_price_fen": 219_900,
    "prepaid_fen": 0,
    "free": 37,
    "by_courier": 37,
    "on_shelf": 3,
    "options": {"制式": "5G", "容量": "256GB", "颜色": "曜石黑"},
    "parts": [],
    "saved_fen": 0,
    "has_user": False,
    "has_goods": True,
    "takes_number": False,
    "nearby": [],
}
_PAGE: Final = {
    "card": _CARD,
    "description": "支持双卡双待。",
    "variants": [_VARIANT],
    "plan": [],
    "conditions": [],
    "showing": {
        "gifts": [{"name": "钢化膜", "quantity": 1, "worth_fen": 2_900}],
        "promises": ["七天无理由退换"],
        "album": [{"path": "/mall-assets/mark.png", "width": 300, "height": 300}],
    },
    "reviews": {
        "count": 1,
        "stars": 5,
        "newest": [{"stars": 5, "text": "很快", "on": "2026-11-29", "reply": ""}],
    },
}
_CART: Final = {
    "lines": [
        {
            "sku": _SKU,
            "product": _PRODUCT,
            "name": "星河 X1 5G · 256GB · 曜石黑",
            "kind": "goods",
            "quantity": 1,
            "price_fen": 199_900,
            "price_was_fen": 209_900,
            "left": 37,
            "is_sold_out": False,
            "is_off": False,
            "can_be_bought": True,
            "nearby": [],
        }
    ],
    "total_fen": 199_900,
}
_CHOICE: Final = {
    "number": "14000000888",
    "grade": "靓号",
    "minimum_fen": 5_900,
    "until": "2026-11-29T04:15:00+00:00",
}
_ADDRESS: Final = {
    "name": "鲍勃",
    "phone": "13800138000",
    "region": "广东省 广州市 天河区",
    "street": "中山路 1 号",
}
_WISH: Final = {
    "client_key": _KEY,
    "lines": [{"sku": _SKU, "quantity": 1, "expected_price_fen": 199_900, "from_cart": True}],
    "delivery": "courier",
    "contact_name": "鲍勃",
    "contact_phone": "13800138000",
    "address": {"region": "广东省 广州市 天河区", "street": "中山路 1 号"},
    "keeps_address": True,
}
_ROW: Final = {
    "number": _ORDER,
    "status": "placed",
    "names": "星河 X1 5G · 256GB · 曜石黑",
    "pieces": 1,
    "payable_fen": 199_900,
    "placed_at": "2026-11-29T04:00:00+00:00",
}
_SHEET: Final = {
    "appId": "wx0000000000000000",
    "timeStamp": "1795924800",
    "nonceStr": "5f0c2b7e",
    "package": "prepay_id=wx29120000",
    "signType": "RSA",
    "paySign": "c2lnbmF0dXJl",
}
_DONE: Final = Example({"number": _ORDER})
_SIGNED: Final = {
    "appId": "wx0000000000000000",
    "timestamp": 1795924800,
    "nonceStr": "5f0c2b7e",
    "signature": "0f9de62fce790f9a083d5c99e95740ceb90c27ed",
}

_PHONE: Final = {
    "phone": "138****8000",
    "joins": [{"number": "4711", "asked_at": "2026-11-29T04:00:00+00:00"}],
}

_OUTLET: Final = {
    "code": "TH01",
    "name": "天河营业厅",
    "address": "天河路 1 号",
    "phone": "020-12345678",
    "hours_today": "09:00–18:00",
    "is_open": True,
}
_REP: Final = {"number": _REP_NUMBER, "name": "爱丽丝", "title": "客户经理"}
_DETAILS: Final = {
    "order": _ROW | {"status": "paid"},
    "lines": [
        {
            "name": "星河 X1 5G · 256GB · 曜石黑",
            "quantity": 1,
            "paid_fen": 199_900,
            "fulfilment": "sent",
            "real_name": "not_needed",
            "real_name_link": "",
            "real_name_until": None,
            "number": "",
            "bundle": "",
            "gifts": [{"name": "钢化膜", "quantity": 1}],
        }
    ],
    "steps": [{"words": "付款成功", "about": "", "at": "2026-11-29T04:01:00+00:00"}],
    "credits": [
        {
            "line_name": "星河 X1 5G · 256GB · 曜石黑",
            "rep_name": "爱丽丝",
            "outlet_name": "天河营业厅",
            "reason": "下单前最后一次有效接触来自该销售人员的分享。",
            "receipt_number": RECEIPT,
        }
    ],
    "refunds": [],
    "ways": [
        {
            "line": "4711",
            "name": "星河 X1 5G · 256GB · 曜石黑",
            "outlet": "天河营业厅",
            "status": "running",
            "promise": "预计 明天 12:00 前完成",
            "stations": [
                {
                    "name": "物流交接",
                    "owner": "营业厅",
                    "place": "done",
                    "at": "2026-11-29T06:00:00+00:00",
                    "proofs": ["顺丰速运", "运单号 SF12345678"],
                }
            ],
            "can_review": False,
            "review": None,
            "back": {
                "can_ask": False,
                "until": "2026-12-07T16:00:00+00:00",
                "can_withdraw": True,
                "stage": "asked",
                "words": "已申请退货，等待营业厅审核",
                "reason": "不想要了",
                "answer": "",
                "steps": [
                    {"name": "申请退货", "place": "done", "at": "2026-11-30T06:00:00+00:00"},
                    {"name": "营业厅审核", "place": "here", "at": None},
                ],
            },
        }
    ],
    "outlet": _OUTLET,
    "delivery": "courier",
    "address": "广东省 广州市 天河区 中山路 1 号",
    "contact": "鲍** 138****8000",
    "pickup": None,
    "expires_at": "2026-11-29T04:30:00+00:00",
    "can_refund": False,
    "can_sign": True,
}

_VISIT: Final = {
    "number": "4711",
    "outlet": "天河营业厅",
    "code": "0930-02",
    "starts_at": "2026-11-30T01:30:00+00:00",
    "status": "booked",
    "order": "",
}
_COUNTER: Final = {
    "goods": "星河 X1 5G · 256GB · 曜石黑",
    "sku": _SKU,
    "quantity": 1,
    "price_fen": 199_900,
    "acceptor": {"name": "戴夫", "outlet": "天河营业厅"},
    "developer": {"name": "爱丽丝", "outlet": "天河营业厅"},
    "is_confirmed": False,
}
_WHY: Final = {
    "number": RECEIPT,
    "line": "星河 X1 5G · 256GB · 曜石黑",
    "sentence": "爱丽丝的分享是 30 天有效期内最后一次有效接触。",
    "contacts": [
        {
            "kind": "打开链接",
            "at": "2026-11-29T03:00:00+00:00",
            "hops": [{"name": "爱丽丝", "place": "聊天", "is_rep": True}],
            "verdict": "是30天有效期内最后一次有效接触",
            "is_won": True,
        }
    ],
    "decided_at": "2026-11-29T04:00:00+00:00",
    "policy_version": 1,
    "holds": True,
}

EXAMPLES: Final[Mapping[str, Example]] = {
    "order_calls.why": Example(_WHY),
    "visit_calls.index": Example({"visits": [_VISIT]}),
    "visit_calls.slots": Example(
        {
            "outlet": "天河营业厅",
            "order": "",
            "slots": [{"starts_at": "2026-11-30T01:30:00+00:00", "free": 4}],
            "booked": None,
        }
    ),
    "visit_calls.book": Example(
        _VISIT, {"outlet": "TH01", "order": "", "starts_at": "2026-11-30T01:30:00+00:00"}
    ),
    "visit_calls.cancel": Example({"number": "4711"}, number="4711"),
    "visit_calls.counter": Example(_COUNTER, number=_TOKEN),
    "visit_calls.confirm": Example(_COUNTER | {"is_confirmed": True}, number=_TOKEN),
    "programs.sign_in": Example(
        {"until": "2026-12-29T04:00:00+00:00"}, {"account": "mall", "code": "0a1b2c3d4e5f"}
    ),
    "programs.sign_out": Example(None),
    "programs.launch": Example(
        {"path": f"/p/{_PRODUCT}", "message": ""},
        {"share": "SAAAAAAAABBBBBBBBBBBBBBB", "scene": 1047},
    ),
    "place_calls.showroom": Example(
        {
            "rep": _REP,
            "greeting": "您好，选机办卡随时找我",
            "outlet": _OUTLET,
            "picks": [_CARD],
            "acts_at": "",
        },
        number=_REP_NUMBER,
    ),
    "place_calls.place": Example(
        {
            "name": "天河营业厅",
            "tier": "outlet",
            "above": [{"name": "广州", "path": "/city/GZ"}],
            "outlet": _OUTLET,
            "reps": [_REP],
            "outlets": [],
            "next_page": None,
        },
        number="TH01",
    ),
    "shelf.products": Example(_SHELVES),
    "shelf.product": Example(_PAGE, number=_PRODUCT),
    "banners.index": Example(
        {
            "banners": [
                {
                    "number": _BANNER,
                    "title": "开学季，学生套餐立减",
                    "picture": {"path": "/mall-assets/mark.png", "width": 300, "height": 300},
                    "leads_to": "product",
                    "target": _PRODUCT,
                    "path": f"/p/{_PRODUCT}",
                }
            ]
        }
    ),
    "banners.tap": Example(None, number=_BANNER),
    "arrival.promise": Example(
        {
            "text": "营业厅正在营业，马上为您处理，商品预计明天 12:00 前送达",
            "is_same_day": False,
            "order_by": None,
            "is_available": True,
        }
    ),
    "cart.show": Example(_CART),
    "cart.put": Example({"sku": _SKU}, {"client_key": _KEY, "sku": _SKU, "quantity": 1}),
    "cart.change": Example(_CART, {"sku": _SKU, "quantity": 1}),
    "numbers.index": Example({"numbers": [_CHOICE | {"until": None}], "held": [_CHOICE]}),
    "numbers.hold": Example(_CHOICE, {"number": "14000000888"}),
    "numbers.release": Example({"number": "14000000888"}, {"number": "14000000888"}),
    "notices.index": Example(
        {
            "notices": [
                {
                    "template_id": "9Aw5ZV1j9xdWTFEkRpZIu9uA4kU",
                    "title": "活动提醒",
                    "lines": ["活动", "时间"],
                    "agreed": 1,
                }
            ]
        }
    ),
    "addresses.index": Example(
        {"addresses": [_ADDRESS | {"number": "0123456789abcdef", "is_default": True}]}
    ),
    "addresses.create": Example({"number": "0123456789abcdef"}, _ADDRESS | {"is_default": True}),
    "addresses.change_by_call": Example(
        {"number": "0123456789abcdef"}, _ADDRESS | {"is_default": False}, number="0123456789abcdef"
    ),
    "addresses.prefer_by_call": Example({"number": "0123456789abcdef"}, number="0123456789abcdef"),
    "addresses.drop_by_call": Example({"number": "0123456789abcdef"}, number="0123456789abcdef"),
    "phone.send": Example({"seconds": 60}, {"phone": "13800138000"}),
    "phone.check": Example(_PHONE, {"phone": "13800138000", "code": "031415"}),
    "phone.show": Example(_PHONE),
    "phone.join": Example({"is_joined": True}, {"number": "4711", "agrees": True}),
    "shelf.mine": Example({"orders": [_ROW], "next_page": None}),
    "orders.create": Example({"number": _ORDER, "pay_url": f"/orders/{_ORDER}/pay"}, _WISH),
    "orders.state": Example({"number": _ORDER, "status": "placed", "payable_fen": 199_900}),
    "order_calls.show": Example(_DETAILS),
    "order_calls.sign": _DONE,
    "order_calls.review": Example({"number": _ORDER}, {"line": "4711", "stars": 5, "text": "很快"}),
    "orders.pay": Example(_SHEET),
    "orders.code": Example(
        {"code_url": "weixin://wxpay/bizpayurl?pr=p4lpSuKzz", "picture": "<svg/>"}
    ),
    "orders.ask": _DONE,
    "orders.cancel": _DONE,
    "orders.refund": Example({"number": _ORDER}, {"client_key": _KEY, "reason": "不想要了"}),
    "returns.ask_back_by_call": Example(
        {"number": _ORDER}, {"client_key": _KEY, "line": "4711", "reason": "不想要了"}
    ),
    "returns.withdraw": Example({"number": _ORDER}, {"line": "4711"}),
    "sharing.create": Example(
        {
            "links": {
                "chat": "https://mall.example/s/S...",
                "moments": "https://mall.example/s/S...",
            }
        },
        {"subject": "product", "key": _PRODUCT},
    ),
    "posters.create": Example({"number": "4711"}, {"subject": "product", "key": _PRODUCT}),
    "posters.state": Example({"url": "/posters/4711.jpg"}, number="4711"),
    "sharing.jssdk": Example(_SIGNED),
    "links.touch": Example(None),
    "openapi.document": Example({"openapi": "3.1.0"}),
}
