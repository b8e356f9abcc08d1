"""A connection of the push door: what is HTTP is answered in order, what is not ends it."""

import asyncio
from collections.abc import Awaitable, Callable
from http.client import HTTPResponse
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import connection as rules
from handlers.body import BODY_MAX
from handlers.connection import Connection
from handlers.http import Answer, Request
from handlers.server import Server
from tests.site import Received, Wire

FAR = 10**9


class Caller:
    """Somebody on the other end; the service says back what it was asked, once it may."""

    def __init__(self, answer: Callable[[Request], Awaitable[Answer]] | None = None) -> None:
        self.asked: list[Request] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.server = Server(answer or self._echo)
        self.wire = Wire("198.51.100.7")
        self.connection: Connection = self.server.connection()
        self.connection.connection_made(self.wire)

    async def _echo(self, request: Request) -> Answer:
        self.asked.append(request)
        await self.may_answer.wait()
        return Answer(200, f"{request.method} {request.path}".encode() + request.body)

    async def says(self, *pieces: bytes) -> list[tuple[int, bytes]]:
        """Send pieces; status and body of each answer so far."""
        await self.sends(*pieces)
        return self.told()

    async def sends(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.connection.data_received(piece)
        for _ in range(4):
            await asyncio.sleep(0)

    def told(self) -> list[tuple[int, bytes]]:
        """All answers there are, read by the standard library."""
        stream, answers = BytesIO(self.wire.told), []
        while stream.tell() < len(self.wire.told):
            answer = HTTPResponse(Received(stream))  # type: ignore[arg-type] # it is read like a socket
            answer.begin()
            answers.append((answer.status, answer.read()))
        return answers


def request(way: str = "/a", body: bytes = b"", *, method: str = "POST", more: str = "") -> bytes:
    head = f"{method} {way} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode("latin-1") + body


def chunked(*pieces: bytes) -> bytes:
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in [*pieces, b""])


@given(cuts=st.lists(st.integers(1, 400), max_size=12))
def test_however_the_bytes_come_the_answers_are_the_same(cuts: list[int]) -> None:
    sent = request("/a?b=c", b"x" * 90) + chunked(b"12", b"345") + request("/d", method="GET")

    async def answers() -> list[tuple[int, bytes]]:
        caller = Caller()
        ends = [*sorted(set(cuts)), len(sent)]
        pieces = [sent[start:end] for start, end in zip([0, *ends], ends, strict=False)]
        await caller.says(*(piece for piece in pieces if piece))
        for _ in range(8):
            await asyncio.sleep(0)
        assert caller.asked[0].query == "b=c"
        assert caller.asked[0].client == "198.51.100.7"
        return caller.told()

    expected = [(200, b"POST /a" + b"x" * 90), (200, b"POST /a12345"), (200, b"GET /d")]
    assert asyncio.run(answers()) == expected


async def _one_after_the_other() -> None:
    caller = Caller()
    caller.may_answer.clear()
    assert await caller.says(request("/1"), request("/2")) == []
    assert [each.path for each in caller.asked] == ["/1"]
    assert caller.wire.is_paused  # nothing is read that could not be answered
    caller.may_answer.set()
    assert await caller.says() == [(200, b"POST /1"), (200, b"POST /2")]
    assert not caller.wire.is_paused
    assert not caller.wire.is_closed


