"""While the database is away people are told so: the page that says it asks the database nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from wx_backend.db import db


@contextmanager
def away() -> Iterator[None]:
    """Whatever is asked of the database fails, as when nobody answers there."""

    def fail(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("server closed the connection"))

    event.listen(db.engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", fail)


@pytest.mark.parametrize("path", ["/", "/p/{product}", "/cart", "/orders", "/nowhere"])
def test_who_is_signed_in_is_told_to_come_again(mall: Mall, phone_of: Phones, path: str) -> None:
    phone = phone_of("Bob")
    phone.sign_in()
    with away():
        answer = phone.get(path.format(product=mall.product))
    assert answer.status_code == (404 if path == "/nowhere" else 503)
    assert "错误代码" in answer.text
