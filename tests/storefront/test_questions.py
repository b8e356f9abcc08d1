"""How much the busiest pages of the mall ask the database: half of what a page costs."""

import pytest

from tests.counting import questions
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall

ASKED = {"/r/{rep}": 16, "/p/{product}": 18, "/api/products": 8}


@pytest.mark.parametrize(("path", "most"), ASKED.items())
def test_a_page_asks_no_more_than_it_did(
    phone_of: Phones, mall: Mall, path: str, most: int
) -> None:
    phone = phone_of("Bob")
    phone.sign_in()
    address = path.format(rep=mall.alice_number, product=mall.product)
    with questions() as asked:
        assert phone.get(address).status_code == 200
    counted = len([each for each in asked if not each.startswith("BEGIN")])
    assert counted <= most