def test_who_sends_ahead_is_answered_in_order_one_at_a_time() -> None:
    asyncio.run(_one_after_the_other())


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # TLS
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET /a HTTP/9.9\r\n\r\n", 400),
        (b"BREW /a HTTP/1.1\r\n\r\n", 400),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (request(more="Upgrade: websocket\r\nConnection: upgrade\r\n"), 400),
        (request(more="Content-Length: 5\r\n"), 400),
        (request(more="Transfer-Encoding: chunked\r\n"), 400),
        (b"POST /a HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /a HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
        (b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET /a HTTP/1.1\r\nA: b\r\n continued\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\nHost: x\n\n", 400),
        (request(body=b"x" * (BODY_MAX + 1)), 413),
        (b"POST /a HTTP/1.1\r\nContent-Length: 70000\r\n\r\n", 413),  # before any of it came
        (chunked(*[b"x" * 30_000] * 3), 413),
    ],
)
def test_what_cannot_be_taken_gets_one_answer_and_the_connection_ends(
    sent: bytes, status: int
) -> None:
    async def refused() -> None:
        caller = Caller()
        answers = await caller.says(sent, request("/smuggled"))
        assert [each[0] for each in answers] == [status]
        assert caller.asked == []
        assert caller.wire.has_ended  # he can read it to its end,
        assert not caller.wire.is_closed
        caller.server.mind(asyncio.get_running_loop().time() + 2 * rules.LINGER_SECONDS)
        assert caller.wire.is_closed  # and has not long to do so

    asyncio.run(refused())


