"""What commands that need the whole application have in common."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from wx_backend.config import Config

ReadConfig = Callable[[], Config]


@contextmanager
def app_of(config: Config) -> Iterator[None]:
    """The application's context for the length of a command."""
    from wx_backend.app import create_app  # the app is heavy: only for the commands that need it

    with create_app(config).app_context():
        yield
