"""The mall's JSON calls, documented: what each takes, answers and refuses, each with an example."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from marshmallow.fields import Field
from marshmallow.validate import Regexp

from storefront.openapi_calls import CALLS, Call
from storefront.openapi_examples import EXAMPLES, RECEIPT
from storefront.shapes import object_of
from wx_backend.access import TABLE, Caller
from wx_backend.carried import HEADER

bp = Blueprint("openapi", __name__)

VERSION: Final = "1.0"
END: Final = r"\Z"
REFUSALS: Final = (400, 401, 404, 409, 413, 429, 503)
ABOUT: Final = """\
The mall for clients that draw their own pages. Amounts are whole fen, instants are ISO 8601 in UTC. A mini-program sends `X-Session` with every
call, empty at first, and goes on with the `X-Session` of an answer that has one; `/api/sign-in` signs its person in. A page of a browser has the session's
cookie instead, and sends its token in `X-CSRFToken` with every call that changes something. Every refusal has one form:
`error.code` for programs, `error.message` for people, `error.details` where fields or prices are named."""
_ERROR: Final = object_of(
    {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "details": {"type": "object"},
            },
            "required": ["code", "message"],
        }
    }
)
_IN_PATHS: Final = {
    "number": {"type": "string", "pattern": "^[0-9A-Za-z]{1,32}$"},
    "code": {"type": "string", "pattern": "^[0-9A-Za-z-]{1,32}$"},
    "receipt": {"type": "string", "pattern": "^[0-9A-Z]{1,32}$"},
    "token": {"type": "string", "pattern": "^[0-9A-Za-z_-]{1,64}$"},
}
_REFUSED: Final = {"error": {"code": "not_found", "message": "没有找到"}}


@bp.get("/api/openapi.json")
def document() -> ResponseReturnValue:
    """All of it."""
    return jsonify(described())


@cache
def described() -> dict[str, Any]:
    """The document, in OpenAPI 3.1."""
    from apispec import APISpec  # whoever asks for it waits once; the start does not
    from apispec.ext.marshmallow import MarshmallowPlugin

    plugin = MarshmallowPlugin()
    spec = APISpec(
        title="Online mall",
        version=VERSION,
        openapi_version="3.1.0",
        info={"description": ABOUT},
        plugins=[plugin],
    )
    assert plugin.converter is not None  # noqa: S101 - made by the line above
    plugin.converter.add_attribute_function(_pattern)  # type: ignore[no-untyped-call]  # apispec leaves it untyped
    spec.components.schema("Error", _ERROR)
    spec.components.security_scheme(
        "session", {"type": "apiKey", "in": "cookie", "name": "wx_session"}
    )
    spec.components.security_scheme("program", {"type": "apiKey", "in": "header", "name": HEADER})
    paths: dict[str, dict[str, Any]] = {}
    for call in CALLS:
        paths.setdefault(call.path, {})[call.method] = _operation(call)
    for path, operations in paths.items():
        spec.path(path=path, operations=operations)
    written: dict[str, Any] = spec.to_dict()
    return written


def _operation(call: Call) -> dict[str, Any]:
    example = EXAMPLES[call.endpoint]
    operation: dict[str, Any] = {
        "operationId": call.endpoint,
        "summary": call.summary,
        "parameters": [*_path_parameters(call), *_query(call)],
        "responses": {
            str(status): _answer(call, example.answer) for status in (call.status, *call.also)
        }
        | _refusals(),
    }
    if TABLE[f"storefront.{call.endpoint}"].caller is Caller.MEMBER:
        operation["security"] = [{"session": []}, {"program": []}]
    if call.takes is not None:
        content = {"schema": call.takes, "example": example.request}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return operation


def _answer(call: Call, example: Any) -> dict[str, Any]:
    if call.answers is None:
        return {"description": "Done"}
    content = {"schema": call.answers, "example": example}
    return {"description": "Done", "content": {"application/json": content}}


def _refusals() -> dict[str, Any]:
    content = {"application/json": {"schema": "Error", "example": _REFUSED}}
    return {
        str(status): {"description": HTTPStatus(status).phrase, "content": content}
        for status in REFUSALS
    }


def _path_parameters(call: Call) -> list[dict[str, Any]]:
    examples = dict.fromkeys(("number", "code", "token"), EXAMPLES[call.endpoint].number)
    examples["receipt"] = RECEIPT
    return [
        {"name": name, "in": "path", "required": True, "schema": of, "example": examples[name]}
        for name, of in _IN_PATHS.items()
        if f"{{{name}}}" in call.path
    ]


def _query(call: Call) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": dict(of)} for name, of in call.asks.items()]


def _pattern(_converter: Any, field: Field[Any], **_: Any) -> Mapping[str, str]:
    r"""Python's patterns begin at the start and end with `\Z`; here they say so as all others do."""
    for check in field.validators:
        if isinstance(check, Regexp):
            return {"pattern": f"^{str(check.regex.pattern).removesuffix(END)}$"}
    return {}
