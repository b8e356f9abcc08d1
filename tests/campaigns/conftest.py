"""An account with templates, people with and without reasons to be written to, a platform double."""

import pytest
from flask import Flask

from tests.campaigns.cast import Cast, make_cast
from tests.campaigns.platform import Platform


@pytest.fixture
def cast(app: Flask) -> Cast:
    """Alice's and nobody's customers at the city's account, and two staff."""
    assert app.testing
    return make_cast()


@pytest.fixture
def platform(app: Flask) -> Platform:
    """The message platform at the one seam: it remembers what truly reached whom."""
    made = Platform()
    app.extensions["wx_clients"]._transport = made
    return made
