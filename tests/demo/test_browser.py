"""The story's browser: what it takes for no answer, and comes again for."""

from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from demo.places import Places
from demo.story.browser import Browser, Refused, Unreachable
from demo.story.journal import Journal, Kind
from tests.serving import serving

LEADS_TO = {"/s/over": "/oauth/return?state=old", "/s/foreign": "/orders/1"}


@Request.application
def refusing(request: Request) -> Response:
    """Redirects from two links, to a page that is refused."""
    target = LEADS_TO.get(request.path)
    return Response(status=302, headers={"Location": target}) if target else Response(status=403)


@pytest.mark.parametrize(("link", "raised"), [("/s/over", Unreachable), ("/s/foreign", Refused)])
def test_only_a_sign_in_that_took_too_long_is_begun_again(
    tmp_path: Path, link: str, raised: type[Exception]
) -> None:
    journal = Journal()
    with serving(refusing) as url:
        places = Places(tmp_path, port=int(url.rpartition(":")[2]))
        with pytest.raises(raised):
            Browser("Bob", places, journal).open(link)
    assert not journal.of(Kind.TOUCH)


def cut_short(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Says more than it sends, as a server that is killed in the middle."""
    start_response("404 Not Found", [("Content-Length", "259"), ("Connection", "close")])
    return [b"half"]


def test_an_answer_that_is_cut_is_none(tmp_path: Path) -> None:
    with serving(cut_short) as url:
        places = Places(tmp_path, port=int(url.rpartition(":")[2]))
        with pytest.raises(Unreachable):
            Browser("Bob", places, Journal()).open("/")
