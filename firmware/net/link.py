"""The way out: the line, then the time, then MQTT, then the queue, one step at a time."""

import json

import buffers
from late import forget
from micropython import const
from sensors import record

from net.clock import Sync
from net.liveness import Liveness
from net.mqtt import Mqtt
from net.resolver import Resolver
from net.state import State

_BACKOFF_MS = const(1000)
_BACKOFF_MAX_MS = const(60000)
_STEADY_MS = const(60000)  # a session that has lasted so long, or took a reading, is a good one
_ARRAY = const(16)  # readings in one message, as far as they fit into the buffer
_HOLD_MS = const(30000)  # undated readings wait so long for the time
_FRESH_MS = const(30000)  # so often the newest reading goes ahead of a backlog
_RESEND_MS = const(60000)  # unconfirmed for so long: send again, then twice as long
_RESEND_MAX_MS = const(3600000)
_GREETED = const(4)  # steps of the greeting


class Link:
    """poll() does one bounded step and returns True while there is more to do.

    about() gives what the birth message says of the firmware, and its channels; idle()
    samples while the network is waited for. on_command(payload) and crashes (a
    CrashLog) are set by whoever has them. chunks (net.chunks.Chunks)
    is there in the course of an update."""

    def __init__(self, board, cfg, clock, spool, about, idle, log):
        self._board = board
        self._hal = board.hal
        self._server = cfg["mqtt"]
        self._clock = clock
        self._spool = spool
        self._about = about
        self._log = log
        self._uplink = cfg["uplinks"](board, cfg, log)
        names = [ch["id"] for ch in cfg["channels"]]
        self.state = State(self._hal, clock, spool, self._uplink, names, log, board.memory)
        self.liveness = Liveness(clock, self._uplink, log)
        self._sntp = Sync(clock, cfg["ntp"], log)
        self._base = "qingyun/1/%s/%s/" % (cfg["site"], cfg["device"])
        self.mqtt = Mqtt(board, cfg["mqtt"], cfg["device"], idle, self._message)
        self._resolver = Resolver(board, clock)
        self._payload = buffers.PAYLOAD
        self._backoff = _BACKOFF_MS
        self._next = None
        self._greeting = 0
        self._since = None  # when the session began; None once that is a while ago
        self._fresh = None  # when a reading last went out that was the newest
        self._replies = []
        self.on_command = None
        self.crashes = None
        self.chunks = None
        self._wait_host = cfg["confirm"] == "host"
        self._again_ms = _RESEND_MS
        # When the host last confirmed something, or was given up on.
        self._heard = self._hal.ticks_ms()
        self._greet = False
        self._waits_for_time = False  # TLS does, and the log says so
        self.associated = False
        self.expecting = False  # an answer from the network is on its way
        self.asking = False  # one from a name or time server, for which no poller waits
        self.published = 0

    def is_connected(self):
        return self.mqtt.is_connected()

    def poller(self):
        return self.mqtt.stream.poller()

    def poll(self):
        self.state.print()
        self.associated = self._uplink.poll()
        if not self.associated:
            self.liveness.unassociated()
            if self.mqtt.is_connected():
                self.mqtt.close()
            self.expecting = self.asking = False
            return False
        self._sntp.poll(self._resolver)
        self.asking = self._sntp.asking() or self._resolver.asking()
        try:
            if not self.mqtt.is_connected():
                return self._connect()
            if self._greeting < _GREETED:
                return self._greet_step()
            self.mqtt.poll()
            self.liveness.alive()
            self.expecting = (
                self.mqtt.expecting() or self.chunks is not None and self.chunks.expecting()
            )
            self._age()
            if self._spool.unconfirmed():
                self._resend()
            if self._answer() or self.chunks is not None and self.chunks.ask(self.mqtt):
                return True
            more = self._publish()
            # After the readings: what could go out is no longer counted as waiting.
            self.state.publish(self.mqtt, self._base)
            return more
        except (OSError, MemoryError) as e:
            self.expecting = False
            self._failed(e)
            return False

    def stop(self):
        """Leave in good order: the queue stays, the topic says offline."""
        if self.mqtt.is_connected():
            try:
                self.mqtt.publish(self._base + "status", b"offline", True)
                self.mqtt.leave()
            except OSError as e:
                self._log.warn("mqtt: %s" % self.mqtt.why(e))
            self.mqtt.close()

    def restart(self):
        """Begin anew after something went wrong that nobody foresaw."""
        self.expecting = False
        self._spool.rewind()
        self._failed("restarted")

    def reply(self, text):
        """Send the reply to a command as soon as that is possible."""
        self._replies.append(text)
        del self._replies[:-4]

    def replied(self):
        """True when no reply waits."""
        return not self._replies

    def hello(self):
        """Say anew what the board is, when that has changed."""
        self._greet = True

    def _connect(self):
        now = self._hal.ticks_ms()
        if self._next is not None and self._hal.ticks_diff(now, self._next) < 0:
            return False
        mqtt = self._server
        if mqtt.get("tls") and self._clock.unix() is None:
            if not self._waits_for_time:
                self._log.info("mqtt: TLS waits for the time, to check the certificate's dates")
                self._waits_for_time = True
            return False
        addr = self._resolver.lookup(mqtt["host"], mqtt["port"])
        if addr is None:
            self.asking = True
            return False
        try:
            self.mqtt.connect(addr, self._base + "status")
        except OSError:
            self._resolver.doubt(mqtt["host"])
            raise
        self._greeting = 0
        return True

    def _greet_step(self):
        """One packet of the greeting, as each may take all the time of an exchange."""
        step = self._greeting
        self._greeting += 1
        if step == 0:
            self.mqtt.publish(self._base + "status", b"online", True)
        elif step == 1:
            if self._wait_host:
                self._spool.rewind()
                self.mqtt.subscribe(self._base + "stored")
        elif step == 2:
            if self.on_command:
                self.mqtt.subscribe(self._base + "command")
        else:
            if self.chunks:
                self.chunks.lost()
            self._say_birth()
            self._since = self._heard = self._hal.ticks_ms()
            self._next = self._fresh = None
            where = self._server["host"], self._server["port"]
            self._log.info("mqtt: connected to %s:%d" % where)
        return True

    def _age(self):
        """A session that has lasted is a good one; no ticks are kept for days."""
        if self._since is not None:
            if self._hal.ticks_diff(self._hal.ticks_ms(), self._since) > _STEADY_MS:
                self._backoff = _BACKOFF_MS
                self._since = None

    def _failed(self, e):
        self.mqtt.close()
        text = self.mqtt.why(e)
        self.liveness.failed(e, text, self.mqtt.stream.answered)
        self.mqtt.stream.answered = False  # what fails before the next connection has no answer
        # Half to one and a half of the backoff: a fleet does not come back as one.
        jitter = self._backoff * self._board.random(1)[0] // 256
        wait = self._backoff // 2 + jitter
        self._next = self._hal.ticks_add(self._hal.ticks_ms(), wait)
        self._log.warn("mqtt: %s; next try in %d s" % (text, (wait + 999) // 1000))
        self._backoff = min(2 * self._backoff, _BACKOFF_MAX_MS)

    def _say_birth(self):
        self.mqtt.publish(self._base + "birth", self._birth_text(), True)
        self._greet = False

    def _birth_text(self):
        from net import birth

        try:
            told = self._uplink, self._about(), self._wait_host
            return birth.write(self._payload, self._board, self._clock, self._spool, *told)
        finally:
            forget("net.birth")

    def _publish(self):
        """One message of the oldest readings; True when there may be more."""
        recs = self._spool.peek(_ARRAY) if self._spool.waiting() else None
        now = self._hal.ticks_ms()
        if not recs:
            self._fresh = now
            return False
        if not recs[0][3] and self._clock.unix() is None:
            if self._since is not None and self._hal.ticks_diff(now, self._since) < _HOLD_MS:
                return False
        if self._fresh is None or self._hal.ticks_diff(now, self._fresh) > _FRESH_MS:
            # Somebody may be waiting to see what is now; in its turn it comes again.
            self._fresh = now
            newest = self._spool.newest()
            if newest and newest[1] > recs[-1][1]:
                self._send([newest])
                return True
        n = self._send(recs)
        del recs[n:]
        self._spool.sent(recs)
        self.published += n
        self._backoff = _BACKOFF_MS
        if not self._wait_host:  # the broker's word is enough
            self._spool.confirm(*recs[-1][:2])
        return True

    def _send(self, recs):
        """Publish as many of recs as one message takes; how many."""
        n, size = record.compose(self._payload, recs)
        self.mqtt.publish(self._base + "reading", self._payload[:size])
        return n

    def _answer(self):
        """What goes before readings: replies, a new birth, a crash. True if one went."""
        if self._replies:
            self.mqtt.publish(self._base + "reply", self._replies[0])
            self._replies.pop(0)
        elif self._greet:
            self._say_birth()
        else:
            line = self.crashes.next() if self.crashes else None
            if not line:
                return False
            self.mqtt.publish(self._base + "crash", line)
            self.crashes.sent(line)
        return True

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
        self._say_birth()

    def _message(self, topic, payload):
        refused = self.mqtt.stream.refused
        if refused:
            self.mqtt.stream.refused = 0
            text = "%d bytes are too many for a message to a board" % refused
            self._log.warn("mqtt: %s: %s" % (bytes(topic).decode(), text))
            if topic == (self._base + "command").encode():
                self.reply(json.dumps({"id": None, "ok": False, "error": text}))
            return
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
        if self.on_command and topic == (self._base + "command").encode():
            self.on_command(payload)
            return
        if self.chunks is not None and self.chunks.take(topic, payload):
            return
        self._log.info("mqtt: %s: %d bytes, not asked for" % (bytes(topic).decode(), len(payload)))
