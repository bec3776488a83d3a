"""What an operator can ask of a board over MQTT: {"id", "do", ...} and a reply to each.

A command is done once, however often it is delivered: the ids of the last ones are on
flash before it is done."""

import json

from micropython import const
from sensors.weighing import Calibration

_IDS = const(16)
_WAITING = const(4)
_ZERO_SHARE = const(25)  # R 76: zero setting within 4 % of Max
_LONGEST = const(1024)


class Refused(Exception):
    """Why a command is not done; the text goes into the reply."""


class Commands:
    """take() what came in, poll() does one; what poll() returns is the reply."""

    def __init__(self, board, clock, sampler, spool, log, crashes, local):
        self._path = board.data_dir + "/done"
        self._clock = clock
        self._sampler = sampler
        self._spool = spool
        self._log = log
        self._crashes = crashes
        self._local = local
        self._waiting = []
        self.restart = False  # asked for
        self.changed = False  # a calibration, since this was last looked at
        self.update = None  # begins an update of the firmware
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
            self._log.warn("command: too many at once, one is dropped")

    def poll(self):
        """Do one command; the reply as JSON text, or None when nothing waits."""
        if not self._waiting:
            return None
        id_ = None
        try:
            cmd = self._parse(self._waiting.pop(0))
            id_ = cmd["id"]
            if id_ in self._done:
                result = "done before"
            else:
                do = _DO.get(cmd["do"])
                if do is None:
                    known = ", ".join(sorted(_DO))
                    raise Refused("do: expected one of %s, found %r" % (known, cmd["do"]))
                self._remember(id_)
                self._log.info("command: %s %s" % (cmd["do"], id_))
                result = do(self, cmd)
        except Refused as e:
            return json.dumps({"id": id_, "ok": False, "error": str(e)})
        except OSError as e:
            return json.dumps({"id": id_, "ok": False, "error": "flash: %s" % e})
        return json.dumps({"id": id_, "ok": True, "result": result})

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

    def _remember(self, id_):
        self._done.append(id_)
        del self._done[:-_IDS]
        with open(self._path, "w") as f:
            json.dump(self._done, f)

    # What can be done

    def _read(self, cmd):
        self._sampler.read_now()
        return {"seq": self._spool.next_seq - 1}

    def _interval(self, cmd):
        s = cmd.get("s")
        if isinstance(s, bool) or not isinstance(s, int) or not 10 <= s <= 3600:
            raise Refused("s: expected a whole number from 10 to 3600, found %r" % (s,))
        self._local.change("every_s", self._sampler.every_s, s, self._who(cmd))
        self._sampler.every_s = s
        return {"every_s": s}

    def _restart(self, cmd):
        self.restart = True
        return "restarting"

    def _update(self, cmd):
        from net.bundle import Failed

        try:
            return self.update(cmd)
        except Failed as e:
            raise Refused(str(e))

    def _log_lines(self, cmd):
        return {
            "lines": self._log.lines[-8:],
            "crashes": self._crashes.counts(),
            "last": self._crashes.tail(800),
        }

    def _zero(self, cmd):
        ch = self._stable(cmd)
        old = ch.calibration
        moved = abs(ch.weighing.mean - old.zero)
        if moved * _ZERO_SHARE > old.counts(ch.max_kg) and cmd.get("force") is not True:
            raise Refused('%s: more than 4 %% of Max from zero; "force": true if so' % ch.name)
        return self._calibrated(cmd, ch, ch.weighing.mean, old.counts_per_kg)

    def _calibrate(self, cmd):
        ch = self._stable(cmd)
        kg = cmd.get("kg")
        if isinstance(kg, bool) or not isinstance(kg, (int, float)):
            raise Refused("kg: expected the weight that stands there, found %r" % (kg,))
        if not ch.max_kg / 20 <= kg <= ch.max_kg:
            text = "kg: expected from %g to %g, found %r"
            raise Refused(text % (ch.max_kg / 20, ch.max_kg, kg))
        old = ch.calibration
        scale = (ch.weighing.mean - old.zero) / kg
        if not 0.8 < scale / old.counts_per_kg < 1.25 and cmd.get("force") is not True:
            text = '%s: %g counts per kg, %g until now; "force": true if so'
            raise Refused(text % (ch.name, scale, old.counts_per_kg))
        return self._calibrated(cmd, ch, old.zero, scale)

    def _stable(self, cmd):
        """The weight channel a command names, at rest."""
        for ch in self._sampler.channels:
            if ch.kind == "weight" and ch.name == cmd.get("channel"):
                if not ch.weighing.stable or ch.value() is None:
                    raise Refused("%s: not stable" % ch.name)
                return ch
        raise Refused("channel: expected a weight channel, found %r" % (cmd.get("channel"),))

    def _calibrated(self, cmd, ch, zero, scale):
        old = ch.calibration
        at = self._who(cmd)[0]
        new = {
            "id": "%s-%s" % (cmd["do"][0], cmd["id"][:20]),
            "date": at[:10],
            "zero": zero,
            "counts_per_kg": scale,
        }
        before = {
            "id": old.id,
            "date": old.date,
            "zero": old.zero,
            "counts_per_kg": old.counts_per_kg,
        }
        self._local.change(ch.name, before, new, self._who(cmd))
        ch.calibrate(Calibration(new["id"], new["date"], zero, scale))
        self._sampler.read_now()
        self.changed = True
        new["kg"] = ch.weighing.grams() / 1000
        new["seq"] = self._spool.next_seq - 1  # the first reading weighed by it
        return new

    def _who(self, cmd):
        by = cmd.get("by", "")
        return self._clock.text(), by[:40] if isinstance(by, str) else ""


_DO = {
    "calibrate": Commands._calibrate,
    "interval": Commands._interval,
    "log": Commands._log_lines,
    "read": Commands._read,
    "restart": Commands._restart,
    "update": Commands._update,
    "zero": Commands._zero,
}
