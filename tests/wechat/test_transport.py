"""However the far side misbehaves, a call ends in time and tells no secret."""

import logging
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.limits import within
from tests.wechat.test_imports import loaded_by
from wechat.transport import Http, Request, Response
from wx_backend.errors import PlatformError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Two: a\r\n\r\nok"
TLS_HELLO = b"\x16"
Behaviour = Callable[[socket.socket], None]


class Server:
    """A raw server on this machine: one behaviour per request, so that it can break the rules."""

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/p?access_token=canary"
        self.connections = 0
        self.requests: list[bytes] = []
        self._behaviour = behaviour
        self._tls = tls
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            request = b""
            while part := connection.recv(65_536):
                request += part
                if request.endswith(b"\r\n\r\nbody") or request[:1] == TLS_HELLO:
                    self.requests.append(request)
                    request = b""
                    self._behaviour(connection)
        except OSError:
            return

    def close(self) -> None:
        self.listener.close()
        for connection in self._open:
            connection.close()


@contextmanager
def serving(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(behaviour, tls)
    try:
        yield server
    finally:
        server.close()


def says(raw: bytes) -> Behaviour:
    return lambda connection: connection.sendall(raw)


def drips(raw: bytes, each: float = 0.1) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        for at in range(len(raw)):
            connection.sendall(raw[at : at + 1])
            time.sleep(each)

    return behave


def hangs_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


HURRIED = Http(connect_seconds=0.5, read_seconds=0.5, total_seconds=0.8)
PATIENT = Http(connect_seconds=60, read_seconds=60, total_seconds=60)


def call(
    url: str, method: str = "POST", http: Http | None = None, max_bytes: int = 1000
) -> Response:
    return (http or PATIENT).send(Request(method, url, "/p", {"X-One": "1"}, b"body", max_bytes))


def failure(behaviour: Behaviour, method: str, http: Http) -> PlatformError:
    """What a call to such a server raises; it must not take longer than a hurried call's time."""
    with serving(behaviour) as server:

        def refused() -> PlatformError:
            with pytest.raises(PlatformError) as caught:
                call(server.url, method, http)
            return caught.value

        error = within(1.6, refused)
    told = "".join(traceback.format_exception(error))
    assert "canary" not in told + repr(error.__context__) + repr(error.__cause__)
    return error


def test_an_answer_comes_back_whole_and_connections_are_reused() -> None:
    http = Http()
    with serving(says(OK)) as server:
        for _ in range(3):
            answer = call(server.url, http=http)
            assert (answer.status, answer.body, answer.headers["x-two"]) == (200, b"ok", "a")
        assert server.connections == 1
        assert server.requests[0].startswith(b"POST /p?access_token=canary HTTP/1.1\r\n")


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    raw = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with serving(says(raw)) as server:
        assert call(server.url).status == 302


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (lambda _connection: time.sleep(1.2), "timeout"),
        (drips(OK), "timeout"),
        (drips(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100, 0.01), "timeout"),
        (hangs_up, "broken_off"),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"), "timeout"),
        (says(b"rubbish\r\n\r\n"), "broken_off"),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000), "answer_too_long"),
    ],
    ids=["silent", "drips headers", "drips body", "hangs up", "stops", "rubbish", "too long"],
)
def test_after_sending_the_outcome_is_unknown_unless_it_was_a_question(
    behaviour: Behaviour, code: str
) -> None:
    http = HURRIED if code == "timeout" else PATIENT
    posted = failure(behaviour, "POST", http)
    assert (posted.code, posted.unknown) == (code, True)
    asked = failure(behaviour, "GET", http)
    assert (asked.code, asked.unknown) == (code, False)


def test_an_answer_without_length_ends_with_the_connection() -> None:
    def behave(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        connection.shutdown(socket.SHUT_RDWR)

    with serving(behave) as server:
        assert call(server.url).body == b"all of it"


def test_a_call_that_was_never_sent_is_not_unknown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/p?secret=canary"
    with pytest.raises(PlatformError) as caught:
        call(url)
    error = caught.value
    assert (error.code, error.permanent, error.unknown) == ("not_reached", False, False)
    assert "canary" not in "".join(traceback.format_exception(error)) + repr(error.__context__)


def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving(says(OK)) as server:
        assert call(server.url).body == b"ok"


def test_a_configured_proxy_is_used() -> None:
    with serving(says(OK)) as proxy:
        http = Http(proxy_url=proxy.url.partition("/p")[0])
        assert call("http://platform.invalid/p?x=1", http=http).body == b"ok"
        assert proxy.requests[0].startswith(b"POST http://platform.invalid/p?x=1 HTTP/1.1\r\n")


def test_plain_text_on_a_secure_address_is_refused_before_anything_is_sent() -> None:
    with serving(says(OK)) as server, pytest.raises(PlatformError) as caught:
        call(server.url.replace("http:", "https:"))
    assert caught.value.code == "tls_refused"
    assert b"canary" not in b"".join(server.requests)


def test_only_a_trusted_certificate_is_spoken_to(tmp_path: Path) -> None:
    ca_file = tmp_path / "certificate.pem"
    ca_file.write_bytes(self_signed())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca_file)
    with serving(says(OK), context) as server:
        url = server.url.replace("http:", "https:")
        assert call(url, http=Http(ca_file=str(ca_file))).body == b"ok"
        heard = len(server.requests)
        with pytest.raises(PlatformError) as caught:
            call(url)
        error = caught.value
        assert (error.code, error.unknown) == ("tls_refused", False)
        assert len(server.requests) == heard


def self_signed() -> bytes:
    """A key and its own certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test server")])
    here = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def test_addresses_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(says(OK)) as server:
        call(server.url)
    assert "canary" not in caplog.text


def test_the_transport_loads_its_library_on_the_first_call_only() -> None:
    loaded = loaded_by("import wechat.client, wechat.transport, wechat.tokens")
    assert not loaded.intersection({"urllib3", "requests", "wechatpy"})
