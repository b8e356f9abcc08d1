"""The usual payment notice, read by compiled code: only what is provably clean, or None.

Nothing is decided here. What is not a whole, plain notice of a payment that succeeded (a member
more or less, another type, an escape, a name twice, anything that is not quite JSON) is None, and
the code that spells every rule out reads it instead, and says what is wrong.

A document is clean when it has no backslash, is read member by member into these closed types,
and has no more quotation marks than the members read are written with. Without a backslash every
string has exactly two, so a name said twice would show; closed types leave no place for hidden
numbers, lists or depth; the decoder itself refuses bad UTF-8, control characters and NaN.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Annotated, Any, Final, Literal, ParamSpec, TypeVar, cast, get_args, get_origin

from msgspec import UNSET, DecodeError, Meta, Struct, UnsetType, json, structs

from wx_backend.strict import MAX_BYTES

P = ParamSpec("P")
T = TypeVar("T")

_Fen = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Empty = Annotated[list[int], Meta(max_length=0)]


class _Closed(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    pass


class Resource(_Closed, frozen=True):
    """What is encrypted, and how; the decoder undoes the Base64."""

    original_type: str
    algorithm: Literal["AEAD_AES_256_GCM"]
    ciphertext: bytes
    associated_data: str
    nonce: str


class Envelope(_Closed, frozen=True):
    """The outside of a payment's notice."""

    id: str
    create_time: str
    resource_type: Literal["encrypt-resource"]
    event_type: Literal["TRANSACTION.SUCCESS"]
    summary: str
    resource: Resource


class Payer(_Closed, frozen=True):
    """Who paid."""

    openid: str


class Amount(_Closed, frozen=True):
    """How much; whole fen."""

    total: _Fen
    payer_total: _Fen
    currency: str
    payer_currency: str


class Content(_Closed, frozen=True):
    """A payment that succeeded, without coupons of the platform."""

    mchid: str
    appid: str
    out_trade_no: str
    transaction_id: str
    trade_type: str
    trade_state: Literal["SUCCESS"]
    trade_state_desc: str
    bank_type: str
    success_time: str
    payer: Payer
    amount: Amount
    attach: str | UnsetType = UNSET
    promotion_detail: _Empty | UnsetType = UNSET


def _reader(kind: type[T]) -> Callable[[bytes], T | None]:
    """What reads a clean document of this kind, and answers None for any other."""
    decode = json.Decoder(kind).decode
    always = _quotes(kind)
    optional = [
        (each.name, 2 + _quotes(get_args(each.type)[0]))
        for each in structs.fields(cast("type[Struct]", kind))
        if not each.required
    ]

    def read(raw: bytes) -> T | None:
        if len(raw) > MAX_BYTES or b"\\" in raw:
            return None
        try:
            value = decode(raw)
        except (DecodeError, ValueError):
            return None
        quotes = always
        for name, more in optional:
            if getattr(value, name) is not UNSET:
                quotes += more
        return value if raw.count(b'"') == quotes else None

    return read


def _quotes(kind: Any) -> int:
    """How many quotation marks a value is written with: two for a name or a text."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        return sum(2 + _quotes(each.type) for each in structs.fields(kind) if each.required)
    return 2 if kind in (str, bytes) or get_origin(kind) is Literal else 0


envelope: Final = _reader(Envelope)
content: Final = _reader(Content)


def builder(kind: Callable[P, T]) -> Callable[P, T]:
    """What calling this frozen, slotted dataclass does, in half the time; defaults excepted.

    It fills the slots themselves, where the `__init__` of a frozen class looks each up by name.
    """
    shape: Any = kind
    names = [each.name for each in fields(shape)]
    objects = {f"_set_{name}": getattr(shape, name).__set__ for name in names}
    objects |= {"_new": object.__new__, "_kind": shape}
    lines = ["_self = _new(_kind)", *(f"_set_{name}(_self, {name})" for name in names)]
    source = f"def _build({', '.join(names)}):\n " + "\n ".join([*lines, "return _self"])
    exec(source, objects)  # noqa: S102 - made of the names of our own fields, never of what was sent
    return cast("Callable[P, T]", objects["_build"])
