"""The document of the JSON calls: current, whole, its examples true, and kept by what the calls answer."""

import json
from contextvars import Context
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks

from storefront.openapi import described
from storefront.openapi_calls import CALLS
from storefront.openapi_examples import EXAMPLES
from tests.rows import rows
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from wx_backend.access import TABLE, Caller
from wx_backend.carried import HEADER

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
CASES = 12
OPEN_TO_ALL = ("visitor", "cart_line", "sighting_count", "forged_count", "forged_sample")
HELD_TO = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


def test_the_document_in_the_docs_is_current() -> None:
    """Written by `python -m wx_backend.cli openapi > docs/openapi.json`."""
    assert json.loads(DOCUMENT.read_text("utf-8")) == described()


def test_every_json_call_of_the_mall_is_documented(app: Flask) -> None:
    rules = {
        (method.lower(), rule.rule.replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("storefront.") and rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert rules == {(call.method, call.path) for call in CALLS}
    assert set(EXAMPLES) == {call.endpoint for call in CALLS}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.endpoint)
def test_the_examples_are_what_a_call_takes_and_answers(call: Any) -> None:
    example = EXAMPLES[call.endpoint]
    if call.takes is not None:
        call.takes().load(example.request)
    if call.answers is not None:
        assert jsonschema_rs.is_valid(call.answers, example.answer)


def test_whatever_is_sent_the_answer_is_a_documented_one(
    app: Flask, mall: Mall, phone_of: Phones
) -> None:
    """A signed-in person's browser sends what Schemathesis makes up: never a 5xx, never another shape."""
    assert mall
    phone = phone_of("Bob")
    phone.sign_in()
    phone.post("/api/cart", client_key="0123456789abcdef", sku=mall.wares.phone, quantity=1)
    headers = phone.as_headers()
    schema = Context().run(schemathesis.openapi.from_wsgi, "/api/openapi.json", app)
    operations: list[Any] = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]  # the document is sound
    for operation in sorted(
        operations, key=lambda each: each.path == "/api/sign-out"
    ):  # at the end

        @given(case=operation.as_strategy())
        @settings(
            max_examples=CASES,
            phases=[Phase.explicit, Phase.generate],
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            deadline=None,
        )
        def hold(case: Any) -> None:
            Context().run(
                case.call_and_validate,
                base_url="http://localhost",
                headers=headers,
                checks=HELD_TO,
            )

        hold()


def test_whatever_a_stranger_sends_no_members_call_answers(app: Flask, mall: Mall) -> None:
    """A program nobody is signed in at: what needs somebody is refused before anything is looked at."""
    assert mall
    schema = Context().run(schemathesis.openapi.from_wsgi, "/api/openapi.json", app)
    before = rows(but=OPEN_TO_ALL)
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # the document is sound
        answers = answers_to_nobody(operation)
        assert max(answers) < 500
        if operation.definition.raw.get("security"):
            assert {401} <= answers <= {400, 401}, (
                operation.label
            )  # 400: no text that could be kept
    assert rows(but=OPEN_TO_ALL) == before


def answers_to_nobody(operation: Any) -> set[int]:
    """With which statuses made-up requests of one call are answered without a sign-in."""
    seen = set()

    @given(case=operation.as_strategy())
    @settings(
        max_examples=CASES,
        phases=[Phase.explicit, Phase.generate],
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    def ask(case: Any) -> None:
        answer = Context().run(case.call, base_url="http://localhost", headers={HEADER: ""})
        seen.add(answer.status_code)

    ask()
    return seen


def test_whoever_needs_to_be_somebody_is_in_the_document(app: Flask) -> None:
    """The document asks for a session exactly where the table does."""
    assert app.testing
    said = {
        operation["operationId"]
        for operations in described()["paths"].values()
        for operation in operations.values()
        if "security" in operation
    }
    members = {
        call.endpoint
        for call in CALLS
        if TABLE[f"storefront.{call.endpoint}"].caller is Caller.MEMBER
    }
    assert said == members
