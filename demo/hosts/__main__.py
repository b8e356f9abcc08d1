"""`python -m demo.hosts`: eight hosts in network namespaces, trade, one failure after the other, the proof."""

import argparse
import json
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from demo import screen
from demo.hosts.network import can_make_hosts
from demo.hosts.run import trade_through_silence
from demo.hosts.stand import standing
from demo.places import HOST
from demo.story.__main__ import FAILURES, playing

LEFT_OUT = 75  # as EX_TEMPFAIL: nothing is wrong, and nothing was shown


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when nothing was lost, 1 with what contradicted it, 75 where hosts cannot be made."""
    screen.prepare()
    parser = argparse.ArgumentParser(prog="python -m demo.hosts", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of what people do")
    asked = parser.parse_args(arguments)
    if not can_make_hosts():
        print(
            "LEFT OUT: several hosts. It takes root and network namespaces (`ip netns add`), "
            "which this machine does not give us. Nothing was shown.",
            file=sys.stderr,
        )
        return LEFT_OUT
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the hosts are taken away then, too
    folder = Path(tempfile.mkdtemp(prefix="wx-hosts-"))
    try:
        with (
            standing(folder, (_free_port(), _free_port()), screen.step, screen.note) as stand,
            playing(stand.stack) as story,
        ):
            summary = trade_through_silence(story, stand, seed=asked.seed)
    except FAILURES as failure:
        print(f"\n{type(failure).__name__}: {failure}", file=sys.stderr)
        print(f"The logs are in {folder / 'log'}.", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    print(json.dumps(summary, ensure_ascii=False))
    return 0


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        return int(server.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
