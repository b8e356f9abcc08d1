"""The section of the configuration about strangers: whose word about an address counts, how often."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Limit:
    """Calls in one minute, of one network address and of one browser, or of one person where he is known."""

    address: int
    session: int


# Thousands of phones share one address of a mobile network; a browser is one person's.
DEFAULTS: Final[Mapping[str, Limit]] = {
    "touch": Limit(3_000, 60),
    "share": Limit(3_000, 60),
    "login": Limit(3_000, 60),
    "program": Limit(600, 20),
    "console": Limit(60, 20),
    "code": Limit(300, 5),
    "phone": Limit(300, 20),
    "number": Limit(3_000, 20),
}


@dataclass(frozen=True, slots=True, repr=False)
class Guard:
    """Our own reverse proxies, who may read the figures, and how often strangers may call."""

    trusted_proxies: tuple[Network, ...] = ()
    monitors: tuple[Network, ...] = ()
    monitor_token: str | None = None
    limits: Mapping[str, Limit] = field(default_factory=lambda: DEFAULTS)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Guard":
        """The section as it was read."""
        told = {name: Limit(**limit) for name, limit in data["limit"].items() if limit}
        return cls(
            trusted_proxies=tuple(data["trusted_proxies"]),
            monitors=tuple(data["monitors"]),
            monitor_token=data["monitor_token"],
            limits={**DEFAULTS, **told},
        )
