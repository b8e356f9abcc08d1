"""Addresses are read once for all tests: every test has an application of its own, but of the same routes."""

from typing import Any, Final

from werkzeug.routing import Rule

_read: Final[dict[tuple[object, ...], tuple[Any, ...]]] = {}
_compile: Final = Rule.compile


def share_routes() -> None:
    """Let a route be what an equal one of the tests before was made of.

    Werkzeug reads the address of every route for every application, ours and the pretend platform's:
    without this a tenth of all time goes into that.
    """
    Rule.compile = _compiled  # type: ignore[method-assign,assignment]


def _compiled(rule: Rule) -> None:
    routes = rule.map
    assert routes is not None
    said = (rule.rule, rule.subdomain, rule.host, rule.merge_slashes, repr(rule.defaults))
    key = (type(rule), said, frozenset(routes.converters.items()))
    if key not in _read:
        _compile(rule)
        build, build_unknown = rule._build.__func__, rule._build_unknown.__func__  # type: ignore[attr-defined]
        read = (rule._parts, rule._trace, rule._converters, frozenset(rule.arguments))
        _read[key] = (*read, build, build_unknown)
        return
    rule._parts, rule._trace, rule._converters, arguments, build, build_unknown = _read[key]
    rule.arguments |= arguments
    rule._build, rule._build_unknown = build.__get__(rule, None), build_unknown.__get__(rule, None)
