"""Hosts on one machine: a network namespace each, on one bridge, with a share of the processor."""

import secrets
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from demo.refusal import CannotStart
from tools.outside import find

# Where the groups of version 1 and 2 of control groups lie.
CPU_V1: Final = Path("/sys/fs/cgroup/cpu")
CPU_V2: Final = Path("/sys/fs/cgroup")
PERIOD_US: Final = 100_000


class NoNamespaces(CannotStart):
    """This machine does not let us make network namespaces."""


class Network:
    """Some hosts that reach one another and this machine, as a context manager.

    A host that is cut off answers nobody and refuses nobody: what is sent to it is lost. Without
    control groups `limited` is False and every host has the whole processor.
    """

    def __init__(self, hosts: Sequence[str]) -> None:
        self._tag = f"wx{secrets.token_hex(2)}"
        self._third = secrets.randbelow(250) + 1
        self._numbers = {host: number for number, host in enumerate(hosts, 11)}
        self._groups: dict[str, Path] = {}
        self._ip = str(find("ip") or "/usr/sbin/ip")

    def __enter__(self) -> Self:
        try:
            self._run("link", "add", self._tag, "type", "bridge")
            self._run("address", "add", f"{self.here}/24", "dev", self._tag)
            self._run("link", "set", self._tag, "up")
            for host in self._numbers:
                self._add(host)
        except BaseException:
            self._take_away()
            raise
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._take_away()

    @property
    def here(self) -> str:
        """Where this machine itself is reached."""
        return f"10.231.{self._third}.1"

    def address(self, host: str) -> str:
        """Where a host is reached."""
        return f"10.231.{self._third}.{self._numbers[host]}"

    def inside(self, host: str, command: Sequence[str]) -> tuple[str, ...]:
        """The command as it is run on a host; the process id stays its own."""
        command = (self._ip, "netns", "exec", self._name(host), *command)
        if group := self._groups.get(host):
            into = 'echo $$ > "$0" && exec "$@"'
            return ("/bin/sh", "-c", into, str(group / _LISTS[group.parent]), *command)
        return tuple(command)

    def limit(self, host: str, cores: float | None) -> bool:
        """Give a host so much of the processor and no more, or all of it again; whether it can be.

        For what is started from then on; a later limit is for what runs as well.
        """
        for parent, name, spelled in _QUOTAS:
            group = parent / f"{self._tag}-{host}"
            with suppress(OSError):
                group.mkdir(exist_ok=True)
                (group / name).write_text(spelled(cores))
                self._groups[host] = group
                return True
        return False

    def cut(self, host: str) -> None:
        """What is sent to a host or by it is lost from now on, without a word to anybody."""
        self._run("link", "set", self._outside(host), "nomaster")

    def mend(self, host: str) -> None:
        """The host is reached again."""
        self._run("link", "set", self._outside(host), "master", self._tag)

    def _add(self, host: str) -> None:
        name, inside, outside = self._name(host), "eth0", self._outside(host)
        self._run("netns", "add", name)
        self._run("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", name)
        self._run("link", "set", outside, "master", self._tag, "up")
        within = ("-n", name)
        self._run(*within, "address", "add", f"{self.address(host)}/24", "dev", inside)
        self._run(*within, "link", "set", inside, "up")
        self._run(*within, "link", "set", "lo", "up")

    def _name(self, host: str) -> str:
        return f"{self._tag}-{host}"

    def _outside(self, host: str) -> str:
        return f"{self._tag}v{self._numbers[host]}"

    def _run(self, *arguments: str) -> None:
        done = subprocess.run([self._ip, *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NoNamespaces(f"ip {' '.join(arguments)}: {done.stderr.strip()}")

    def _take_away(self) -> None:
        for host in self._numbers:
            with suppress(NoNamespaces):
                self._run("netns", "delete", self._name(host))
        with suppress(NoNamespaces):
            self._run("link", "delete", self._tag)
        for group in self._groups.values():
            with suppress(OSError):
                group.rmdir()


def _v1(cores: float | None) -> str:
    return "-1" if cores is None else str(int(cores * PERIOD_US))


def _v2(cores: float | None) -> str:
    return f"{'max' if cores is None else int(cores * PERIOD_US)} {PERIOD_US}"


_QUOTAS: Final = ((CPU_V1, "cpu.cfs_quota_us", _v1), (CPU_V2, "cpu.max", _v2))
_LISTS: Final = {CPU_V1: "tasks", CPU_V2: "cgroup.procs"}


def why_no_hosts() -> str:
    """Why this machine lets us make none; empty where it does."""
    try:
        with Network(["a"]):
            return ""
    except (NoNamespaces, OSError) as error:
        return str(error)


def prepare_inside() -> None:
    """In namespaces of our own: a place for the names of hosts, and this machine's own address.

    Raises NoNamespaces.
    """
    for command in (
        ("mount", "-t", "tmpfs", "wx-hosts", "/run"),
        ("ip", "link", "set", "lo", "up"),
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NoNamespaces(f"{' '.join(command)}: {done.stderr.strip()}")
