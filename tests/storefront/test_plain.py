"""What nobody types is refused before it reaches a database that could not keep it."""

import pytest

from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall

PATHS = (
    *("/s/%00", "/l/%00", "/p/%00", "/r/%00", "/c/%00", "/outlet/%00", "/search?q=a%00b"),
    *("/api/products?q=%00", "/api/products?%00=1", "/api/promise?sku=%00", "/orders/%00"),
)


@pytest.mark.usefixtures("mall")
def test_a_nul_in_an_address_or_a_form_is_bad_input(phone_of: Phones) -> None:
    phone = phone_of("Bob")
    phone.sign_in()
    assert {path: phone.get(path).status_code for path in PATHS} == dict.fromkeys(PATHS, 400)
    form = f"csrf_token={phone.page_token()}&sku=%00&quantity=1".encode()
    answer = phone.send_raw("/cart", form, "application/x-www-form-urlencoded")
    assert answer.status_code == 400


def test_a_picture_in_a_form_is_no_text(mall: Mall, phone_of: Phones) -> None:
    """Only fields are looked at: files are bytes."""
    assert mall
    content = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n\x00\r\n--x--\r\n'
    )
    answer = phone_of("Bob").send_raw("/cart", content, "multipart/form-data; boundary=x")
    assert answer.status_code == 400  # no quantity in it
    assert "quantity" in answer.text
