"""The shape of what a call answers, as JSON schema, read off the dataclass that is answered."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

Shape = dict[str, Any]

_PLAIN: Final[Mapping[Any, Shape]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
}


def shape(told: Any) -> Shape:
    """The schema of a type; TypeError for one that JSON cannot say."""
    if told in _PLAIN:
        return dict(_PLAIN[told])
    if isinstance(told, type) and issubclass(told, StrEnum):
        return {"type": "string", "enum": [each.value for each in told]}
    if is_dataclass(told):
        hints = get_type_hints(told)
        return object_of({field.name: hints[field.name] for field in fields(told)})
    origin, arguments = get_origin(told), get_args(told)
    if origin is UnionType:
        (one,) = (each for each in arguments if each is not NoneType)
        return {"anyOf": [shape(one), {"type": "null"}]}
    if origin in {tuple, list, Sequence}:
        return list_of(shape(arguments[0]))
    if origin is Mapping:
        return {"type": "object", "additionalProperties": shape(arguments[1])}
    raise TypeError(f"{told} has no shape")


def list_of(items: Shape) -> Shape:
    """The schema of a list of such items."""
    return {"type": "array", "items": items}


def object_of(told: Mapping[str, Any]) -> Shape:
    """The schema of an object with exactly these fields, each of a type or a schema."""
    return {
        "type": "object",
        "properties": {
            name: each if isinstance(each, dict) else shape(each) for name, each in told.items()
        },
        "required": sorted(told),
        "additionalProperties": False,
    }
