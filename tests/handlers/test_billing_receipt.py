"""Billing calls with a receipt: only what it signed counts, and counts once."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from billing.client import SIGNATURE_HEADER, signature
from wx_backend import strict
from wx_backend.config import Config
from wx_backend.db import db

RECEIPT = {
    "order_number": "OD2611220000000000000",
    "status": "accepted",
    "receipt_no": "BR0000000001",
    "accepted_at": "2026-11-22T10:00:00+08:00",
}


@pytest.fixture
def key(config: Config) -> Iterator[str]:
    assert config.billing is not None
    yield config.billing.shared_key
    db.session.rollback()


def told(client: FlaskClient, raw: bytes, signed: str) -> TestResponse:
    return client.post("/billing/receipt", data=raw, headers={SIGNATURE_HEADER: signed})


@pytest.mark.parametrize("signed", ["", "0" * 64, "é"])
def test_an_unsigned_receipt_is_refused(client: FlaskClient, signed: str) -> None:
    answer = told(client, strict.dumps(RECEIPT), signed)

    assert answer.status_code == 401


def test_a_receipt_signed_over_other_bytes_is_refused(client: FlaskClient, key: str) -> None:
    signed = signature(key, strict.dumps(RECEIPT))

    assert told(client, strict.dumps(RECEIPT) + b" ", signed).status_code == 401


def test_signed_nonsense_is_refused(client: FlaskClient, key: str) -> None:
    raw = b'{"status":"accepted","status":"accepted"}'

    assert told(client, raw, signature(key, raw)).status_code == 400


def test_a_receipt_for_an_order_never_handed_over_is_refused(client: FlaskClient, key: str) -> None:
    raw = strict.dumps(RECEIPT)

    assert told(client, raw, signature(key, raw)).status_code == 404
