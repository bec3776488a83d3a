"""MQTT below the ingester: receive a batch, acknowledge a batch.

paho connects, signs in, subscribes, publishes and keeps the connection alive. A PUBLISH is
read from the same socket here, in pieces of many packets, and the acknowledgements of a batch
are written at once. That is why it stays: `make bench-host` measures more readings a second
made durable this way than a paho client only acknowledges (docs/scale.md)."""

from __future__ import annotations

import logging
import select
import ssl
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho

from .broker import Broker
from .session import Topics, subscribe
from .share_probe import ShareProbe

log = logging.getLogger("qingyun.transport")

_PIECE = 1 << 18
_SEND_S = 60.0  # a broker that writes its memory to disk answers nothing meanwhile
_PUBLISH = 0x30
_PUBACK = b"\x40\x02"
_PINGREQ = b"\xc0\x00"


class Taken:
    """Messages and the packet ids that acknowledge them, valid for the connection they came by."""

    def __init__(self, by: Any) -> None:
        self.messages: list[tuple[bytes, bytes]] = []  # topic, payload
        self.ids: list[bytes] = []
        self.size = 0  # bytes of the messages
        self.by = by


class _Socket:
    """A connected socket, plain or TLS, from which paho reads every packet but PUBLISH."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._data = b""
        self._at = 0
        self._for_paho = 0  # bytes of the current packet that paho may read
        self._end: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def recv(self, n: int) -> bytes:
        """The bytes of whole packets for paho; raises how the connection ended."""
        n = min(n, self._for_paho)
        if n:
            self._for_paho -= n
            self._at += n
            return self._data[self._at - n : self._at]
        if self._end:
            raise self._end
        raise BlockingIOError

    def fail(self, why: Exception) -> None:
        """Let paho find that the connection is lost."""
        self._end = self._end or why

    def more(self) -> bool:
        """Read what has arrived; False if nothing has."""
        try:
            piece = self._sock.recv(_PIECE)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError as error:
            self.fail(error)
            return True
        if not piece:
            self.fail(ConnectionError("the broker hung up"))
        self._data = self._data[self._at :] + piece
        self._at = 0
        return True

    def waiting(self) -> bool:
        """Whether TLS holds bytes that select() does not see."""
        return isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0

    def take(self, taken: Taken, limit: int) -> bool:
        """Move up to `limit` messages into taken; True if paho must read a packet first."""
        data, start, end = self._data, self._at, len(self._data)
        messages, ids = taken.messages, taken.ids
        try:
            while end - start >= 2 and len(messages) < limit:
                size, body = data[start + 1], start + 2
                if size > 127:
                    size, body = _size(data, start + 1)
                stop = body + size
                if stop > end:
                    break
                head = data[start]
                if head & 0xF0 != _PUBLISH:
                    self._for_paho = stop - start
                    return True
                if size < 2:
                    raise ValueError
                payload = body + 2 + (data[body] << 8 | data[body + 1])
                topic = data[body + 2 : payload]
                if head & 0x06:
                    payload += 2
                    ids.append(data[payload - 2 : payload])
                if payload > stop:
                    raise ValueError
                messages.append((topic, data[payload:stop]))
                taken.size += stop - start
                start = stop
        except IndexError:
            pass  # the length of a packet has not arrived whole
        except ValueError:
            self.fail(ConnectionError("the broker sent a malformed packet"))
        finally:
            self._at = start
        return self._end is not None


def _size(data: bytes, start: int) -> tuple[int, int]:
    """The remaining length of a packet and where it ends (MQTT 3.1.1, 2.2.3); IndexError while
    bytes of it are missing, ValueError if it is malformed."""
    size = 0
    for i in range(4):
        byte = data[start + i]
        size |= (byte & 127) << 7 * i
        if byte < 128:
            return size, start + i + 1
    raise ValueError


class _Client(paho.Client):
    def _create_socket(self) -> Any:
        return _Socket(super()._create_socket())


class Transport:
    """A session that the broker keeps while nobody is connected; used by one thread."""

    def __init__(
        self,
        broker: Broker,
        topics: Topics,
        subscribed: Callable[[], None],
        group: str | None = None,
    ) -> None:
        """group: of the shared subscriptions among the topics, if they are such."""
        self._broker = broker
        self._probe = ShareProbe(str(broker), broker.client_id, group) if group else None
        self._topics = topics
        self._subscribed = subscribed
        self._closing = False
        self._client = broker.client(_Client, clean_session=False, manual_ack=True)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._taken = Taken(None)

    def connect(self) -> None:
        """Connect; OSError when nobody answers."""
        self._client.connect(self._broker.host, self._broker.port, keepalive=60)
        # The broker sends again what the last connection did not acknowledge.
        self._taken.by = None

    def receive(self, seconds: float, limit: int) -> bool:
        """Wait at most so many seconds and take the messages that came; False if the connection
        is lost."""
        client, sock = self._client, self._client.socket()
        if not isinstance(sock, _Socket):
            return False
        if self._taken.by is None:
            self._taken.by, self._taken.ids = sock, []
        writing = [sock] if client.want_write() else []
        readable, writable, _ = select.select([sock], writing, [], 0 if sock.waiting() else seconds)
        if readable or sock.waiting():
            sock.more()
        while sock.take(self._taken, limit):
            if client.loop_read():
                return False
        if self._probe and not self._probe.over:
            self._taken.messages = self._probe.divert(client, self._taken.messages)
        if writable and client.loop_write():
            return False
        return client.loop_misc() == paho.MQTT_ERR_SUCCESS

    def __len__(self) -> int:
        return len(self._taken.messages)

    @property
    def deaf(self) -> bool:
        """Whether the broker delivers nothing by the shared subscriptions that it grants."""
        return self._probe is not None and self._probe.failed

    @property
    def size(self) -> int:
        """Bytes of these messages."""
        return self._taken.size

    def take(self) -> Taken:
        """The messages received since the last take()."""
        taken, self._taken = self._taken, Taken(self._taken.by)
        return taken

    def acknowledge(self, taken: Taken) -> None:
        """Acknowledge messages; nothing happens if their connection is over, as the broker sends
        them again."""
        if taken.ids and taken.by is self._client.socket():
            self._send(b"".join([_PUBACK + id_ for id_ in taken.ids]))

    def alive(self) -> None:
        """Send a PINGREQ while nothing can be received for long."""
        self._send(_PINGREQ)

    def _send(self, data: bytes) -> None:
        """Send bytes after what paho has begun to write."""
        sock: Any = self._client.socket()
        left, end = memoryview(data), time.monotonic() + _SEND_S
        try:
            while sock is not None and (left or self._client.want_write()):
                if self._client.want_write():
                    if self._client.loop_write():
                        return
                    if not self._client.want_write():
                        continue
                else:
                    try:
                        left = left[sock.send(left) :]
                        continue
                    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                        pass
                wait = end - time.monotonic()
                if wait <= 0:
                    raise TimeoutError("the broker takes nothing")
                select.select([], [sock], [], wait)
        except OSError as error:
            sock.fail(error)  # unacknowledged messages are sent again

    def publish(self, topic: str, payload: str) -> None:
        """Publish at QoS 1, retained; paho sends it again if the connection is lost."""
        self._client.publish(topic, payload, qos=1, retain=True)

    def close(self) -> None:
        """End the connection; the broker keeps the session."""
        self._closing = True
        self._client.disconnect()
        self._client.loop(0.2)

    # Callbacks of paho

    def _on_connect(self, client: paho.Client, *args: Any) -> None:
        reason = args[2]
        if reason.is_failure:
            log.error("broker refused the connection: %s", reason)
            return
        subscribe(client, self._topics)
        if self._probe:
            self._probe.begin(client)

    def _on_subscribe(self, client: paho.Client, *args: Any) -> None:
        if failed := [code for code in args[2] if code.is_failure]:
            log.error("%s: refused the subscription: %s", self._broker, failed[0])
        if self._probe and self._probe.subscribed(client, args[1]):
            return
        log.info("connected to %s:%d", self._broker.host, self._broker.port)
        self._subscribed()

    def _on_disconnect(self, *_: Any) -> None:
        if not self._closing:
            log.warning("connection to the broker lost")
