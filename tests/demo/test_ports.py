"""A taken port is explained by name, with a way out."""

import socket
from collections.abc import Iterator

import pytest

from demo.places import HOST
from demo.ports import held_ports, is_free, require_free
from demo.refusal import CannotStart


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_names_its_holder_and_a_free_one(taken: int) -> None:
    with pytest.raises(CannotStart) as refusal:
        require_free(taken, option="PORT", purpose="the web server")
    text = str(refusal.value)
    assert f"Port {taken}, meant for the web server, is taken by '" in text
    other = int(text.rpartition("PORT=")[2])
    assert is_free(other)


def test_a_free_port_passes() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
    require_free(port, option="PORT", purpose="the web server")


def test_a_held_port_is_given_to_nobody_else_and_can_be_listened_on_again_and_again() -> None:
    with held_ports(100) as ports, held_ports(100) as others:
        assert len({*ports, *others}) == 200
        for _ in range(2):
            require_free(ports[0], option="PORT", purpose="the web server")
            with socket.create_server((HOST, ports[0])) as server:
                socket.create_connection((HOST, ports[0])).close()
                server.accept()[0].close()
    assert is_free(ports[0])
