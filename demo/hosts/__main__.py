"""`python -m demo.hosts`: eight hosts in network namespaces, trade, one failure after the other, the proof."""

import argparse
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demo import screen
from demo.hosts.comeback import let_the_old_primary_come_back
from demo.hosts.loss import lose_the_last_moments
from demo.hosts.network import NoNamespaces, prepare_inside, why_no_hosts
from demo.hosts.run import trade_through_silence
from demo.hosts.stand import standing
from demo.namespaces import INSIDE, enter
from demo.ports import held_ports
from demo.story.__main__ import FAILURES, playing

LEFT_OUT = 75  # as EX_TEMPFAIL: nothing is wrong, and nothing was shown


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when nothing was lost, 1 with what contradicted it, 75 where hosts cannot be made."""
    screen.prepare()
    parser = argparse.ArgumentParser(prog="python -m demo.hosts", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of what people do")
    parser.add_argument(
        "--asynchronous",
        action="store_true",
        help="lose a primary that waits for no standby: what is lost, and how the money is found",
    )
    parser.add_argument(
        "--databases",
        action="store_true",
        help="the two databases alone: the old primary comes back after the promotion (half a minute)",
    )
    parser.add_argument(INSIDE, action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if why := _why_not(is_inside=asked.inside):
        print(
            "LEFT OUT: several hosts. It takes network namespaces (`ip netns add`), by root or in a "
            f"user namespace of our own, which this machine does not give us: {why}. "
            "Nothing was shown.",
            file=sys.stderr,
        )
        return LEFT_OUT
    screen.say("", "The hosts are " + (_OWN if asked.inside else "this machine's, made by root"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the hosts are taken away then, too
    folder = Path(tempfile.mkdtemp(prefix="wx-hosts-"))
    try:
        summary = _played(folder, asked)
    except FAILURES as failure:
        print(f"\n{type(failure).__name__}: {failure}", file=sys.stderr)
        print(f"The logs are in {folder / 'log'}.", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    print(json.dumps(summary, ensure_ascii=False))
    return 0


def _played(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """What the one JSON line says."""
    if asked.databases:
        return let_the_old_primary_come_back(folder)
    with (
        held_ports(3) as ports,
        standing(folder, ports, screen.step, screen.note) as stand,
        playing(stand.stack) as story,
    ):
        play = lose_the_last_moments if asked.asynchronous else trade_through_silence
        return play(story, stand, seed=asked.seed)


_OWN = "in a user namespace of our own: no root, and nothing of this machine is changed"


def _why_not(*, is_inside: bool) -> str:
    try:
        if is_inside:
            prepare_inside()
    except (NoNamespaces, OSError) as error:
        return str(error)
    return why_no_hosts()


if __name__ == "__main__":
    enter("demo.hosts", sys.argv[1:], "--net", "--mount")
    sys.exit(main())
