"""`python -m demo`: start the whole service here, show where it is, run until Ctrl-C."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from demo import screen
from demo.places import Places
from demo.program import StartFailed
from demo.refusal import CannotStart
from demo.stack import Stack, running


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 after an orderly end, 1 when something could not start."""
    screen.prepare()
    places = _places(arguments)
    try:
        _run(places)
    except (CannotStart, StartFailed) as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        screen.say("", "ended while starting")
        return 1
    return 0


def _run(places: Places) -> None:
    over = threading.Event()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    screen.say(f"Starting in {places.data} (logs in {places.data / 'log'})")
    with running(places, screen.step, screen.note) as stack:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: over.set())
        _welcome(stack)  # whoever reads "Ready" may end it at once
        over.wait()
        screen.say("", "Ending ...")
        stack.supervisor.stop_all(lambda name: screen.note(name, "ending"))
    screen.say("Ended. The data is kept; `make demo` goes on with it, `make clean` removes it.")


def _places(arguments: Sequence[str] | None) -> Places:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--port", type=_port, default=8000, help="of the web server")
    parser.add_argument("--push-port", type=_port, default=8100, help="of the push door")
    parser.add_argument("--simulator-port", type=_port, default=9100, help="of the pretend WeChat")
    parser.add_argument("--data", type=Path, default=Path("var/demo"), help="data folder, kept")
    parser.add_argument("--redis", help="URL of a running Redis or Valkey instead of our own")
    parser.add_argument("--database", help="URL of a PostgreSQL database instead of SQLite")
    given = parser.parse_args(arguments)
    if len({given.port, given.push_port, given.simulator_port}) < 3:
        parser.error("web server, push door and pretend WeChat need a port each")
    return Places(
        data=given.data.resolve(),
        port=given.port,
        push_port=given.push_port,
        simulator_port=given.simulator_port,
        redis=given.redis,
        database=given.database,
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (1 to 65535)")
    return int(text)


def _welcome(stack: Stack) -> None:
    places = stack.places
    screen.say(
        "",
        f"  网上商城 mall       {places.url}/",
        f"  个人终端 terminal   {places.url}/terminal/",
        f"  平台管理 console    {places.url}/console/",
        f"  模拟微信 WeChat     {places.simulator_url}/phone",
    )
    if stack.seeded.strip():
        screen.say("", stack.seeded.rstrip())
    screen.say("", "Ready. Ctrl-C ends everything.")


if __name__ == "__main__":
    sys.exit(main())
