"""The story's browser: what it takes for no answer, and comes again for."""

from pathlib import Path

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
