"""TCP ports that stay free until a test listens there: whoever asks for any free port gets none of them."""

import os
from typing import Final

from demo.ports import is_free

FIRST: Final = 20_000  # below those the kernel gives away, 32,768 and up
EACH: Final = 10
PROCESSES: Final = 1_000


def kept_ports(count: int) -> list[int]:
    """So many loopback ports; another process of tests looks among others."""
    first = FIRST + os.getpid() % PROCESSES * EACH
    return [port for port in range(first, first + EACH) if is_free(port)][:count]
