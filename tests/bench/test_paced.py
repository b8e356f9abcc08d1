"""An open loop: what is due goes out, waits are counted from then on, and nothing that went wrong is called good."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat

import pytest

from bench.callback import paced
from bench.callback.paced import keep_pace

ASK = b"GET / HTTP/1.1\r\n\r\n"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
AWAY = b"HTTP/1.1 503 Away\r\nContent-Length: 1\r\n\r\nx"
Answer = Callable[[int], bytes]


@contextmanager
def answering(answer: Answer) -> Iterator[tuple[str, int]]:
    """A server on a free port: what it says to the nth request of all; nothing means it hangs up."""
    asked = iter(range(10_000))

    def serve(taken: socket.socket) -> None:
        with taken:
            while taken.recv(65_536):
                if not (said := answer(next(asked))):
                    return
                taken.sendall(said)

    def listen() -> None:
        while True:
            try:
                taken, _ = door.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(taken,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=listen, daemon=True).start()
        yield door.getsockname()
        door.shutdown(socket.SHUT_RDWR)


def test_so_many_a_second_go_out_and_are_counted() -> None:
    with answering(lambda _: GOOD) as address:
        done = keep_pace(address, repeat(ASK), rate=200, seconds=0.5)
    assert (done.sent, sorted(done.good), done.bad) == (100, list(range(100)), 0)
    assert done.seconds >= 99 / 200


def test_no_content_is_good_and_a_refusal_is_not() -> None:
    with answering(lambda number: AWAY if number % 2 else NO_CONTENT) as address:
        done = keep_pace(address, repeat(ASK), rate=100, seconds=0.1)
    assert (done.sent, len(done.good), done.bad) == (10, 5, 5)


def test_a_hang_up_is_an_answer_that_did_not_come() -> None:
    with answering(lambda number: b"" if number == 3 else GOOD) as address:
        done = keep_pace(address, repeat(ASK), rate=100, seconds=0.1)
    assert (len(done.good), done.bad) == (9, 1)


def test_who_comes_while_the_server_pauses_waits_from_when_he_was_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One connection alone: a closed loop would count the pause once, and forget all who were due in it."""
    monkeypatch.setattr(paced, "MOST_CONNECTIONS", 1)

    def pausing(number: int) -> bytes:
        if number == 0:
            time.sleep(0.5)
        return GOOD

    with answering(pausing) as address:
        done = keep_pace(address, repeat(ASK), rate=100, seconds=0.5)
    assert len(done.good) == 50
    assert sum(each > 0.1 for each in done.latencies) >= 35


def test_who_never_answers_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paced, "PATIENCE_SECONDS", 0.2)
    never = threading.Event()
    with answering(lambda _: GOOD if never.wait(20) else b"") as address:
        with pytest.raises(TimeoutError, match="1 answers did not come"):
            keep_pace(address, repeat(ASK), rate=100, seconds=0.01)
        never.set()
