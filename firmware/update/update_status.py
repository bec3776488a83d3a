"""The latest update of this board's firmware: how far it is, or what became of it.

`update.json` has it as {"id", "bundle", "size", "sha256", "version", "older", "state",
"why", "to", "alone"} with the states asked, fetching, trial, good, failed; "alone": how many
starts there were that do nothing else, where it needs them (alone.py). `update.log` has a line
for each attempt and each outcome; it is no larger than 4 KiB and then becomes
`update.log.old`."""

import json
import os

from micropython import const

from update.command import save

_MOST = const(4096)


class UpdateStatus:
    """job: what stands in update.json, None where there was no update yet."""

    def __init__(self, board, clock, log):
        self._root = board.data_dir
        self._path = board.data_dir + "/update"
        self._clock = clock
        self._log = log
        self.job = None
        try:
            with open(self._path + ".json") as f:
                job = json.load(f)
            if job["state"] and job["bundle"]:
                self.job = job
        except (OSError, ValueError, KeyError, TypeError):
            pass

    def settle(self, slots, trust):
        """After a start: what became of an update that had got as far as the switch. What trust
        shall be counts once the update is good. True if the power went before the switch."""
        job = self.job
        if job is None or job["state"] != "trial":
            return False
        if slots.folder == job.get("to"):
            if not slots.trial:
                try:
                    trust.adopt()
                except (OSError, ValueError, TypeError) as e:  # a start must not end of it
                    self._log.error("update: the keys cannot be replaced", e)
                self.end("good", "")
        elif slots.failed == job.get("to"):
            trust.drop()
            why = slots.why or "a hang, or a loss of power"
            self.end("failed", "three starts failed, the last of: " + why)
        else:
            self.job["state"] = "fetching"
            return True
        return False

    def under_way(self):
        return self.job is not None and self.job["state"] in ("asked", "fetching")

    def alone(self):
        """From the next start on the board does it alone. OSError."""
        self.job.setdefault("alone", 0)
        self.save()

    def for_birth(self, keys):
        """The field `update` of the birth message; keys: see trust.py."""
        job = self.job
        entry = {"bundle": job["bundle"], "state": job["state"], "keys": keys}
        if job.get("why"):
            entry["why"] = job["why"]
        return entry

    def begin(self, job):
        job["state"] = "fetching"
        job["why"] = ""
        self.job = job
        self.save()
        self.note(job, "fetching", "")

    def end(self, state, why):
        """It is good, or failed."""
        self.job["state"] = state
        self.job["why"] = why[:120]
        self.job.pop("alone", None)
        text = "update: %s: %s" % (self.job["bundle"], state)
        if why:
            self._log.warn("%s: %s" % (text, why))
        else:
            self._log.info(text)
        self.note(self.job, state, why)
        try:
            self.save()
        except OSError as e:
            self._log.error("update: update.json cannot be written", e)

    def save(self):
        save(self._root, self.job)

    def note(self, job, state, why):
        """A line into update.log; an update does not fail for want of it."""
        entry = {"at": self._clock.text(), "state": state}
        for key in ("id", "bundle", "version"):
            entry[key] = job.get(key)
        if why:
            entry["why"] = why[:120]
        line = json.dumps(entry) + "\n"
        path = self._path + ".log"
        try:
            try:
                if os.stat(path)[6] + len(line) > _MOST:
                    os.rename(path, path + ".old")
            except OSError:
                pass  # it is not there yet
            with open(path, "a") as f:
                f.write(line)
        except OSError as e:
            self._log.error("update: %s cannot be written" % path, e)
