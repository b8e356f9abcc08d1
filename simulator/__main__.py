"""`python -m simulator --port 9100 --state DIR`: run the pretend WeChat until interrupted."""

import argparse
import contextlib
import logging
import signal
import sys
from pathlib import Path
from typing import NoReturn

from simulator.server import start


def main() -> None:
    """Read the arguments, serve, and stop cleanly on Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="simulator", description="A pretend WeChat.")
    parser.add_argument("--port", type=int, default=9100, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="folder in which the state survives a restart")
    parser.add_argument("--seed", type=int, default=1, help="source of all randomness but RSA keys")
    parser.add_argument(
        "--clock-file", type=Path, help="file that gets the clock's offset in seconds"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    signal.signal(signal.SIGTERM, _interrupt)
    with start(
        arguments.port, arguments.state, seed=arguments.seed, clock_file=arguments.clock_file
    ) as running:
        sys.stdout.write(f"pretend WeChat at {running.base_url}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            running.wait()


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
