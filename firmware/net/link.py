"""The way out: Wi-Fi, then the time, then MQTT, then the queue, one step at a time."""

import json
import socket

import buffers
import record
from micropython import const

from net.clock import Sntp
from net.mqtt import Mqtt
from net.wifi import Wifi

_BACKOFF_MS = const(1000)
_BACKOFF_MAX_MS = const(60000)
_ARRAY = const(16)  # readings in one message, as far as they fit into the buffer
_HOLD_MS = const(30000)  # undated readings wait so long for the time
_STATE_MS = const(10000)
_RESEND_MS = const(60000)  # unconfirmed for so long: send again, then twice as long
_RESEND_MAX_MS = const(3600000)


class Link:
    """poll() does one bounded step and returns True while there is more to do."""

    def __init__(self, board, cfg, clock, spool, identity, idle, log):
        self._board = board
        self._hal = board.hal
        self._cfg = cfg
        self._clock = clock
        self._spool = spool
        self._identity = identity
        self._names = [ch["id"] for ch in cfg["channels"]]
        self._log = log
        self._wifi = Wifi(board, cfg["wifi"], log)
        self._sntp = Sntp(clock, cfg["ntp"], log)
        self._base = "qingyun/1/%s/%s/" % (cfg["site"], cfg["device"])
        self._mqtt = Mqtt(board, cfg["mqtt"], cfg["device"], idle, self._message)
        self._addresses = {}
        self._payload = buffers.PAYLOAD
        self._backoff = _BACKOFF_MS
        self._next = None
        self._since = None
        self._state = None  # the latest body, not yet published
        self._stated = None
        self._wait_host = cfg["confirm"] == "host"
        self._again_ms = _RESEND_MS
        self._heard = (
            self._hal.ticks_ms()
        )  # when the host last confirmed something, or was given up on
        self.expecting = False  # an answer from the network is on its way
        self.published = 0

    def up(self):
        return self._mqtt.up()

    def poller(self):
        return self._mqtt.stream.poller()

    def show(self, body):
        """The latest reading, for the state topic."""
        self._state = body

    def poll(self):
        if not self._wifi.poll():
            if self._mqtt.up():
                self._mqtt.close()
            self.expecting = False
            return False
        self._sntp.poll(self._lookup)
        try:
            if not self._mqtt.up():
                return self._connect()
            self._mqtt.poll()
            self.expecting = self._mqtt.expecting()
            if self._spool.unconfirmed():
                self._resend()
            return self._publish()
        except OSError as e:
            self.expecting = False
            self._failed(e)
            return False

    def stop(self):
        """Leave in good order: the queue stays, the topic says offline."""
        if self._mqtt.up():
            try:
                self._mqtt.publish(self._base + "status", b"offline", True)
                self._mqtt.leave()
            except OSError as e:
                self._log.warn("mqtt: %s" % e)
            self._mqtt.close()

    def cut(self):
        """Close without a word, as when the supply goes."""
        self._mqtt.close()

    def _lookup(self, host, port):
        """The address of a host; the last good one when the name cannot be resolved."""
        try:
            addr = socket.getaddrinfo(host, port)[0][-1]
            self._addresses[host] = addr
        except OSError:
            addr = self._addresses.get(host)
            if addr is None:
                raise
        return addr

    def _connect(self):
        now = self._hal.ticks_ms()
        if self._next is not None and self._hal.ticks_diff(now, self._next) < 0:
            return False
        mqtt = self._cfg["mqtt"]
        self._mqtt.connect(self._lookup(mqtt["host"], mqtt["port"]), self._base + "status")
        self._mqtt.publish(self._base + "status", b"online", True)
        if self._wait_host:
            self._spool.rewind()
            self._mqtt.subscribe(self._base + "stored")
        self._mqtt.publish(self._base + "birth", json.dumps(self._birth()), True)
        self._backoff = _BACKOFF_MS
        self._since = self._hal.ticks_ms()
        self._log.info("mqtt: connected to %s:%d" % (mqtt["host"], mqtt["port"]))
        return True

    def _failed(self, e):
        self._mqtt.close()
        # Half to one and a half of the backoff: a fleet does not come back as one.
        jitter = self._backoff * self._board.random(1)[0] // 256
        wait = self._backoff // 2 + jitter
        self._next = self._hal.ticks_add(self._hal.ticks_ms(), wait)
        self._log.warn("mqtt: %s; next try in %d s" % (e, (wait + 999) // 1000))
        self._backoff = min(2 * self._backoff, _BACKOFF_MAX_MS)

    def _birth(self):
        birth = {
            "fw": "qingyun",
            "life": self._spool.life,
            "boot": self._spool.boot,
            "reset": self._board.reset_cause(),
            "up": self._clock.up(),
            "clock": self._clock.state,
            "first": self._spool.first(),
            "queue": len(self._spool),
            "dropped": self._spool.dropped,
        }
        birth.update(self._identity)
        t = self._clock.unix()
        if t is not None:
            birth["t"] = t
        rssi = self._wifi.rssi()
        if rssi is not None:
            birth["rssi"] = rssi
        return birth

    def _publish(self):
        """One message of the oldest readings; True when there may be more."""
        recs = self._spool.peek(_ARRAY)
        if not recs:
            return self._publish_state()
        if not recs[0][3] and self._clock.unix() is None:
            if self._hal.ticks_diff(self._hal.ticks_ms(), self._since) < _HOLD_MS:
                return False
        n, size = self._compose(recs)
        del recs[n:]
        self._mqtt.publish(self._base + "reading", memoryview(self._payload)[:size])
        self._spool.sent(recs)
        self.published += len(recs)
        if not self._wait_host:  # the broker's word is enough
            self._spool.confirm(*recs[-1][:2])
        return True

    def _compose(self, recs):
        """Write as many of recs as fit as JSON into the payload; (how many, bytes)."""
        buf = self._payload
        at = 1
        n = 0
        for life, seq, boot, dated, seconds, body, names in recs:
            if not dated and boot == self._spool.boot and life == self._spool.life:
                if self._clock.unix() is not None:
                    dated = True
                    seconds = self._clock.date(seconds)
            text = record.to_json(life, seq, boot, dated, seconds, body, names).encode()
            if n and at + len(text) + 2 > len(buf):
                break
            if n:
                buf[at] = 44  # ,
                at += 1
            buf[at : at + len(text)] = text
            at += len(text)
            n += 1
        if n == 1:
            buf[0] = 32  # a blank before a single object
            return n, at
        buf[0] = 91  # [
        buf[at] = 93  # ]
        return n, at + 1

    def _publish_state(self):
        if self._state is None:
            return False
        now = self._hal.ticks_ms()
        if self._stated is not None and self._hal.ticks_diff(now, self._stated) < _STATE_MS:
            return False
        dated, seconds = self._clock.stamp()
        text = '{"%s":%d,%s}' % (
            "t" if dated else "up",
            seconds,
            record.fields(self._state, self._names),
        )
        self._mqtt.publish(self._base + "state", text, True, 0)
        self._state = None
        self._stated = now
        return False

    def _resend(self):
        """When the host stays silent, send again what it may never have had."""
        now = self._hal.ticks_ms()
        if self._hal.ticks_diff(now, self._heard) < self._again_ms:
            return
        self._heard = now
        self._again_ms = min(2 * self._again_ms, _RESEND_MAX_MS)
        self._spool.rewind()
        # The birth says from where on the board still has readings: what it lost for
        # good must not keep the host from confirming the rest.
        self._mqtt.publish(self._base + "birth", json.dumps(self._birth()), True)

    def _message(self, topic, payload):
        if self._wait_host and topic == (self._base + "stored").encode():
            try:
                stored = json.loads(payload)
                self._spool.confirm(stored["life"], stored["seq"])
            except (ValueError, KeyError, TypeError) as e:
                self._log.error("mqtt: stored: not understood", e)
                return
            self._heard = self._hal.ticks_ms()
            self._again_ms = _RESEND_MS
            return
        self._log.info("mqtt: %s: %d bytes, not asked for" % (topic.decode(), len(payload)))
