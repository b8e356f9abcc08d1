"""Which fields a refusal is about, as an answer says it, and whether what was typed stands in them still."""

import re
from collections.abc import Mapping

from werkzeug.test import TestResponse

from tests.kept import squeezed
from tests.naughty import Form, every_form
from wx_backend.words import printable_lines

_FIELD = re.compile(r"<(?:input|textarea)\b[^>]*>")
_SECRET = frozenset({"password", ""})
_BEGINNING = 8
_SAID = re.compile(r'<h2>(.*?)</h2>|id="(fault-.*?)</span>|role="alert">(.*?)<')
_NAME = re.compile(r'\bname="([^"]+)"')


def why(answer: TestResponse) -> str:
    """What a refusal says, for whoever reads a failed test."""
    if answer.mimetype == "application/json":
        return str(answer.get_json()["error"])
    return "; ".join("".join(found) for found in _SAID.findall(answer.text))


def at_fault(answer: TestResponse) -> set[str]:
    """The fields an answer names as what is wrong."""
    if answer.mimetype != "application/json":
        fields = (each for each in _FIELD.findall(answer.text) if 'aria-invalid="true"' in each)
        return {name for each in fields for name in _NAME.findall(each)}
    details = answer.get_json()["error"].get("details", {})
    return {*details, *details.get("fields", ()), *details.get("reasons", ())}


def not_back(answer: TestResponse, form: Form, filled: Mapping[str, str]) -> list[str]:
    """The fields of a refused form that comes back without the beginning of what was typed into them."""
    if answer.mimetype != "text/html" or answer.status_code < 400:
        return []
    shown = every_form(answer.text, form.action)
    alike = [each for each in shown if {*each.texts} == {*form.texts}]
    sent = (each for each in alike if each.action == form.action)
    same = next(sent, alike[0] if alike else None)
    return [
        name
        for name in form.texts
        if same and form.exact.get(name) not in _SECRET
        if squeezed(printable_lines(filled[name]))[:_BEGINNING]
        not in squeezed(printable_lines(same.stood[name]))
    ]