@pytest.mark.parametrize(
    ("beginning", "more", "status"),
    [
        (b"GET /", b"a" * 4_000, 431),
        (b"GET /a HTTP/1.1\r\nA: ", b"a" * 4_000, 431),
        (b"GET /a HTTP/1.1\r\n", b"A: b\r\n" * 400, 431),
        (chunked(b"x")[:-5], b"1\r\nx\r\n" * 700, 413),
        (b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a" * 4_000, 413),
        (chunked(b"x")[:-2] + b"A: ", b"a" * 4_000, 413),
    ],
)
def test_what_never_comes_to_an_end_is_cut(beginning: bytes, more: bytes, status: int) -> None:
    async def cut() -> None:
        caller, sent = Caller(), 0
        await caller.says(beginning)
        while not caller.wire.told:
            await caller.says(more)
            sent += len(more)
            assert sent <= rules.REQUEST_MAX + len(more)
        assert [each[0] for each in caller.told()] == [status]

    asyncio.run(cut())


async def _too_many_ahead() -> None:
    caller = Caller()
    caller.may_answer.clear()
    await caller.says(request() * (rules.WAITING_MAX + 2))
    caller.may_answer.set()
    for _ in range(rules.WAITING_MAX):
        await caller.says()
    statuses = [each[0] for each in caller.told()]
    assert statuses == [200] * (rules.WAITING_MAX + 1) + [400]


def test_nobody_sends_ahead_without_end() -> None:
    asyncio.run(_too_many_ahead())


async def _time_is_over() -> None:
    now = asyncio.get_running_loop().time()
    silent, slow, idle, waiting = (Caller() for _ in range(4))
    waiting.may_answer.clear()
    await slow.says(request(body=b"x" * 9)[:-1])
    await idle.says(request())
    await waiting.says(request())
    for caller, until in ((silent, rules.READ_SECONDS), (slow, rules.READ_SECONDS)):
        caller.server.mind(now + until - 1)
        assert not caller.wire.is_closed
        caller.server.mind(now + until + 1)
        assert caller.wire.is_closed
    idle.server.mind(now + rules.IDLE_SECONDS - 1)
    assert not idle.wire.is_closed
    idle.server.mind(now + rules.IDLE_SECONDS + 1)
    assert idle.wire.is_closed
    waiting.server.mind(now + FAR)  # he waits for us, not we for him
    assert not waiting.wire.is_closed


def test_who_is_silent_too_long_is_let_go() -> None:
    asyncio.run(_time_is_over())


async def _ended() -> None:
    idle, late, waiting, sending = (Caller() for _ in range(4))
    await idle.says(request())
    await late.says(request())
    waiting.may_answer.clear()
    await waiting.says(request("/w"))
    await sending.says(request("/s", b"12")[:-1])
    soon = asyncio.get_running_loop().time() + 1
    for caller in (idle, late, waiting, sending):
        caller.server.is_ending = True
        caller.connection.end(at=soon)
    assert await late.says(request("/l")) == [(200, b"POST /a"), (200, b"POST /l")]
    for caller in (idle, waiting, sending):
        assert not caller.wire.is_closed
        caller.server.mind(soon)
    assert [each.wire.is_closed for each in (idle, waiting, sending)] == [True, False, False]
    waiting.may_answer.set()
    assert await waiting.says() == [(200, b"POST /w")]
    assert await sending.says(b"2") == [(200, b"POST /s12")]
    for caller in (late, waiting, sending):
        assert caller.wire.is_closed
        assert b"connection: close" in caller.wire.told


def test_at_the_end_what_has_begun_is_answered() -> None:
    asyncio.run(_ended())


async def _gone() -> None:
    caller = Caller()
    caller.may_answer.clear()
    await caller.says(request("/kept"), request("/never"))
    caller.wire.close()
    caller.connection.connection_lost(None)
    assert caller.server.connections  # the end waits for what he began
    caller.may_answer.set()
    assert await caller.says() == []
    assert [each.path for each in caller.asked] == ["/kept"]
    assert not caller.server.connections


def test_what_was_asked_is_done_when_the_caller_is_gone() -> None:
    asyncio.run(_gone())


async def _gone_at_once() -> None:
    server, wire = Server(_fails), Wire(None)
    server.connection().connection_made(wire)
    assert wire.is_closed
    assert not server.connections


def test_who_is_gone_before_he_was_taken_leaves_nothing() -> None:
    asyncio.run(_gone_at_once())


async def _is_not_reading() -> None:
    caller = Caller()
    caller.connection.pause_writing()
    assert caller.wire.is_paused
    caller.connection.resume_writing()
    assert not caller.wire.is_paused
    caller.connection.pause_writing()
    await caller.says(request(more="Connection: close\r\n"))
    caller.connection.resume_writing()  # the last answer is on its way
    assert caller.wire.is_closed


def test_who_does_not_read_his_answers_is_not_read() -> None:
    asyncio.run(_is_not_reading())


async def _manners() -> None:
    head = Caller()
    await head.sends(request("/h", method="HEAD"))
    assert head.wire.told.endswith(b"content-length: 7\r\n\r\n")
    old = Caller()
    assert await old.says(b"GET /o HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") == [
        (200, b"GET /o")
    ]
    assert old.wire.is_closed
    closing = Caller()
    last = request("/c", more="Connection: close\r\n")
    assert await closing.says(last + request("/never")) == [(200, b"POST /c")]
    assert closing.wire.is_closed
    patient = Caller()
    whole = request("/p", b"12", more="Expect: 100-continue\r\n")
    await patient.sends(whole[:-2])
    assert patient.wire.told == rules.CONTINUE
    await patient.sends(whole[-2:])
    assert patient.wire.told.endswith(b"POST /p12")


def test_the_rest_of_the_manners_of_http() -> None:
    asyncio.run(_manners())


async def _fails(_request: Request) -> Answer:
    raise RuntimeError("secret")


async def _failed() -> None:
    caller = Caller(_fails)
    assert await caller.says(request()) == [(500, b"failed")]
    assert await caller.says(request()) == [(500, b"failed")] * 2  # and it goes on


def test_a_fault_of_ours_is_a_500_without_words() -> None:
    asyncio.run(_failed())


async def _full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "CONNECTIONS_MAX", 1)
    first = Caller()
    wire = Wire()
    second = first.server.connection()
    second.connection_made(wire)
    assert wire.told.startswith(b"HTTP/1.1 503 ")
    assert await first.says(request()) == [(200, b"POST /a")]


def test_there_is_a_last_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(_full(monkeypatch))


@given(
    noise=st.lists(st.binary(max_size=60) | st.sampled_from([request(), chunked(b"1")]), max_size=8)
)
def test_no_bytes_at_all_make_it_fail(noise: list[bytes]) -> None:
    """Whatever comes: answers that can be read, at most one refusal, and that the last."""

    async def answers() -> list[tuple[int, bytes]]:
        caller = Caller()
        await caller.says(*(each for each in noise if each))
        for _ in range(len(noise)):
            await caller.says()
        return caller.told()

    statuses = [each[0] for each in asyncio.run(answers())]
    assert set(statuses) <= {200, 400}
    assert statuses.count(400) <= 1
    assert 400 not in statuses[:-1]
