"""Every form of a part sent with whatever can be typed into it, and which routes were reached by that."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask

from tests.naughty import Form, Slice, every_form, is_typed

Send = Callable[[Form, str], int]
"""Sends a form with a text wherever one can be typed; the status of the answer."""
Key = tuple[str, ...]
ROOT = Path(__file__).parent.parent
_IN_TAG = r"(?:{{.*?}}|{%.*?%}|[^>])*"
_FORM = re.compile(
    rf"<form\b{_IN_TAG}>.*?</form>|{{% call parts\.sure\(.*?{{% endcall %}}|{{{{ parts\.sure\(.*?}}}}",
    re.DOTALL,
)
_FIELD = re.compile(rf"<(input|textarea)\b({_IN_TAG})>", re.DOTALL)
_MADE = re.compile(r'fields\.(?:line|lines)\([^"]*?"(\w+)"')
_SAID = re.compile(r'\b(type|name)="([^"]*)"')
_NAMED = re.compile(r"""(?<!href="{{ )url_for\(["']([a-z_.]+)["']""")


def written_forms(part: str) -> Mapping[str, set[str]]:
    """What can be typed into the forms in a part's templates, whatever state they stand there in, by route.

    A route of the template's own blueprint is written `.name`. What asks once more (`parts.sure`) is a form.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for template in sorted((ROOT / part / "templates").rglob("*.html")):
        for form in _FORM.findall(template.read_text("utf-8")):
            for endpoint in _NAMED.findall(form):
                found[endpoint].update(_typed_in(form))
    return found


def _typed_in(form: str) -> set[str]:
    fields = ((tag, dict(_SAID.findall(told))) for tag, told in _FIELD.findall(form))
    names = {told["name"] for tag, told in fields if "name" in told and is_typed(tag, told)}
    return {*(re.sub(r"{{.*?}}", "1", name) for name in names), *_MADE.findall(form)}


def posts(app: Flask, part: str) -> set[str]:
    """The routes of a part that take forms."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(f"{part}.")
        and "POST" in (rule.methods or ())
        and not rule.rule.startswith("/api/")
    }


class Sweep:
    """Meets the forms of one part, each once, with the texts that are its share."""

    def __init__(
        self, app: Flask, send: Send, portion: Slice, *, left_out: Collection[str] = ()
    ) -> None:
        self.met: set[str] = set()
        self.sent = 0
        self.played: set[str] = set()
        self.wrong: list[tuple[str, str, int]] = []
        self._address = app.url_map.bind("localhost")
        self._send, self._portion, self._left_out = send, portion, left_out
        self._seen: set[Key] = set()

    def page(self, html: str, path: str) -> None:
        """All forms of a page; of one that takes no text there is nothing to send."""
        for form in every_form(html, path):
            endpoint = self._endpoint(form)
            if endpoint in self._left_out:
                continue
            self.met.add(endpoint)
            if form.texts:
                self._form(endpoint, form)

    def hidden(
        self, endpoint: str, named: Mapping[str, object], texts: Iterable[str], **values: str
    ) -> None:
        """A form that no page of these shows, sent to where it would stand."""
        needed = {name: named[name] for name in self._arguments(endpoint)}
        action = str(self._address.build(endpoint, needed, method="POST"))
        self.met.add(endpoint)
        self._form(endpoint, Form(action, "post", dict(values), [*texts]))

    def _form(self, endpoint: str, form: Form) -> None:
        key = (endpoint, form.method, *form.texts)
        if key in self._seen:
            return
        self._seen.add(key)
        for text in self._portion.of(" ".join(key)):
            self.played.add(text)
            status = self._send(form, text)
            self.sent += 1
            if status >= 500 or status == 401:
                self.wrong.append((form.action, text, status))

    def _endpoint(self, form: Form) -> str:
        found = self._address.match(urlsplit(form.action).path, method=form.method.upper())
        return str(found[0])

    def _arguments(self, endpoint: str) -> set[str]:
        (rule, *_) = self._address.map.iter_rules(endpoint)
        return set(rule.arguments)
