"""Where a request comes from, as far as that can be believed, and who may read the figures."""

import hmac
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from flask import request
from flask.typing import ResponseReturnValue

from wx_backend.access import Access
from wx_backend.config_guard import Network
from wx_backend.errors import Forbidden
from wx_backend.platform import config

Address = IPv4Address | IPv6Address


def client_address() -> Address | None:
    """The address of the client; None where the server does not know it (a Unix socket).

    What a proxy of ours wrote into `X-Forwarded-For` is believed, from the right up to the first
    address that is none of ours; from anybody else the header says nothing.
    """
    proxies = config().guard.trusted_proxies
    found = _parsed(request.remote_addr or "")
    told = [each.strip() for each in request.headers.get("X-Forwarded-For", "").split(",")]
    while found is not None and told and is_in(found, proxies):
        before = _parsed(told.pop())
        if before is None:
            break
        found = before
    return found


def network_of(address: Address | None) -> str:
    """What is counted as one address: with IPv6 the network that one customer is given."""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address or "")


def is_in(address: Address, networks: Iterable[Network]) -> bool:
    """Whether an address lies in one of the networks."""
    return any(address in network for network in networks)


def require_monitor(_row: Access) -> ResponseReturnValue | None:
    """The gate of pages for those who may read the figures. Forbidden."""
    expect_monitor()
    return None


def expect_monitor() -> None:
    """Let those through who may read the figures: by their address, or by the token. Raises Forbidden."""
    guard = config().guard
    address = client_address()
    if address is not None and is_in(address, guard.monitors):
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = guard.monitor_token
    if not expected or scheme.lower() != "bearer":
        raise Forbidden
    if not hmac.compare_digest(token.encode(), expected.encode()):
        raise Forbidden


def _parsed(text: str) -> Address | None:
    """An address as one spelling; an IPv4 address that came over IPv6 is what it is."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
