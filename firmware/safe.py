"""Safe mode: three starts in a row have failed, so nothing is sampled. The board says
why on its status topics, takes the commands `log` and `restart`, leaves the watchdog
off so that the prompt can be used, and after five minutes tries once more."""

import json
import os

import identity
from health.log import Log
from micropython import const
from net.clock import Clock, Sync
from net.mqtt import Mqtt
from net.resolver import Resolver
from settings import config
from settings.overrides import Overrides
from starting import network

_STAY_MS = const(300000)
_LOOK_MS = const(500)
_ASKING_MS = const(50)
_RETRY_MS = const(10000)


class Safe:
    """run() ends with a reset."""

    def __init__(self, board, starts):
        self._board = board
        self._hal = board.hal
        self._starts = starts
        self.clock = Clock(board)
        self.log = Log(self.clock, board.print)
        self.log.error("safe mode: %d starts failed, the last of: %s" % (starts.failed, starts.why))
        self._waiting = []
        self._mqtt = None
        self._next = None
        self._over = False
        try:
            self._cfg = config.load(
                board.data_dir + "/config.json", Overrides(board.data_dir).apply
            )
        except config.ConfigError as e:
            self._cfg = None  # then there is only the prompt
            self.log.error(str(e))
            return
        self._base = "qingyun/1/%s/%s/" % (self._cfg["site"], self._cfg["device"])
        self._uplink = network(board, self._cfg)(board, self._cfg, self.log)
        self._resolver = Resolver(board, self.clock)
        self._sntp = Sync(self.clock, self._cfg["ntp"], self.log)

    def run(self):
        start = self._hal.ticks_ms()
        while not self._over and self._hal.ticks_diff(self._hal.ticks_ms(), start) < _STAY_MS:
            self.step()
        self.stop()
        self._starts.once_more()
        self._board.reset()

    def step(self):
        """One look at the network."""
        if self._cfg is not None:
            try:
                self._talk()
            except Exception as e:  # safe mode itself must not fail
                text = "%s: %s" % (type(e).__name__, e)
                if self._mqtt:
                    text = self._mqtt.why(e) if isinstance(e, OSError) else text
                    self._mqtt.close()
                self.log.warn("safe mode: %s" % text)
        poller = self._mqtt.stream.poller() if self._mqtt else None
        self._board.wait(poller, _ASKING_MS if self._asks() else _LOOK_MS, False)

    def _asks(self):
        """Whether a name or time server's answer is waited for."""
        return self._cfg is not None and (self._sntp.asking() or self._resolver.asking())

    def _talk(self):
        if not self._uplink.poll():
            return
        self._sntp.poll(self._resolver)
        if self._mqtt is None:
            self._mqtt = Mqtt(
                self._board, self._cfg["mqtt"], self._cfg["device"], _idle, self._message
            )
        if not self._mqtt.is_connected():
            self._connect()
            return
        self._mqtt.poll()
        while self._waiting:
            self._mqtt.publish(self._base + "reply", self._answer(self._waiting.pop(0)))

    def _connect(self):
        now = self._hal.ticks_ms()
        if self._next is not None and self._hal.ticks_diff(now, self._next) < 0:
            return
        mqtt = self._cfg["mqtt"]
        if mqtt.get("tls") and self.clock.unix() is None:
            return  # the certificate's dates cannot be checked yet
        self._next = self._hal.ticks_add(now, _RETRY_MS)
        addr = self._resolver.lookup(mqtt["host"], mqtt["port"])
        if addr is None:
            self._next = None  # it is asked for
            return
        try:
            self._mqtt.connect(addr, self._base + "status")
        except OSError:
            self._resolver.doubt(mqtt["host"])
            raise
        self._mqtt.subscribe(self._base + "command")
        self._mqtt.publish(self._base + "status", b"safe", True)
        self.log.info("safe mode: connected")

    def _message(self, topic, payload):
        if len(self._waiting) < 4:
            self._waiting.append(bytes(payload[:512]))

    def _answer(self, payload):
        id_ = None
        try:
            cmd = json.loads(payload)
            id_, do = cmd["id"], cmd["do"]
        except (ValueError, KeyError, TypeError):
            do = None
        if do == "restart":
            self._over = True
            return json.dumps({"id": id_, "ok": True, "result": "restarting"})
        if do == "log":
            result = {
                "version": identity.VERSION,
                "safe": self._starts.why,
                "lines": self.log.lines,
                "crash": self._crash(),
            }
            return json.dumps({"id": id_, "ok": True, "result": result})
        text = "safe mode (%s): only log and restart are done" % self._starts.why
        return json.dumps({"id": id_, "ok": False, "error": text})

    def _crash(self):
        """What was written of the last crash, its end."""
        for name in ("/crash.new", "/crash.log"):
            path = self._board.data_dir + name
            try:
                with open(path) as f:
                    f.seek(max(0, os.stat(path)[6] - 800))
                    return f.read(800)
            except OSError:
                pass  # the other one, then
        return ""

    def stop(self):
        """Leave in good order."""
        if self._mqtt and self._mqtt.is_connected():
            try:
                self._mqtt.publish(self._base + "status", b"offline", True)
                self._mqtt.leave()
            except OSError as e:
                self.log.warn("mqtt: %s" % self._mqtt.why(e))
            self._mqtt.close()


def _idle():
    return 1000
