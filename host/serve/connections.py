"""Deadlines and limits of connections.

uvicorn (0.54) waits for ever for the rest of a request and for a peer that reads nothing, and
its limit_concurrency counts those connections too: a thousand of them shut everybody out."""

from __future__ import annotations

import asyncio
import resource
from collections import Counter, OrderedDict
from contextlib import suppress
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_S = 15.0  # for a request with its body, and for a TLS handshake
WRITE_S = 30.0  # that a peer may take nothing of an answer
MOST = 1000  # connections
MOST_OF_PEER = 300  # of one address; not of a proxy, behind which all are
FILES = 8192  # open files: connections, and stores


class Connection(H11Protocol):
    """One connection. At MOST of them the one that has waited longest for the rest of its request
    makes room."""

    proxies: ClassVar[frozenset[str]] = frozenset()  # addresses of which MOST_OF_PEER is no limit
    _of_peer: ClassVar[Counter[str]] = Counter()
    _waiting: ClassVar[OrderedDict[Connection, None]] = OrderedDict()
    _peer = ""
    _deadline: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._peer = self.client[0] if self.client else ""
        self._of_peer[self._peer] += 1
        if self._of_peer[self._peer] > MOST_OF_PEER and self._peer not in self.proxies:
            transport.abort()
            return
        self._wait()
        if len(self.connections) >= MOST:
            next(iter(self._waiting)).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._of_peer[self._peer] -= 1
        if not self._of_peer[self._peer]:
            del self._of_peer[self._peer]
        self._goes_on()
        self._writes()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._is_busy():
            self._wait()
        super().data_received(data)
        if self._is_busy():
            self._goes_on()

    def _is_busy(self) -> bool:
        """Whether a whole request is being answered."""
        cycle = self.cycle
        return cycle is not None and not cycle.response_complete and not cycle.more_body

    def _wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_S, self.transport.abort)
            self._waiting[self] = None

    def _goes_on(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._waiting.pop(self, None)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stuck is None:
            self._stuck = self.loop.call_later(WRITE_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._writes()

    def _writes(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None


class Loop(asyncio.SelectorEventLoop):
    """asyncio's loop, with a deadline for TLS handshakes, which uvicorn leaves at 60 s."""

    async def create_server(self, *args: Any, **more: Any) -> asyncio.Server:
        if more.get("ssl") is not None:
            more.setdefault("ssl_handshake_timeout", REQUEST_S)
        return await super().create_server(*args, **more)


def new_loop() -> asyncio.AbstractEventLoop:
    """For uvicorn's setting `loop`."""
    return Loop()


def allow_files() -> None:
    """Let this process open FILES files where it may: the usual 1,024 are fewer than MOST needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):  # a unit forbids it, and sets it itself
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
