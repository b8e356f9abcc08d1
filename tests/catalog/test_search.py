"""Finding goods by words and pinyin initials, also those that were there before initials were kept."""

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from catalog.models import ProductKind
from catalog.operations import ProductData, add_product
from catalog.queries import listed_products
from catalog.search import search_text
from tests.catalog.shelf import NOON, Wares, put_on_sale, put_on_shelf
from tests.migrations.conftest import empty  # noqa: F401 - a fixture
from wx_backend import migrate
from wx_backend.db import transaction

APPLE = "苹果手机 15 Pro"


@pytest.fixture
def wares(app: object) -> Wares:
    assert app
    return put_on_shelf()


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("pgsj", True),
        ("PGSJ15", True),
        ("ｐｇｓｊ", True),
        ("苹果", True),
        ("手机 pro", True),
        ("双卡", True),
        ("xhsj", False),
        ("sk", False),
        ("prosk", False),
        ("p_sj", False),
        ("", True),
    ],
)
def test_goods_are_found_by_words_and_initials(wares: Wares, text: str, is_found: bool) -> None:
    with transaction():
        data = ProductData(ProductKind.GOODS, wares.category_id, APPLE, subtitle="双卡双待")
        put_on_sale(add_product(data=data, now=NOON).id)
    names = [product.name for product in listed_products(now=NOON, text=text)]
    assert (APPLE in names) is is_found


def test_several_readings_of_a_character_follow_the_word() -> None:
    assert search_text("重庆银行卡", "").splitlines()[-1] == "cqyhk"


OLD = """
INSERT INTO category (id, slug, name, position) VALUES (1, 'phones', '手机', 0);
INSERT INTO product (id, number, kind, category_id, name, subtitle, description, is_listed, position,
created_at) VALUES (1, 'PD1', 'goods', 1, '苹果手机', '双卡双待', '', {true}, 0, {now})
"""


def test_goods_from_before_are_found_after_the_migration(
    empty: Engine,  # noqa: F811 - the fixture
) -> None:
    """Up from the revision before with a row in the table, down and up again: each time it is found."""
    url = empty.url.render_as_string(hide_password=False)
    true, now = ("1", "0") if empty.dialect.name == "sqlite" else ("true", "now()")
    migrate.upgrade(url=url, to="0021")
    with empty.begin() as connection:
        for statement in OLD.format(true=true, now=now).split(";"):
            connection.execute(sa.text(statement))
    for _ in range(2):
        migrate.upgrade(url=url, to="head")
        with empty.connect() as connection:
            found = connection.scalar(sa.text("SELECT search FROM product"))
        assert found == "苹果手机\n双卡双待\npgsj"
        migrate.downgrade(url=url, to="0021")
