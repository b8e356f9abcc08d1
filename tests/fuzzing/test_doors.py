"""Whatever reaches a door, signed or not: it is taken or refused, and never makes the service fail."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask

from flows.payment.address import NOTICE_PATH
from tests.fuzzing.conftest import Fuzz, mutated
from tests.handlers.conftest import desk_of, platform_of
from tests.handlers.notices import with_merchant
from tests.handlers.platform import event, scan, text, written
from tests.wechat.pay.platform import PAYMENT, sealed, signed
from wx_backend import clock
from wx_backend.config import Config

PAID = sealed(PAYMENT, "TRANSACTION.SUCCESS")


@pytest.fixture
def config(config: Config, tmp_path: Path) -> Config:
    return with_merchant(config, tmp_path)


@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_push_in_an_authentic_envelope_is_always_taken(
    fuzz: Fuzz, app: Flask, config: Config, form: str
) -> None:
    desk, city = desk_of(app), platform_of(config, "city")

    def push(raw: bytes) -> None:
        sent = city.safe(raw)
        answer = desk(sent)
        assert answer.status_code == (200 if len(sent.body) <= 65_536 else 413)

    fuzz(mutated(*(written(each, form) for each in (text(), scan(), event("VIEW")))), push)


def test_a_push_whose_envelope_is_damaged_is_refused(
    fuzz: Fuzz, app: Flask, config: Config
) -> None:
    desk, city = desk_of(app), platform_of(config, "city")
    sent = city.safe(scan())

    def push(raw: bytes) -> None:
        answer = desk(type(sent)(sent.query, raw))
        assert answer.status_code in ((200, 403) if len(raw) <= 65_536 else (413,))

    fuzz(mutated(sent.body), push)


def test_an_authentic_notice_is_taken_whatever_it_says(fuzz: Fuzz, app: Flask) -> None:
    client = app.test_client()

    def post(content: bytes) -> None:
        raw = sealed(content, "TRANSACTION.SUCCESS")
        answer = client.post(NOTICE_PATH, data=raw, headers=signed(raw, at=clock.now()))
        assert answer.status_code == (204 if len(raw) <= 65_536 else 413)

    fuzz(mutated(json.dumps(PAYMENT).encode()), post)


def test_a_notice_under_anothers_signature_is_refused(fuzz: Fuzz, app: Flask) -> None:
    client, headers = app.test_client(), signed(PAID, at=clock.now())

    def post(raw: bytes) -> None:
        answer = client.post(NOTICE_PATH, data=raw, headers=headers)
        if raw == PAID:
            assert answer.status_code == 204
        else:
            assert answer.status_code == (401 if len(raw) <= 65_536 else 413)

    fuzz(mutated(PAID), post)


@pytest.mark.parametrize("path", ["/s/", "/p/", "/l/", "/api/v1/products/", "/orders/"])
def test_no_address_makes_the_mall_fail(fuzz: Fuzz, app: Flask, path: str) -> None:
    client = app.test_client()

    def look(raw: bytes) -> None:
        answer = client.get(
            path + quote(raw[:2_000]), query_string={"t": raw[:200], "next": raw[:200]}
        )
        assert answer.status_code < 500

    fuzz(mutated(b"SAAAAAAABxyz012345678901B", b"PD20261121-ABCDEF", b"../../etc/passwd"), look)
