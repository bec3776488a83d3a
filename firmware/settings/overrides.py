"""What was changed on the board itself: calibrations and the interval, beside config.json.

`local.json` is replaced as a whole. Each change is added to `audit.log`, which only
grows; when that is full nothing can be changed any more without being seen."""

import json
import os

from micropython import const

_AUDIT = const(32768)


class Overrides:
    """One board's changes; apply() them to a configuration before it is checked."""

    def __init__(self, folder):
        self._path = folder + "/local.json"
        self._audit = folder + "/audit.log"

    def _load(self):
        """What was changed so far; not held in RAM, where its points would stay for good."""
        try:
            with open(self._path) as f:
                return json.load(f)
        except (OSError, ValueError):
            return {}

    def apply(self, cfg):
        """Put the changes into a decoded configuration."""
        values = self._load()
        if "every_s" in values:
            cfg.setdefault("report", {})["every_s"] = values["every_s"]
        kept = values.get("calibration", {})
        for ch in cfg["channels"]:
            if ch.get("id") in kept:
                ch["calibration"] = kept[ch["id"]]

    def change(self, what, old, new, by):
        """Write a change down; OSError when the flash or the audit trail takes no more.

        what: "every_s" or the id of a weight channel; by: (time stamp, who)."""
        line = json.dumps({"at": by[0], "by": by[1], "what": what, "old": old, "new": new})
        try:
            if os.stat(self._audit)[6] + len(line) > _AUDIT:
                raise OSError(28)  # ENOSPC
        except OSError as e:
            if e.errno == 28:
                raise
        with open(self._audit, "a") as f:
            f.write(line + "\n")
        values = self._load()
        if what == "every_s":
            values["every_s"] = new
        else:
            values.setdefault("calibration", {})[what] = new
        with open(self._path + ".new", "w") as f:
            json.dump(values, f)
        os.rename(self._path + ".new", self._path)
