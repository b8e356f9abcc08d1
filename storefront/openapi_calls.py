"""The mall's JSON calls, one row each: where, what for, what it takes and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from marshmallow import Schema

from flows.consents import Asked
from members.addresses import Address
from storefront import schemas
from storefront.banners import BannerCard
from storefront.cards import Shelves
from storefront.cart import CartPage
from storefront.order_calls import OrderTold, Why
from storefront.order_pages import OrderRow
from storefront.place_calls import PlaceTold, Showroom
from storefront.shapes import Shape, list_of, object_of, shape
from storefront.showcase import ProductPage
from storefront.visit_calls import CounterTold, SlotsTold, VisitTold


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `answers` is what a good answer looks like, `asks` are the parameters of its query.

    A good answer has `status`, or one of `also`.
    """

    method: str
    path: str
    endpoint: str
    summary: str
    answers: Shape | None
    takes: type[Schema] | None = None
    asks: Mapping[str, Shape] = field(default_factory=dict)
    status: int = 200
    also: tuple[int, ...] = ()


_TEXT: Final = {"type": "string"}
_DIGITS: Final = {"type": "string", "pattern": "^[0-9]{0,11}$"}
_PAGE: Final = {"type": "integer", "minimum": 0, "maximum": 999}
_DELIVERY: Final = {"type": "string", "enum": ["courier", "pickup", "none"]}
_NUMBER: Final = object_of({"number": str})
_CHOICE: Final = object_of({"number": str, "grade": str, "minimum_fen": int, "until": str | None})
_PHONE: Final = object_of(
    {"phone": str, "joins": list_of(object_of({"number": str, "asked_at": datetime}))}
)
_CART: Final = shape(CartPage)
_ENTRY: Final = object_of(
    {"name": str, "phone": str, "region": str, "street": str, "number": str, "is_default": bool}
)
assert set(Address.__slots__) < set(_ENTRY["properties"])  # noqa: S101 - the book answers all of it

