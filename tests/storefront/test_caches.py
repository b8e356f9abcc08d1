"""What a cache may keep brings nobody's cookie along; what brings one no cache may keep."""

from io import BytesIO

import pytest
from PIL import Image

from flows.album import keep_picture
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone

COOKIE = "Set-Cookie"


@pytest.fixture
def bob(mall: Mall, phone_of: Phones) -> Phone:
    """Bob, signed in: his session is renewed with each page."""
    bob = phone_of("Bob")
    bob.open(mall.link(mall.alice_id))
    assert bob.get("/orders").status_code == 200
    return bob


def picture() -> str:
    out = BytesIO()
    Image.new("RGB", (900, 900), "white").save(out, "JPEG")
    return keep_picture(out.getvalue()).path


def asset(phone: Phone) -> str:
    page = phone.get("/").text
    return page[page.index("/mall-assets/mall.js") :].partition('"')[0]


def test_pictures_and_files_for_everybody_renew_no_session(bob: Phone) -> None:
    for path in (picture(), asset(bob)):
        for _ in range(2):
            with bob.get(path) as answer:
                assert answer.status_code == 200
                assert "public" in answer.headers["Cache-Control"]
                assert COOKIE not in answer.headers


def test_whatever_sets_a_cookie_is_kept_by_no_cache(bob: Phone, phone_of: Phones) -> None:
    stranger = phone_of("Mallory")
    answers = [bob.get("/"), bob.get("/orders"), bob.get("/no-such-page"), stranger.get("/")]
    answers += [stranger.get(picture()), bob.get("/openapi.json"), stranger.get("/orders")]
    told = [answer for answer in answers if COOKIE in answer.headers]
    assert {answer.headers["Cache-Control"] for answer in told} == {"no-store"}
    assert answers[0] in told
    assert answers[1] in told
