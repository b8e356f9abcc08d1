"""What the mall's JSON calls take; anything else is refused with the field named."""

from collections.abc import Mapping
from typing import Any

from flask import request
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from wx_backend.errors import BadInput
from wx_backend.strict import Malformed
from wx_backend.strict import fields as json_fields


def body(schema: Schema) -> dict[str, Any]:
    """The JSON object of this request as the schema reads it. Raises BadInput."""
    if not request.is_json:
        raise BadInput("请求须为 JSON 格式")
    try:
        loaded: dict[str, Any] = schema.load(json_fields(request.get_data()))
    except Malformed as error:
        raise BadInput("请求须为 JSON 格式") from error
    except ValidationError as error:
        raise BadInput(fields=sorted(_named(error.messages_dict))) from error
    return loaded


def _named(messages: Mapping[Any, Any]) -> set[str]:
    """The names of the fields refused, those inside of lists and objects too."""
    found: set[str] = set()
    for name, below in messages.items():
        inner = _named(below) if isinstance(below, Mapping) else set()
        found |= inner or {str(name)}
    return found


class Strict(Schema):
    class Meta:
        unknown = RAISE


class ProgramSignIn(Strict):
    """Which mini-program it is, by its name in our configuration, and the code of `wx.login`."""

    account = fields.Str(required=True, validate=validate.Length(min=1, max=32))
    code = fields.Str(required=True, validate=validate.Regexp(r"[0-9A-Za-z_-]{1,128}\Z"))


class LaunchRequest(Strict):
    """The token of the share a mini-program was launched by, and WeChat's number of how."""

    share = fields.Str(required=True, validate=validate.Regexp(r"[0-9A-Za-z_-]{1,32}\Z"))
    scene = fields.Int(required=True, strict=True, validate=validate.Range(min=1000, max=99_999))


class ShareRequest(Strict):
    """Which page is passed on; an empty key is the front page."""

    subject = fields.Str(required=True, validate=validate.OneOf(["showroom", "product"]))
    key = fields.Str(load_default="", validate=validate.Length(max=32))


CLIENT_KEY = validate.Regexp(r"[0-9A-Za-z-]{16,64}\Z")
QUANTITY = validate.Range(min=1, max=99)


def _words(high: int, *, low: int = 1, **more: Any) -> fields.Str:
    """One line of text a person typed."""
    checks = [validate.Length(min=low, max=high), validate.Regexp(r"[^\x00-\x1f\x7f]*\Z")]
    return fields.Str(validate=checks, **more)


class LineRequest(Strict):
    """One chosen variant or bundle at the price the page showed."""

    sku = fields.Str(required=True, validate=validate.Length(min=1, max=32))
    quantity = fields.Int(required=True, strict=True, validate=QUANTITY)
    expected_price_fen = fields.Int(required=True, strict=True, validate=validate.Range(min=0))
    user_name = _words(30, low=0, load_default="")
    user_phone = _words(24, low=0, load_default="")
    number = fields.Str(load_default="", validate=validate.Regexp(r"([0-9]{11})?\Z"))
    from_cart = fields.Bool(load_default=False)


class AddressRequest(Strict):
    """Where the courier goes."""

    region = _words(60, required=True)
    street = _words(120, required=True)


class OrderRequest(Strict):
    """One submit of the checkout page. Prices, discounts and credit are never taken from it."""

    client_key = fields.Str(required=True, validate=CLIENT_KEY)
    lines = fields.List(
        fields.Nested(LineRequest), required=True, validate=validate.Length(min=1, max=20)
    )
    delivery = fields.Str(required=True, validate=validate.OneOf(["courier", "pickup", "none"]))
    contact_name = _words(30, required=True)
    contact_phone = _words(24, required=True)
    address = fields.Nested(AddressRequest, load_default=None)
    outlet = fields.Str(load_default="", validate=validate.Length(max=32))
    counter = fields.Str(load_default="", validate=validate.Length(max=64))
    keeps_address = fields.Bool(load_default=False)


class CartRequest(Strict):
    """One press of "put in the cart"."""

    client_key = fields.Str(required=True, validate=CLIENT_KEY)
    sku = fields.Str(required=True, validate=validate.Length(min=1, max=32))
    quantity = fields.Int(required=True, strict=True, validate=QUANTITY)


class CartChange(Strict):
    """So many pieces of a line of the cart; 0 takes it out."""

    sku = fields.Str(required=True, validate=validate.Length(min=1, max=32))
    quantity = fields.Int(required=True, strict=True, validate=validate.Range(min=0, max=99))


class BookRequest(AddressRequest):
    """An address for the book."""

    name = _words(30, required=True)
    phone = _words(24, required=True)
    is_default = fields.Bool(load_default=False)


class CodeRequest(Strict):
    """A phone that shall get a code."""

    phone = _words(24, required=True)


class JoinRequest(Strict):
    """Whether another WeChat that proved one's phone is one's own too."""

    number = fields.Str(required=True, validate=validate.Regexp(r"[0-9]{1,18}\Z"))
    agrees = fields.Bool(required=True)


class ProofRequest(CodeRequest):
    """The code that came."""

    code = fields.Str(required=True, validate=validate.Regexp(r"[0-9]{6}\Z"))


class NumberRequest(Strict):
    """A phone number somebody wants, or does not want any more."""

    number = fields.Str(required=True, validate=validate.Regexp(r"[0-9]{11}\Z"))


class RefundRequest(Strict):
    """A wish to have the money back."""

    client_key = fields.Str(required=True, validate=CLIENT_KEY)
    reason = _words(60, required=True)


class OfLine(Strict):
    """One line of an order, as its details name it."""

    line = fields.Str(required=True, validate=validate.Regexp(r"[0-9]{1,18}\Z"))


class ReturnAsked(OfLine):
    """A wish to give a line back that arrived, all its pieces."""

    client_key = fields.Str(required=True, validate=CLIENT_KEY)
    reason = _words(60, required=True)


class ReturnWithdrawn(OfLine):
    """A line that shall not go back after all."""


class ReviewRequest(OfLine):
    """How a line of an order was served."""

    stars = fields.Int(required=True, strict=True, validate=validate.Range(min=1, max=5))
    text = fields.Str(load_default="", validate=validate.Length(max=500))


class VisitRequest(Strict):
    """When to come, and where: to an outlet, or to the one an order waits at."""

    outlet = fields.Str(load_default="", validate=validate.Length(max=32))
    order = fields.Str(load_default="", validate=validate.Length(max=32))
    starts_at = fields.AwareDateTime(required=True, default_timezone=None)
