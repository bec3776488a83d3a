"""Machines of a test: network namespaces of Linux, each with an address of its own, joined by a
switch whose lines can be cut. As root only."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

_NEWNET = 0x40000000  # CLONE_NEWNET
_SWITCH = "switch"


class Hosts:
    """Namespaces for these names while the `with` block runs; address: name → 10.77.0.N."""

    def __init__(self, names: Sequence[str]) -> None:
        self._prefix = f"qy{os.getpid() % 100_000}"
        self._names = names
        self.address = {name: f"10.77.0.{n}" for n, name in enumerate(names, 2)}
        self._setns = ctypes.CDLL(None, use_errno=True).setns

    def _ip(self, *words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    def _space(self, name: str) -> str:
        return f"{self._prefix}-{name}"

    def __enter__(self) -> Hosts:
        switch = self._space(_SWITCH)
        self._ip("netns", "add", switch)
        self._ip("-n", switch, "link", "add", "br0", "type", "bridge")
        self._ip("-n", switch, "link", "set", "br0", "up")
        for n, name in enumerate(self._names):
            space, line = self._space(name), f"line{n}"
            self._ip("netns", "add", space)
            self._ip("-n", space, "link", "set", "lo", "up")
            more = "type", "veth", "peer", "name", "eth0", "netns", space
            self._ip("-n", switch, "link", "add", line, *more)
            self._ip("-n", switch, "link", "set", line, "master", "br0", "up")
            self._ip("-n", space, "addr", "add", f"{self.address[name]}/24", "dev", "eth0")
            self._ip("-n", space, "link", "set", "eth0", "up")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name in (*self._names, _SWITCH):
            subprocess.run(["ip", "netns", "del", self._space(name)], capture_output=True)

    @contextmanager
    def at(self, name: str) -> Iterator[str]:
        """This thread, and what it starts, is at a machine; its address."""
        with Path("/proc/thread-self/ns/net").open() as before:
            with Path(f"/run/netns/{self._space(name)}").open() as there:
                self._enter(there.fileno())
            try:
                yield self.address[name]
            finally:
                self._enter(before.fileno())

    def _enter(self, descriptor: int) -> None:
        if self._setns(descriptor, _NEWNET):
            raise OSError(ctypes.get_errno(), "setns")

    @contextmanager
    def cut(self, name: str) -> Iterator[None]:
        """The line of a machine is cut: nobody is told."""
        line = f"line{self._names.index(name)}"
        self._ip("-n", self._space(_SWITCH), "link", "set", line, "down")
        try:
            yield
        finally:
            self._ip("-n", self._space(_SWITCH), "link", "set", line, "up")
