"""One MQTT session on umqtt.simple, mended from outside.

What is mended: waits are bounded (stream), each packet is one write, the packet
id wraps at 65535, a silent peer is noticed, and whatever goes wrong comes out as
OSError with the session closed.
"""

import errno
import gc

import umqtt.simple
from late import forget
from micropython import const

from net.bounded_socket import BoundedSocket

NO_MEMORY = "not enough memory: fewer channels, or a module with PSRAM"
# With less in one piece at the end of a session packets were lost, or a handshake had no room.
_BLOCK = const(6144)
_HANDSHAKE = const(30720)  # bytes that one takes, and some for packets


class Mqtt:
    """connect() opens a session; publish() returns once the broker has answered (QoS 1)."""

    def __init__(self, board, cfg, device, idle, on_message):
        self._board = board
        self._hal = board.hal
        self._cfg = cfg
        self._folder = board.data_dir
        self._keepalive_ms = cfg["keepalive"] * 1000
        self.stream = BoundedSocket(board, idle)
        umqtt.simple.socket = self.stream
        self._client = None
        self._device = device
        self._on_message = on_message
        self._pinged = 0
        self._starting = False  # within the handshake, or before the first answer

    def is_connected(self):
        return self._client is not None

    def connect(self, addr, will_topic):
        """A clean session with a retained `offline` as the last will."""
        cfg = self._cfg
        client = umqtt.simple.MQTTClient(
            _bytes(self._device),
            cfg["host"],
            cfg["port"],
            _bytes(cfg["user"]) or None,  # versions differ in what an empty one is
            _bytes(cfg["password"]),
            keepalive=cfg["keepalive"],
        )
        client.set_callback(self._on_message)
        client.set_last_will(_bytes(will_topic), b"offline", retain=True, qos=1)
        self.stream.open(addr, self._wrap if cfg.get("tls") else None)
        self._client = client
        self._starting = bool(cfg.get("tls"))
        self._run(client.connect)
        self._starting = False
        self._pinged = self.stream.heard

    def _wrap(self, sock):
        """sock, non-blocking, as a TLS socket whose handshake comes with its first use."""
        tls = self._cfg["tls"]
        if "context" not in tls:
            from net import tls as making  # only where it is used: it costs some RAM

            tls["context"] = making.context(self._folder, tls)
            del making
            forget("net.tls")
        name = tls.get("name") or self._cfg["host"]
        return tls["context"].wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)

    def publish(self, topic, payload, retain=False, qos=1):
        self._next_id()
        self._run(self._client.publish, _bytes(topic), _bytes(payload), retain, qos)
        if qos == 0:
            self._run(self.stream.flush)

    def subscribe(self, topic):
        self._next_id()
        self._run(self._client.subscribe, _bytes(topic), 1)

    def call(self, exchange, *args):
        """Run exchange(client, socket, *args), for packets that umqtt.simple cannot send."""
        self._next_id()
        self._run(exchange, self._client, self.stream, *args)

    def expecting(self):
        """True while a ping has not been answered."""
        return self.is_connected() and self._hal.ticks_diff(self._pinged, self.stream.heard) > 0

    def poll(self):
        """Take what has come in, ping at a quarter of the keepalive, notice a dead peer."""
        try:
            waiting = self.stream.waiting()
        except OSError:
            self.close()
            raise
        if waiting:
            self._run(self._client.check_msg)
        now = self._hal.ticks_ms()
        silent = self._hal.ticks_diff(now, self.stream.heard)
        if not self.expecting():
            self._pinged = self.stream.heard  # neither is ever older than the keepalive
        if silent > self._keepalive_ms * 5 // 4:
            self.close()
            raise OSError(errno.ETIMEDOUT)
        quarter = self._keepalive_ms // 4
        if silent > quarter and self._hal.ticks_diff(now, self._pinged) > quarter:
            self._pinged = now
            self._run(self._client.ping)
            self._run(self.stream.flush)

    def close(self):
        """Drop the connection; the broker then publishes the last will."""
        self._client = None
        self.stream.close()

    def leave(self):
        """Say goodbye, so that no last will is sent."""
        # disconnect() of umqtt.simple closes before what it has written is sent.
        self._run(self.stream.write, b"\xe0\0")
        self._run(self.stream.flush)
        self.close()

    def _next_id(self):
        # umqtt.simple counts up for ever; 0 and 65536 are no packet ids.
        if self._client.pid >= 65535:
            self._client.pid = 0

    def _run(self, call, *args):
        self.stream.begin()
        try:
            call(*args)
        except (OSError, MemoryError, AssertionError, IndexError, ValueError) as e:
            raise self._end(e)
        except umqtt.simple.MQTTException as e:
            raise self._end(e)

    def _end(self, e):
        """Close; what the session has ended with."""
        # lwIP without memory says only "not yet", and what arrives then is lost; Mbed TLS says
        # then of a good certificate that it is signed by somebody else.
        if isinstance(e, MemoryError):
            self.close()
            return OSError(errno.ENOMEM)
        short = self._board.memory().get("block", _BLOCK) < _BLOCK
        self.close()
        if self._starting and not short:
            gc.collect()  # a handshake that failed keeps what it has until then
            short = self._board.memory().get("idf", _HANDSHAKE) < _HANDSHAKE
        if short:
            return OSError(errno.ENOMEM, "not enough memory (%s)" % self.why(e))
        return e if isinstance(e, OSError) else OSError(self.why(e))

    def why(self, e):
        """What has ended a session, for a person."""
        try:
            from net import error_text  # only here: it costs some RAM

            return error_text.text(e, self._starting)
        except MemoryError:
            return NO_MEMORY
        finally:
            forget("net.error_text")


def _bytes(text):
    """As UTF-8: umqtt.simple takes len() of a text for its length in bytes."""
    return text.encode() if isinstance(text, str) else text
