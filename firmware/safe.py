"""Safe mode: three starts in a row have failed, so nothing is sampled. The board says
why on its status topics, takes the commands `log`, `restart` and `update`, leaves the
watchdog off so that the prompt can be used, and after five minutes tries once more."""

import json
import os

import identity
from health.log import Log
from micropython import const
from net.clock import Clock, Sync
from net.mqtt import Mqtt
from net.resolver import Resolver

_STAY_MS = const(300000)
_LOOK_MS = const(500)
_ASKING_MS = const(50)
_RETRY_MS = const(10000)


class Safe:
    """run() ends with a reset. An update for which the board samples nothing builds on it
    (update/alone.py): what both use has names without an underscore.

    cfg: as starting.py has it; None where the file is wrong: then there is only the prompt."""

    word = b"safe"  # on the status topic
    name = "safe mode"

    def __init__(self, board, cfg, starts):
        self.board = board
        self.hal = board.hal
        self._starts = starts
        self._cfg = cfg
        self.clock = Clock(board)
        self.log = Log(self.clock, board.print)
        self._commands = []
        self.replies = []
        self.mqtt = None
        self._next = None
        self.over = False
        self.why = ""  # no session, as far as is known
        if cfg is not None:
            self.base = "qingyun/1/%s/%s/" % (cfg["site"], cfg["device"])
            self._uplink = cfg["uplinks"](board, cfg, self.log)
            self._resolver = Resolver(board, self.clock)
            self._sntp = Sync(self.clock, cfg["ntp"], self.log)

    def run(self):
        self.log.error(
            "safe mode: %d starts failed, the last of: %s" % (self._starts.failed, self._starts.why)
        )
        start = self.hal.ticks_ms()
        while not self.over and self.hal.ticks_diff(self.hal.ticks_ms(), start) < _STAY_MS:
            self.step()
        self.stop()
        self._starts.once_more()
        self.board.reset()

    def step(self, more=False):
        """One look at the network; more: there is something else to do at once."""
        if self._cfg is not None:
            try:
                more = self.talk() or more
            except Exception as e:  # safe mode itself must not fail
                text = "%s: %s" % (type(e).__name__, e)
                if self.mqtt:
                    text = self.mqtt.why(e) if isinstance(e, OSError) else text
                    self.mqtt.close()
                self.why = text
                self.log.warn("%s: %s" % (self.name, text))
        poller = self.mqtt.stream.poller() if self.mqtt else None
        ms = 0 if more else _ASKING_MS if self._asks() else _LOOK_MS
        self.board.wait(poller, ms, self.expects())

    def _asks(self):
        """Whether a name or time server's answer is waited for."""
        return self._cfg is not None and (self._sntp.asking() or self._resolver.asking())

    def expects(self):
        """Whether something of the broker is on its way."""
        return False

    def is_connected(self):
        return self.mqtt is not None and self.mqtt.is_connected()

    def talk(self):
        """A step of the network; True when the next shall come at once."""
        if not self._uplink.poll():
            if self.is_connected():
                self.mqtt.close()
            return False
        self._sntp.poll(self._resolver)
        if self.mqtt is None:
            self.mqtt = Mqtt(
                self.board, self._cfg["mqtt"], self._cfg["device"], _idle, self.message
            )
        if not self.mqtt.is_connected():
            self.connect()
            return False
        self.mqtt.poll()
        while self._commands:
            self.reply(self._answer(self._commands.pop(0)))
        while self.replies:
            self.mqtt.publish(self.base + "reply", self.replies[0])
            self.replies.pop(0)
        return False

    def connect(self):
        now = self.hal.ticks_ms()
        if self._next is not None and self.hal.ticks_diff(now, self._next) < 0:
            return
        mqtt = self._cfg["mqtt"]
        if mqtt.get("tls") and self.clock.unix() is None:
            self.why = "no time server has answered"
            return  # the certificate's dates cannot be checked yet
        self._next = self.hal.ticks_add(now, _RETRY_MS)
        addr = self._resolver.lookup(mqtt["host"], mqtt["port"])
        if addr is None:
            self._next = None  # it is asked for
            return
        try:
            self.mqtt.connect(addr, self.base + "status")
        except OSError:
            self._resolver.doubt(mqtt["host"])
            raise
        self.mqtt.subscribe(self.base + "command")
        self.mqtt.publish(self.base + "status", self.word, True)
        self.log.info("%s: connected" % self.name)

    def message(self, topic, payload):
        if len(self._commands) < 4:
            self._commands.append(bytes(payload[:1024]))

    def reply(self, text):
        """Send the reply to a command as soon as that is possible."""
        self.replies.append(text)
        del self.replies[:-4]

    def _answer(self, payload):
        id_ = None
        try:
            cmd = json.loads(payload)
            id_, do = cmd["id"], cmd["do"]
        except (ValueError, KeyError, TypeError):
            do = None
        try:
            if do == "restart":
                result = self.restart()
            elif do == "log":
                result = self.log_lines()
            elif do == "update":
                result = self.update(cmd)
            else:
                raise ValueError("only log, restart and update are done")
        except Exception as e:
            text = "%s: %s" % (self.what(), e)
            return json.dumps({"id": id_, "ok": False, "error": text})
        return json.dumps({"id": id_, "ok": True, "result": result})

    def what(self):
        return "safe mode (%s)" % self._starts.why

    def restart(self):
        self.over = True
        return "restarting"

    def update(self, cmd):
        """The next start does it: what has failed may not be repeated beside it."""
        from update import store

        store.note(self.board.data_dir, cmd)
        self.over = True
        return {"state": "restart"}

    def log_lines(self):
        return {
            "version": identity.VERSION,
            "safe": self._starts.why,
            "lines": self.log.lines,
            "crash": self._crash(),
        }

    def _crash(self):
        """What was written of the last crash, its end."""
        for name in ("/crash.new", "/crash.log"):
            path = self.board.data_dir + name
            try:
                with open(path) as f:
                    f.seek(max(0, os.stat(path)[6] - 800))
                    return f.read(800)
            except OSError:
                pass  # the other one, then
        return ""

    def stop(self):
        """Leave in good order."""
        if self.is_connected():
            try:
                self.mqtt.publish(self.base + "status", b"offline", True)
                self.mqtt.leave()
            except OSError as e:
                self.log.warn("mqtt: %s" % self.mqtt.why(e))
            self.mqtt.close()


def _idle():
    return 1000
