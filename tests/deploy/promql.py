"""As much of PromQL as our alerts use: does an expression hold, given what /metrics said before and says now?"""

import re
from collections.abc import Mapping
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]
Figures = Mapping[tuple[str, Labels], float]
_EXPRESSION: Final = re.compile(
    r"(?P<function>increase\(|max by \(\w+\) \()(?P<name>\w+)(?:\{(?P<selector>[^}]*)\})?"
    r"(?:\[\w+\])?\) (?P<compared>>|==) (?P<limit>\d+)"
)
_MATCHER: Final = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')


class NotUnderstood(Exception):
    """The expression is of a kind that is not among ours."""


def figures(text: str) -> Figures:
    """What /metrics says, by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def holds(expression: str, before: Figures, now: Figures) -> bool:
    """Whether any of the figures meant is over its limit: what it grew by, or what it is. Raises NotUnderstood.

    As for Prometheus, what was not there before has not grown.
    """
    found = _EXPRESSION.fullmatch(expression)
    if found is None:
        raise NotUnderstood(expression)
    meant = [key for key in now if key[0] == found["name"] and _is_meant(key[1], found["selector"])]
    limit = float(found["limit"])
    values = [now[key] for key in meant]
    if found["function"] == "increase(":
        values = [now[key] - before[key] for key in meant if key in before]
    return any(each > limit if found["compared"] == ">" else each == limit for each in values)


def _is_meant(labels: Labels, selector: str | None) -> bool:
    known = dict(labels)
    return all(
        _fits(known.get(name, ""), how, text)
        for name, how, text in _MATCHER.findall(selector or "")
    )


def _fits(value: str, how: str, text: str) -> bool:
    is_same = value == text if how in ("=", "!=") else re.fullmatch(text, value) is not None
    return is_same if how in ("=", "=~") else not is_same
