"""Who plays the merchant's side is done when he is told to be: a late notice finds no application that is closed."""

import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.simulator.receiver import Answer, Received, Receiver


def status(receiver: Receiver) -> int:
    connection = HTTPConnection(urlsplit(receiver.url).netloc, timeout=60)
    connection.request("GET", "/")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


def test_what_is_being_answered_is_waited_for(receiver: Receiver) -> None:
    begun, may_end = threading.Event(), threading.Event()
    over: list[str] = []

    def slow(_request: Received) -> Answer:
        begun.set()
        assert may_end.wait(30)
        over.append("answered")
        return 500, b""

    asking = threading.Thread(target=status, args=(receiver,))
    with receiver.answered_by(slow):
        asking.start()
        assert begun.wait(30)
        threading.Timer(0.2, may_end.set).start()
    assert over == ["answered"]
    asking.join()


def test_what_comes_later_is_not_passed_on(receiver: Receiver) -> None:
    seen: list[Received] = []

    def answer(request: Received) -> Answer:
        seen.append(request)
        return 500, b""

    with receiver.answered_by(answer):
        pass
    assert status(receiver) == 200
    assert seen == []
    assert len(receiver.received) == 1
