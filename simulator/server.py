"""Starting and stopping the pretend platform, in a process of its own or inside a test."""

import threading
from pathlib import Path
from types import TracebackType

from flask import Flask

from simulator import authorize, host, pushes
from simulator.api import mass
from simulator.control import accounts, people, stage
from simulator.dispatcher import Dispatcher, Work
from simulator.http import Server
from simulator.pay import http as pay_http
from simulator.pay import notices, refunds, transfers
from simulator.phone import pages
from simulator.stubs import billing, billing_files, realname, sms
from simulator.world import World

WORKS: dict[str, Work] = {
    "push": pushes.deliver,
    "mass": mass.no_answer,
    "notice": notices.deliver,
    "refund": refunds.finish,
    "transfer.expire": transfers.expire,
    "transfer.cancel": transfers.finish_cancel,
    "billing": billing.call_back,
    "realname": realname.call_back,
}


def create_app(world: World) -> Flask:
    """All of the platform's addresses over one world."""
    app = Flask("simulator", static_folder=None)
    for part in (host, authorize, pay_http, billing, realname, sms, accounts, people, stage, pages):
        app.register_blueprint(part.blueprint(world))
    app.register_blueprint(accounts.merchants(world))
    app.register_blueprint(accounts.editors(world))
    app.register_blueprint(stage.clock(world))
    app.register_blueprint(realname.control(world))
    app.register_blueprint(billing_files.control(world))
    app.register_blueprint(stage.knobs(world))
    return app


class Running:
    """A platform that runs: its address, its world, and how to end it."""

    def __init__(self, world: World, server: Server, dispatcher: Dispatcher) -> None:
        self.world = world
        self.base_url = world.base_url
        self._server, self._dispatcher = server, dispatcher
        self._thread = threading.Thread(
            target=server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="simulator-http",
            daemon=True,
        )
        self._dispatcher.start()
        self._thread.start()

    def stop(self) -> None:
        """End the threads and the listening socket; state on disk stays."""
        self._server.close()
        self._dispatcher.stop()
        self._thread.join(timeout=5)
        with self.world.acting():
            self.world.close()

    def wait(self) -> None:
        """Serve until interrupted."""
        while self._thread.is_alive():
            self._thread.join(timeout=1)

    def __enter__(self) -> "Running":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(
    port: int = 0,
    state: Path | None = None,
    *,
    seed: int = 1,
    clock_file: Path | None = None,
) -> Running:
    """Start a platform on the loopback interface; port 0 takes a free one.

    `state` is the folder that survives a restart; `clock_file` gets the clock's offset in seconds
    whenever it moves.
    """
    database = state / "simulator.db" if state else None
    world = World(seed=seed, state=database, clock_file=clock_file)
    server = Server(create_app(world), port)
    world.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    return Running(world, server, Dispatcher(world, WORKS))
