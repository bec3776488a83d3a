"""A TCP proxy on loopback that stands between a board and its broker and makes the network fail.

It takes MQTT 3.1.1 packets apart from the stream and asks a policy for the fate of each:

    def policy(packet):  # every PUBACK of the broker is lost
        return SWALLOW if packet.kind == PUBACK else PASS

    with Proxy(("127.0.0.1", 1883), policy) as proxy:
        ...  # boards connect to proxy.address

What it saw is in `seen`, in the order of time, with what became of it.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

CONNECT, CONNACK, PUBLISH, PUBACK = 1, 2, 3, 4
_LOOK_S = 0.02
_SLICE = 256  # bytes that a limited link lets through at once


@dataclass(frozen=True)
class Packet:
    """One packet of a connection (counted from 0); `at`: time.monotonic() when it was whole."""

    connection: int
    from_board: bool
    raw: bytes
    at: float

    @property
    def kind(self) -> int:
        return self.raw[0] >> 4

    @property
    def _body(self) -> bytes:
        start = 1
        while self.raw[start] & 0x80:
            start += 1
        return self.raw[start + 1 :]

    @property
    def topic(self) -> str:
        """Of a PUBLISH; empty for every other kind."""
        if self.kind != PUBLISH:
            return ""
        body = self._body
        return body[2 : 2 + int.from_bytes(body[:2], "big")].decode()

    @property
    def id(self) -> int:
        """Of a PUBLISH of QoS 1 or a PUBACK; 0 where there is none."""
        body = self._body
        at = 0 if self.kind == PUBACK else 2 + len(self.topic.encode())
        has = self.kind == PUBACK or (self.kind == PUBLISH and self.raw[0] & 6)
        return int.from_bytes(body[at : at + 2], "big") if has else 0

    @property
    def payload(self) -> bytes:
        return self._body[2 + len(self.topic.encode()) + (2 if self.raw[0] & 6 else 0) :]

    def readings(self) -> list[dict[str, Any]]:
        """The readings in it; none unless it is a PUBLISH on a reading topic."""
        if not self.topic.endswith("/reading"):
            return []
        value = json.loads(self.payload)
        return value if isinstance(value, list) else [value]


@dataclass(frozen=True)
class Fate:
    """forward: bytes of the packet let through (None: all of it), after delay_s. then:

    "close"  FIN to both sides
    "reset"  RST to the board; FIN to the broker, so that it does get the bytes before
    "hole"   from here on nothing passes, on this connection and every later one
    """

    forward: int | None = None
    then: str = ""
    delay_s: float = 0


PASS = Fate()
SWALLOW = Fate(0)
Policy = Callable[[Packet], Fate]


def cut_after(connection: int, size: int, then: str) -> Policy:
    """Ends a connection once exactly `size` bytes of the board have gone through it."""
    left = size

    def policy(packet: Packet) -> Fate:
        nonlocal left
        if packet.connection != connection or not packet.from_board:
            return PASS
        passed, left = left, left - len(packet.raw)
        return PASS if left > 0 else Fate(passed, then)

    return policy


@dataclass
class _Link:
    """One connection. cut: nothing of it is passed on any more."""

    number: int
    board: asyncio.StreamWriter
    broker: asyncio.StreamWriter
    cut: bool = False


@dataclass
class Proxy:
    """Runs from the start to the end of its `with` block, in a thread of its own.

    hole (may be set at any moment): connections are accepted and bytes taken, none passes.
    rate: bytes a second in each direction, or None. ended: when the board's side of each
    connection came to its end (time.monotonic())."""

    broker: tuple[str, int]
    policy: Policy = lambda _: PASS
    rate: float | None = None
    hole: bool = False
    connections: int = 0
    seen: list[tuple[Packet, Fate]] = field(default_factory=list)
    ended: dict[int, float] = field(default_factory=dict)
    port: int = 0
    _error: Exception | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def packets(self, kind: int, *, from_board: bool, topic: str = "") -> list[Packet]:
        """What was seen of a kind, passed or not; topic: how it ends."""
        return [
            p
            for p, _ in list(self.seen)
            if p.from_board is from_board and p.kind == kind and p.topic.endswith(topic)
        ]

    def refuse(self) -> None:
        """Nobody listens any more, until listen(); what is connected stays so."""
        self._call(self._unlisten())

    def listen(self) -> None:
        """Listen (again), always on the same port."""
        self._call(self._listen())

    def __enter__(self) -> Proxy:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        if self._error is not None and error is None:
            raise self._error

    # Within the thread.

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _unlisten(self) -> None:
        self._server.close()

    async def _stop(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, board: asyncio.StreamWriter) -> None:
        number = self.connections
        self.connections += 1
        try:
            far, broker = await asyncio.open_connection(*self.broker)
        except OSError:
            _reset(board)
            self.ended[number] = time.monotonic()
            return
        link = _Link(number, board, broker)
        try:
            await asyncio.gather(self._pump(link, reader, True), self._pump(link, far, False))
        except asyncio.CancelledError:
            pass  # the proxy stops
        except Exception as error:  # a mistake in a policy: the test shall hear of it
            self._error = error
            raise
        finally:
            board.close()
            broker.close()

    async def _pump(self, link: _Link, reader: asyncio.StreamReader, from_board: bool) -> None:
        """Move packets of one direction until that side ends, then end the other."""
        out = link.broker if from_board else link.board
        try:
            while True:
                raw = await _read_packet(reader)
                packet = Packet(link.number, from_board, raw, time.monotonic())
                if self.hole or link.cut:
                    self.seen.append((packet, SWALLOW))
                    continue
                fate = self.policy(packet)
                self.seen.append((packet, fate))
                await asyncio.sleep(fate.delay_s)
                await self._send(out, raw[: fate.forward])
                self._then(link, fate.then)
        except (asyncio.IncompleteReadError, OSError):
            pass
        if from_board:
            self.ended[link.number] = time.monotonic()
        while self.hole and not link.cut:
            await asyncio.sleep(_LOOK_S)  # the other side does not hear of the end either
        if not link.cut:
            out.close()

    async def _send(self, out: asyncio.StreamWriter, data: bytes) -> None:
        step = _SLICE if self.rate else max(1, len(data))
        for i in range(0, len(data), step):
            if self.rate:
                await asyncio.sleep(len(data[i : i + step]) / self.rate)
            out.write(data[i : i + step])
            await out.drain()

    def _then(self, link: _Link, then: str) -> None:
        if then == "hole":
            self.hole = True
        elif then:
            link.cut = True
            link.broker.close()
            if then == "reset":
                _reset(link.board)
            else:
                link.board.write_eof()


async def _read_packet(reader: asyncio.StreamReader) -> bytes:
    """The bytes of the next packet; IncompleteReadError at the end."""
    raw = await reader.readexactly(2)
    size, shift = raw[1] & 0x7F, 7
    while raw[-1] & 0x80:
        raw += await reader.readexactly(1)
        size |= (raw[-1] & 0x7F) << shift
        shift += 7
    return raw + await reader.readexactly(size)


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST instead of FIN."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


@contextmanager
def silent_address() -> Iterator[str]:
    """HOST:PORT where a connect is neither taken nor refused: the queue of accepts is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        where = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        try:
            for s in waiting:
                s.setblocking(False)
                s.connect_ex(where)
            yield f"127.0.0.1:{where[1]}"
        finally:
            for s in waiting:
                s.close()
