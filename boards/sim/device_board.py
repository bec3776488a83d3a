"""The board interface on a simulated device (device.py), deployed as board.py."""

import json

from device import CELL, RealBoard, device


def _channels():
    """What is wired, as config.json says; what the load cells are like, as the device says."""
    try:
        with open("/config.json") as f:
            channels = json.load(f)["channels"]
    except (OSError, ValueError, KeyError):
        return []  # the firmware will tell
    for ch in channels:
        if ch["kind"] == "weight":
            ch["calibration"] = device.cells.get(ch["id"], CELL)
            ch.setdefault("max_kg", 150)
    return channels


class Board(RealBoard):
    """One simulated board in real time, whose resets are those of the process."""

    data_dir = ""  # littlefs is mounted at the root

    def __init__(self):
        folder = __file__.rpartition("/")[0]
        cfg = {"channels": _channels()}
        d = device
        super().__init__(cfg, d.player, d.clock, d.flash, folder, d.physics, d.seed, ntp=d.ntp)
        self._cause = d.cause
        self._wdt = None
        self.kept = d.rtc
        self.clock.restart()

    def rtc_get(self):
        ahead = device.rtc.ahead_us
        return 0 if ahead is None else (self.clock.unix_us() + ahead) // 1000000

    def rtc_set(self, unix):
        device.rtc.set(unix * 1000000 - self.clock.unix_us())

    def feed(self):
        if self._wdt is None:
            self._wdt = device.machine.WDT(timeout=60000)
        self._wdt.feed()

    def at_prompt(self):
        self._wdt = device.machine.WDT(timeout=600000)
        self._wdt.feed()

    def reset(self):
        device.machine.reset()

    def deep_sleep(self, ms):
        device.machine.deepsleep(ms)

    def look(self):
        pass  # accidents come from outside
