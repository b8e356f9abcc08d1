"""What the mall's JSON calls take; anything else is refused with the field named."""

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
        raise BadInput(fields=sorted(map(str, error.messages_dict))) from error
    return loaded


class Strict(Schema):
    class Meta:
        unknown = RAISE


class ShareRequest(Strict):
    """Which page is passed on; an empty key is the front page."""

    subject = fields.Str(required=True, validate=validate.OneOf(["showroom", "product"]))
    key = fields.Str(load_default="", validate=validate.Length(max=32))
