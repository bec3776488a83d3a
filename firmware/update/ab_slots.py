"""The folder this firmware runs from: whether it is on trial, and how that ends.

`/slots.json` is what loader.py, the board's /main.py, goes by; see there."""

import json
import os


class AbSlots:
    """folder: "a" or "b", or something else where there are no two; other: the one that
    does not run; failed: a folder that did not pass its trial, and why."""

    def __init__(self, board):
        self._path = board.data_dir + "/slots.json"
        self.folder = board.firmware_dir[-1:]
        self.other = "b" if self.folder == "a" else "a"
        try:
            with open(self._path) as f:
                self._kept = json.load(f)
            self.trial = self._kept.get("trial") == self.folder
        except (OSError, ValueError, AttributeError):
            self._kept = {}
            self.trial = False
        self.failed = self._kept.get("failed")
        self.why = self._kept.get("why", "")

    def two(self):
        """Whether there is another folder that an update can go into."""
        return self.folder in ("a", "b")

    def confirm(self):
        """The running folder is the good one, and nothing else is to be tried."""
        self._save({"good": self.folder})
        self.trial = False
        self.failed = None

    def try_other(self):
        """From the next start the other folder is on trial."""
        self._save({"good": self.folder, "trial": self.other, "starts": 0})

    def died(self, why):
        """Write down what this start of a trial ends of."""
        self._kept["why"] = why[:120]
        try:
            self._save(self._kept)
        except OSError:
            pass  # then the reason is not known, but the start is counted

    def _save(self, slots):
        with open(self._path + ".new", "w") as f:
            json.dump(slots, f)
        os.rename(self._path + ".new", self._path)
        self._kept = slots
