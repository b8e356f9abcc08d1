"""Where an order goes is nobody's to read in a dump, and keys can be changed without losing a word."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import LargeBinary, make_url, null, select, update

from flows.resealing import SEALED, reseal
from flows.sealed import order_address, vault
from members.models import Member
from members.phone_joining import prove_phone
from members.vault import CannotOpen
from orders.models import SalesOrder
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from tests.storefront.test_orders import ordered, plan_line, wish
from wx_backend import cli, clock, migrate
from wx_backend.config import Config, PrivacyKey
from wx_backend.db import Model, db, transaction

ADDRESS = {"region": "广东省 广州市", "street": "金丝雀路 7 号"}
PHONE = "13987654321"
NOT_SEALED = {"push.raw"}
NEWER = PrivacyKey("newer", "7c" * 31 + "01")


Run = Callable[..., Result]


@pytest.fixture
def bob(mall: Mall, phone_of: Phones) -> Phone:
    phone = phone_of("Bob")
    phone.open(mall.link(mall.alice_id, mall.product))
    return phone


@pytest.fixture
def number(mall: Mall, bob: Phone) -> str:
    """Bob's order of a phone, to be sent, and a plan that somebody else will use."""
    plan = plan_line(mall, user_name="金丝雀", user_phone=PHONE)
    lines = [*wish(mall)["lines"], plan]
    return ordered(bob, mall, lines=lines, address=ADDRESS, contact_phone=PHONE)


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on this test's database, in this process."""
    monkeypatch.setattr(cli, "_config", lambda: app.extensions["wx_config"])
    monkeypatch.setattr("wx_backend.log.configure", lambda: None)

    def command(*arguments: str) -> Result:
        db.session.rollback()
        result = CliRunner().invoke(cli.main, arguments)
        assert result.exit_code == 0, result.output
        return result

    return command


def order() -> SalesOrder:
    db.session.rollback()
    return db.session.scalars(select(SalesOrder).execution_options(populate_existing=True)).one()


def keep_in_the_clear() -> None:
    """The order as it was kept before addresses were sealed."""
    with transaction() as session:
        session.execute(update(SalesOrder).values(sealed_address=None, address=ADDRESS))


def with_keys(app: Flask, *keys: PrivacyKey) -> None:
    config: Config = app.extensions["wx_config"]
    app.extensions["wx_config"] = replace(config, privacy=replace(config.privacy, keys=keys))


def contents(app: Flask) -> Iterator[bytes]:
    """Everything a dump of the database shows, and the file itself where it is one."""
    db.session.rollback()
    for table in Model.metadata.sorted_tables:
        for row in db.session.execute(select(table)):
            for value in row:
                yield value if isinstance(value, bytes) else str(value).encode()
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    if url.drivername.startswith("sqlite"):
        path = Path(url.database or "")
        yield from (file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def is_readable(app: Flask, text: str) -> bool:
    spellings = (text.encode(), json.dumps(text)[1:-1].encode(), text.encode().hex().encode())
    return any(each in content for content in contents(app) for each in spellings)


@pytest.mark.usefixtures("number")
def test_an_address_stands_nowhere_in_the_clear(app: Flask) -> None:
    assert not is_readable(app, "金丝雀")
    assert not is_readable(app, PHONE)


def test_the_buyer_reads_where_it_goes(bob: Phone, number: str) -> None:
    assert "广东省 广州市 金丝雀路 7 号" in bob.get(f"/orders/{number}").text


def test_an_order_from_before_is_read_and_sealed_by_the_command(
    app: Flask, bob: Phone, number: str, run: Run
) -> None:
    keep_in_the_clear()
    assert is_readable(app, "金丝雀路")
    assert "金丝雀路 7 号" in bob.get(f"/orders/{number}").text

    assert "1 values sealed" in run("reseal").output

    assert order().address is None
    rows = [content for content in contents(app) if not content.startswith(b"SQLite")]
    assert not any("金丝雀路".encode() in row for row in rows)
    assert "金丝雀路 7 号" in bob.get(f"/orders/{number}").text
    assert "0 values sealed" in run("reseal").output


@pytest.mark.usefixtures("number")
def test_a_repeated_submit_of_a_sealed_order_is_still_one(mall: Mall, bob: Phone) -> None:
    plan = plan_line(mall, user_name="金丝雀", user_phone=PHONE)
    again = {"lines": [*wish(mall)["lines"], plan], "contact_phone": PHONE}
    ordered(bob, mall, address=ADDRESS, **again)
    order()
    elsewhere = wish(mall, address=ADDRESS | {"street": "别处 1 号"}, **again)
    assert bob.post("/api/orders", **elsewhere).status_code == 409


@pytest.mark.usefixtures("number")
def test_with_a_newer_key_everything_can_be_sealed_anew_and_the_old_one_dropped(
    app: Flask, run: Run
) -> None:
    (old,) = app.extensions["wx_config"].privacy.keys
    with transaction():
        member_id = db.session.scalars(select(Member.id).order_by(Member.id)).first() or 0
        prove_phone(member_id=member_id, phone="13800138001", vault=vault(), now=clock.now())
    sealed = 1 + 3 + 2
    with_keys(app, NEWER, old)
    assert order_address(order()) == ADDRESS

    assert f"{sealed} values sealed; all of them are under newer" in run("reseal").output

    with_keys(app, NEWER)
    assert order_address(order()) == ADDRESS
    assert "0 values sealed" in run("reseal").output
    with_keys(app, old)
    with pytest.raises(CannotOpen):
        order_address(order())


@pytest.mark.usefixtures("number")
def test_an_interrupted_run_goes_on_and_a_change_meanwhile_stands(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old,) = app.extensions["wx_config"].privacy.keys
    with_keys(app, NEWER, old)
    monkeypatch.setattr("flows.resealing.BATCH", 1)
    assert (
        next(changed for _, changed in reseal() if changed) == 3
    )  # the order; then it was stopped
    with transaction() as session:
        session.execute(update(SalesOrder).values(contact_name=null()))

    assert sum(changed for _, changed in reseal()) == 2
    assert order().contact_name is None
    assert sum(changed for _, changed in reseal()) == 0


@pytest.mark.usefixtures("number")
def test_addresses_go_back_before_the_schema_does(
    app: Flask, config: Config, run: Run, bob: Phone
) -> None:
    assert bob
    db.session.rollback()
    with pytest.raises(RuntimeError, match="unseal-addresses"):
        migrate.downgrade(url=config.database.url, to="0017")
    assert "1 addresses unsealed" in run("unseal-addresses").output
    db.session.rollback()
    plain, sealed = db.session.execute(
        select(SalesOrder.address, SalesOrder.sealed_address)  # the schema has no newer columns
    ).one()
    assert (plain, sealed) == (ADDRESS, None)
    assert app.testing


def test_every_sealed_column_is_known() -> None:
    """A key can be changed under every column of bytes of any length; digests have theirs."""
    known = {f"{each.table.__tablename__}.{name}" for each in SEALED for name in each.places}
    of_bytes = {
        f"{table.name}.{column.name}"
        for table in Model.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary) and column.type.length is None
    }
    assert of_bytes == known | NOT_SEALED