CALLS: Final = (
    Call(
        *("post", "/api/sign-in", "programs.sign_in"),
        "Exchange the code of a mini-program's `wx.login`; go on with the `X-Session` of the answer",
        object_of({"until": datetime}),
        schemas.ProgramSignIn,
    ),
    Call(
        *("post", "/api/sign-out", "programs.sign_out"),
        "Sign out, in every browser and mini-program: no session from before counts any more",
        None,
        status=204,
    ),
    Call(
        *("post", "/api/launch", "programs.launch"),
        "A mini-program was opened by a share: the page it leads to, and what to say, if anything",
        object_of({"path": str, "message": str}),
        schemas.LaunchRequest,
    ),
    Call(
        *("get", "/api/showrooms/{number}", "place_calls.showroom"),
        "A rep's showroom: who he is, where to find him, what he puts first",
        shape(Showroom),
    ),
    Call(
        *("get", "/api/places/{code}", "place_calls.place"),
        "An outlet with its people and hours, or the outlets of a city or province",
        shape(PlaceTold),
        asks={"at": _PAGE},
    ),
    Call(
        *("get", "/api/products", "shelf.products"),
        "Products on show, of a category and all below it, found by words or pinyin initials",
        shape(Shelves),
        asks={"c": _TEXT, "q": _TEXT, "page": _PAGE},
    ),
    Call(
        *("get", "/api/products/{number}", "shelf.product"),
        "One product with gifts, reviews, choices and variants",
        shape(ProductPage),
    ),
    Call(
        *("get", "/api/banners", "banners.index"),
        "Campaign slots of a rep's showroom or of a place (by its code), the nearest place's first",
        object_of({"banners": list_of(shape(BannerCard))}),
        asks={"rep": _TEXT, "place": _TEXT},
    ),
    Call(
        *("post", "/api/banners/{number}/tap", "banners.tap"),
        "Somebody tapped a campaign slot and is on his way to its `path`; only counted",
        None,
        status=204,
    ),
    Call(
        *("get", "/api/promise", "arrival.promise"),
        "By when a variant would be there",
        object_of({"text": str, "is_same_day": bool, "order_by": int | None, "is_available": bool}),
        asks={"sku": _TEXT, "delivery": _DELIVERY, "outlet": _TEXT, "region": _TEXT},
    ),
    Call(*("get", "/api/cart", "cart.show"), "One's cart as it could be ordered now", _CART),
    Call(
        *("post", "/api/cart", "cart.put"),
        "Put goods in the cart; the same client key is the same press of the button",
        object_of({"sku": str}),
        schemas.CartRequest,
        status=201,
    ),
    Call(
        *("post", "/api/cart/change", "cart.change"),
        "Have so many pieces of a line; 0 takes it out",
        _CART,
        schemas.CartChange,
    ),
    Call(
        *("get", "/api/numbers", "numbers.index"),
        "Phone numbers to choose from, others at each call, and those one holds",
        object_of({"numbers": list_of(_CHOICE), "held": list_of(_CHOICE)}),
        asks={"ending": _DIGITS, "contains": _DIGITS},
    ),
    Call(
        *("post", "/api/numbers/hold", "numbers.hold"),
        "Hold a number for a quarter of an hour",
        _CHOICE,
        schemas.NumberRequest,
        status=201,
    ),
    Call(
        *("post", "/api/numbers/release", "numbers.release"),
        "Let a held number go",
        _NUMBER,
        schemas.NumberRequest,
    ),
    Call(
        *("get", "/api/notices", "notices.index"),
        "Subscription notices to ask for by `wx.requestSubscribeMessage`, and how many one still gets",
        object_of({"notices": list_of(shape(Asked))}),
    ),
    Call(
        *("get", "/api/addresses", "addresses.index"),
        "One's addresses, the default first",
        object_of({"addresses": list_of(_ENTRY)}),
    ),
    Call(
        *("post", "/api/addresses", "addresses.create"),
        "Keep one more address; the same one again is the same",
        _NUMBER,
        schemas.BookRequest,
        status=201,
    ),
    Call(
        *("post", "/api/addresses/{number}", "addresses.change_by_call"),
        "Write an address anew; one that says the same already takes its place",
        _NUMBER,
        schemas.BookRequest,
    ),
    Call(
        *("post", "/api/addresses/{number}/default", "addresses.prefer_by_call"),
        "Have an address be the default",
        _NUMBER,
    ),
    Call(
        *("post", "/api/addresses/{number}/drop", "addresses.drop_by_call"),
        "Forget an address",
        _NUMBER,
    ),
    Call(
        *("post", "/api/phone/code", "phone.send"),
        "Have a one-time code sent to a phone; `seconds` until the next may be asked for",
        object_of({"seconds": int}),
        schemas.CodeRequest,
        status=202,
    ),
    Call(
        *("post", "/api/phone", "phone.check"),
        "Type the code in; five tries, once",
        _PHONE,
        schemas.ProofRequest,
    ),
    Call(
        *("get", "/api/phone", "phone.show"),
        "The proven phone, and the other WeChats that proved it and wait for one's answer",
        _PHONE,
    ),
    Call(
        *("post", "/api/phone/joins", "phone.join"),
        "Say whether such a WeChat is one's own too; one customer once both have agreed",
        object_of({"is_joined": bool}),
        schemas.JoinRequest,
    ),
    Call(
        *("get", "/api/orders", "shelf.mine"),
        "One's own orders, newest first",
        object_of({"orders": list_of(shape(OrderRow)), "next_page": int | None}),
        asks={"page": _PAGE},
    ),
    Call(
        *("post", "/api/orders", "orders.create"),
        "Submit an order; the same client key is the same order",
        object_of({"number": str, "pay_url": str}),
        schemas.OrderRequest,
        status=201,
    ),
    Call(
        *("get", "/api/orders/{number}", "orders.state"),
        "Where an order stands",
        object_of({"number": str, "status": str, "payable_fen": int}),
    ),
    Call(
        *("get", "/api/orders/{number}/details", "order_calls.show"),
        "All about one order: lines, steps, the way of each line, refunds, and why this rep",
        shape(OrderTold),
    ),
    Call(
        *("get", "/api/orders/{number}/why/{receipt}", "order_calls.why"),
        "Why this rep: the proof of one line of one's own order",
        shape(Why),
    ),
    Call(
        *("post", "/api/orders/{number}/sign", "order_calls.sign"),
        "Sign for what the carrier brought",
        _NUMBER,
    ),
    Call(
        *("post", "/api/orders/{number}/review", "order_calls.review"),
        "Say how a line that arrived was served",
        _NUMBER,
        schemas.ReviewRequest,
        status=201,
    ),
    Call(
        *("post", "/api/orders/{number}/pay", "orders.pay"),
        "What is handed to WeChat to open its pay sheet",
        {"type": "object", "additionalProperties": {"type": "string"}},
    ),
    Call(
        *("post", "/api/orders/{number}/code", "orders.code"),
        "A code to pay by outside WeChat: its text, and drawn",
        object_of({"code_url": str, "picture": str}),
    ),
    Call(
        *("post", "/api/orders/{number}/ask", "orders.ask"),
        "Have WeChat Pay asked whether it is paid",
        _NUMBER,
        status=202,
    ),
    Call(
        *("post", "/api/orders/{number}/cancel", "orders.cancel"),
        "Close an unpaid order as soon as WeChat Pay has let go of it",
        _NUMBER,
        status=202,
    ),
    Call(
        *("post", "/api/orders/{number}/refund", "orders.refund"),
        "Take back a paid order nobody has begun with",
        _NUMBER,
        schemas.RefundRequest,
        status=202,
    ),
    Call(
        *("post", "/api/orders/{number}/return", "returns.ask_back_by_call"),
        "Ask to give back a line that arrived, within the days `back.until` of its details tells",
        _NUMBER,
        schemas.ReturnAsked,
        status=202,
    ),
    Call(
        *("post", "/api/orders/{number}/return/withdraw", "returns.withdraw"),
        "Keep a line after all, as long as nobody has answered",
        _NUMBER,
        schemas.ReturnWithdrawn,
        status=202,
    ),
    Call(
        *("get", "/api/visits", "visit_calls.index"),
        "One's own visits and queue codes, of today and later",
        object_of({"visits": list_of(shape(VisitTold))}),
    ),
    Call(
        *("get", "/api/visits/slots", "visit_calls.slots"),
        "The slots of an outlet's next morning, or of the outlet an order waits at",
        shape(SlotsTold),
        asks={"outlet": _TEXT, "order": _TEXT},
    ),
    Call(
        *("post", "/api/visits", "visit_calls.book"),
        "Take a slot; asking again answers the same visit",
        shape(VisitTold),
        schemas.VisitRequest,
        status=201,
    ),
    Call(
        *("post", "/api/visits/{number}/cancel", "visit_calls.cancel"),
        "Not to come after all",
        _NUMBER,
    ),
    Call(
        *("get", "/api/counter/{token}", "visit_calls.counter"),
        "A counter sale: the goods, and who serves",
        shape(CounterTold),
    ),
    Call(
        *("post", "/api/counter/{token}/confirm", "visit_calls.confirm"),
        "Confirm a counter sale; then it is ordered with its token as `counter`",
        shape(CounterTold),
    ),
    Call(
        *("post", "/api/shares", "sharing.create"),
        "The links to pass a page on by, one per place; 200 with those of an anonymous viewer",
        object_of({"links": {"type": "object", "additionalProperties": {"type": "string"}}}),
        schemas.ShareRequest,
        status=201,
        also=(200,),
    ),
    Call(
        *("post", "/api/posters", "posters.create"),
        "Have one's own poster of a page drawn; the same page again is the same poster",
        _NUMBER,
        schemas.ShareRequest,
        status=202,
    ),
    Call(
        *("get", "/api/posters/{number}", "posters.state"),
        "Where one's own poster is; `url` is null until it is drawn",
        object_of({"url": str | None}),
    ),
    Call(
        *("get", "/api/jssdk", "sharing.jssdk"),
        "What `wx.config` takes for one of our own pages",
        object_of({"appId": str, "timestamp": int, "nonceStr": str, "signature": str}),
        asks={"url": _TEXT},
    ),
    Call(
        *("post", "/api/touch", "links.touch"),
        "The opened link answers for itself",
        None,
        status=204,
    ),
    Call(
        *("get", "/api/openapi.json", "openapi.document"),
        "This document",
        {"type": "object"},
    ),
)
