"""What an operator can ask of a board over MQTT: {"id", "do", ...} and a reply to each.

A command is done once, however often it is delivered: the ids of the last ones are on
flash before it is done."""

import json

from micropython import const
from settings.overrides import Overrides

_IDS = const(16)
_WAITING = const(4)
_LONGEST = const(1024)


class Refused(Exception):
    """Why a command is not done; the text goes into the reply."""


class Commands:
    """take() what came in, poll() does one; what poll() returns is the reply.

    spool and crashes are None at the bench, where nothing but weighing is done."""

    def __init__(self, board, clock, sampler, spool, log, crashes):
        self.board = board
        self._path = board.data_dir + "/done"
        self.clock = clock
        self.sampler = sampler
        self.spool = spool
        self.log = log
        self._crashes = crashes
        self.local = Overrides(board.data_dir)
        self._waiting = []
        self.restart = False  # asked for
        self.changed = False  # what the birth message says, since this was last looked at
        self.update = None  # a command that begins an update of the firmware: not done here
        try:
            with open(self._path) as f:
                self._done = json.load(f)
        except (OSError, ValueError):
            self._done = []

    def take(self, payload):
        """Keep a message until poll(); called while the network is in use."""
        if len(self._waiting) < _WAITING:
            self._waiting.append(bytes(payload[:_LONGEST]))
        else:
            self.log.warn("command: too many at once, one is dropped")

    def waiting(self):
        """How many messages wait for poll()."""
        return len(self._waiting)

    def poll(self):
        """Do one command; the reply as JSON text, or None when nothing waits."""
        if not self._waiting:
            return None
        id_ = None
        try:
            cmd = self._parse(self._waiting.pop(0))
            id_ = cmd["id"]
            name = cmd["do"]
            if id_ in self._done:
                result = "done before"
            else:
                do = self._what(name)
                if name != "measure":  # asked again and again, and changes nothing
                    self._done.append(id_)
                    self._remember()
                    self.log.info("command: %s %s" % (name, id_))
                try:
                    result = do(self, cmd)
                except Refused:
                    if id_ in self._done:  # asked again it is refused again, and not called done
                        self._done.remove(id_)
                        self._remember()
                    raise
                if name == "update":
                    return None  # whoever does it answers
        except Refused as e:
            return json.dumps({"id": id_, "ok": False, "error": str(e)})
        except OSError as e:
            return json.dumps({"id": id_, "ok": False, "error": "flash: %s" % e})
        return json.dumps({"id": id_, "ok": True, "result": result})

    def _what(self, name):
        """What does a command; loaded before its id is kept, lest there be no memory."""
        if name in _WEIGHING:
            from commands import calibration  # until its first command it costs nothing

            return getattr(calibration, name)
        at_work = _DO if self.spool is not None else {}
        if name not in at_work:
            known = ", ".join(sorted(_WEIGHING + tuple(at_work)))
            raise Refused("do: expected one of %s, found %r" % (known, name))
        return at_work[name]

    def _parse(self, payload):
        try:
            cmd = json.loads(payload)
        except ValueError:
            raise Refused("expected JSON")
        if not isinstance(cmd, dict):
            raise Refused("expected an object")
        id_ = cmd.get("id")
        if not isinstance(id_, str) or not 0 < len(id_) <= 40:
            raise Refused("id: expected a text of 1 to 40 characters, found %r" % (id_,))
        if not isinstance(cmd.get("do"), str):
            raise Refused("do: expected a text, found %r" % (cmd.get("do"),))
        return cmd

    def _remember(self):
        del self._done[:-_IDS]
        with open(self._path, "w") as f:
            json.dump(self._done, f)

    # What can be done

    def _read(self, cmd):
        self.sampler.read_now()
        return {"seq": self.spool.state.next_seq - 1}

    def _interval(self, cmd):
        s = cmd.get("s")
        if isinstance(s, bool) or not isinstance(s, int) or not 10 <= s <= 3600:
            raise Refused("s: expected a whole number from 10 to 3600, found %r" % (s,))
        self.local.change("every_s", self.sampler.every_s, s, self.who(cmd))
        self.sampler.every_s = s
        self.changed = True
        return {"every_s": s}

    def _restart(self, cmd):
        self.restart = True
        return "restarting"

    def _update(self, cmd):
        self.update = cmd

    def _log_lines(self, cmd):
        return {
            "lines": self.log.lines,
            "crashes": self._crashes.counts(),
            "last": self._crashes.tail(800),
        }

    def who(self, cmd):
        """(time stamp, who asks), for the audit trail."""
        by = cmd.get("by", "")
        return self.clock.text(), by[:40] if isinstance(by, str) else ""


_WEIGHING = ("calibrate", "measure", "set_calibration", "zero")
_DO = {
    "interval": Commands._interval,
    "log": Commands._log_lines,
    "read": Commands._read,
    "restart": Commands._restart,
    "update": Commands._update,
}
