"""Idempotence is a constraint: `upsert` tells truly whether it changed anything."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from ledger.models import Account
from referral.models import Code
from wx_backend.db import db, transaction, upsert

pytestmark = pytest.mark.usefixtures("app")

ACCOUNT = {"kind": "revenue", "owner_kind": "company", "owner_id": 0, "currency": "CNY"}
CODE = {
    "kind": "personal",
    "appid": "wx1",
    "scene": "1",
    "label": "Alice",
    "created_at": datetime(2026, 3, 2, tzinfo=UTC),
}


@pytest.mark.parametrize("key", [tuple(ACCOUNT), ()])
def test_the_second_insert_of_a_key_changes_nothing_and_says_so(key: tuple[str, ...]) -> None:
    with transaction():
        assert upsert(Account, ACCOUNT, key=key)
        assert not upsert(Account, ACCOUNT, key=key)

    assert len(db.session.scalars(select(Account)).all()) == 1


def test_an_update_on_conflict_counts_as_a_change() -> None:
    with transaction():
        assert upsert(Code, CODE, key=("appid", "scene"))
        changed = CODE | {"label": "Carol"}
        assert upsert(Code, changed, key=("appid", "scene"), update=("label",))

    assert db.session.scalars(select(Code.label)).all() == ["Carol"]
