"""What a template's fields may hold."""

from datetime import timedelta

import pytest

from templates_msg.rules import (
    BadField,
    check_fields,
    check_page,
    client_msg_id,
    may_repeat,
    page_for,
    shortened,
)
from tests.templates_msg.cast import MINUTE, NOON
from wx_backend.errors import BadInput


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thing1", "二" * 20),
        ("thing12", "a b"),
        ("character_string2", "OD260302ABCDEFGHJKMNP"),
        ("time3", "2026年3月2日 12:00"),
        ("time3", "2026-03-02 12:00~13:00"),
        ("date4", "2026-03-02"),
        ("amount5", "¥1234567890.12"),
        ("amount5", "12元"),
        ("phone_number6", "138****8000"),
        ("car_number7", "粤A12345"),
        ("const8", "已支付"),
        ("phrase9", "待取货"),
        ("number10", "3"),
        ("name11", "王小明"),
        ("thing", "x"),
    ],
)
def test_value_that_fits_is_taken(key: str, value: str) -> None:
    check_fields({key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thing1", ""),
        ("thing1", "二" * 21),
        ("thing1", "一行\n两行"),
        ("character_string2", "x" * 33),
        ("character_string2", "订单号"),
        ("time3", "明天"),
        ("amount5", "¥12345678901"),
        ("amount5", "¥1.234"),
        ("amount5", "十元"),
        ("phone_number6", "1" * 18),
        ("car_number7", "x" * 9),
        ("phrase9", "六个字太长了"),
        ("phrase9", "abc"),
        ("keyword1", "x"),
        ("thing1\n", "x"),
        ("thing1.DATA", "x"),
    ],
)
def test_value_the_platform_would_refuse_is_refused_here(key: str, value: str) -> None:
    with pytest.raises(BadField) as refusal:
        check_fields({key: value, "thing99": "好"})

    assert set(refusal.value.details) == {key}


def test_message_without_fields_is_refused() -> None:
    with pytest.raises(BadField):
        check_fields({})


def test_long_text_is_shortened_to_fit() -> None:
    text = shortened("全网通 旗舰\n手机，" * 5)

    assert (len(text), text[-1]) == (20, "…")
    check_fields({"thing1": text})
    assert shortened(" 两 行\n") == "两 行"


def test_send_without_answer_is_repeated_for_eight_minutes() -> None:
    last = 8 * MINUTE - timedelta(microseconds=1)
    assert may_repeat(first_sent_at=NOON, now=NOON + last)
    assert not may_repeat(first_sent_at=NOON, now=NOON + 8 * MINUTE)


def test_repeat_of_a_message_carries_the_same_mark() -> None:
    assert client_msg_id(7) == client_msg_id(7) != client_msg_id(8)


@pytest.mark.parametrize(
    "page",
    [
        "index",
        "pages/order/order",
        "pages/order/order?number={订单编号}",
        "pages/my-orders/list_2?tab=paid&from=%E9%80%9A%E7%9F%A5",
        "p" * 255,
    ],
)
def test_page_of_a_mini_program_is_taken(page: str) -> None:
    check_page(page, has_number=True)


@pytest.mark.parametrize(
    "page",
    [
        "/pages/order/order",
        "pages/order/",
        "pages//order",
        "pages/order?",
        "pages/order?a=1?b=2",
        "pages/order#top",
        "pages/订单",
        "pages/order?n={number}",
        "pages/my order",
        "https://mall.example.com/orders",
        "pages/order\nX",
        "p" * 256,
    ],
)
def test_page_the_platform_would_not_find_is_refused(page: str) -> None:
    with pytest.raises(BadInput) as refusal:
        check_page(page, has_number=True)
    assert refusal.value.details == {"fields": ["page"]}


def test_an_orders_number_goes_where_there_is_one_only() -> None:
    page = "pages/order/order?number={订单编号}"
    assert page_for(page, "OD1&x=2") == "pages/order/order?number=OD1%26x%3D2"
    assert page_for("index", "OD1") == "index"
    with pytest.raises(BadInput):
        check_page(page, has_number=False)
