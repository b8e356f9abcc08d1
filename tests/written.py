"""What can be typed into a part's forms, as its templates write them: no state of the world hides it."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from flask import Flask

from tests.naughty import is_typed

ROOT = Path(__file__).parent.parent
_IN_TAG = r"(?:{{.*?}}|{%.*?%}|[^>])*"
_FORM = re.compile(
    rf"<form\b{_IN_TAG}>.*?</form>|{{% call parts\.sure\(.*?{{% endcall %}}|{{{{ parts\.sure\(.*?}}}}",
    re.DOTALL,
)
_FIELD = re.compile(rf"<(input|textarea)\b({_IN_TAG})>", re.DOTALL)
_MADE = re.compile(r'fields\.(?:line|lines|day)\([^"]*?"(\w+)"')
_WHY = re.compile(r"\b(?:reason|why)\(\w+")
_SAID = re.compile(r'\b(type|name)="([^"]*)"')
_BLUEPRINT = re.compile(r'\bbp = Blueprint\(\s*"(\w+)"')
_NAMED = re.compile(r"""(?<!href="{{ )url_for\(["']([a-z_.]+)["']""")


def written_forms(part: str) -> Mapping[str, set[str]]:
    """The text fields of the forms in a part's templates, by endpoint; a name that is made up has a `*`.

    A template calls the routes of whichever blueprint shows it by `.name`. What asks once more
    (`parts.sure`) is a form.
    """
    found: dict[str, set[str]] = defaultdict(set)
    shown_by = _shown_by(part)
    for template in sorted((ROOT / part / "templates").rglob("*.html")):
        for form in _FORM.findall(template.read_text("utf-8")):
            for named in _NAMED.findall(form):
                whose = shown_by[template.name] if named.startswith(".") else ("",)
                for blueprint in whose:
                    found[f"{blueprint}{named}"].update(_typed_in(form))
    return found


def _shown_by(part: str) -> Mapping[str, set[str]]:
    """By which blueprints each template is shown."""
    found: dict[str, set[str]] = defaultdict(set)
    for module in (ROOT / part).glob("*.py"):
        source = module.read_text("utf-8")
        for blueprint in _BLUEPRINT.findall(source):
            for template in re.findall(rf'"{part}/(\w+\.html)"', source):
                found[template].add(f"{part}.{blueprint}")
    return found


def _typed_in(form: str) -> set[str]:
    fields = ((tag, dict(_SAID.findall(told))) for tag, told in _FIELD.findall(form))
    names = {told["name"] for tag, told in fields if "name" in told and is_typed(tag, told)}
    why = {"reason"} if _WHY.search(form) else set()
    return {*(re.sub(r"{{.*?}}", "*", name) for name in names), *_MADE.findall(form), *why}


def without(typed: Collection[str], met: Collection[str]) -> set[str]:
    """The fields of these that none of those met is."""
    return {name for name in typed if not any(fnmatchcase(each, name) for each in met)}


def posts(app: Flask, part: str) -> set[str]:
    """The routes of a part that take forms."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(f"{part}.")
        and "POST" in (rule.methods or ())
        and not rule.rule.startswith("/api/")
    }
