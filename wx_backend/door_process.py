"""The door process: takes the platform's pushes on an event loop, and knows no page."""

import uvloop

from handlers.server import Server
from wx_backend.app import close_app, create_app, door_of
from wx_backend.config import Config


def serve(config: Config, *, host: str, port: int) -> None:
    """Answer pushes until asked to end. Raises OSError when the address is not to be had."""
    app = create_app(config)
    try:
        uvloop.run(Server(door_of(app).answer).serve(host, port))
    finally:
        close_app(app)
