"""What a metered line carries in a month, counted and kept on flash; and a budget of it.

Counted is what passes the session's socket (net.metered), and an estimate for time and names. The
month is that of Shanghai.
When the budget is used up the line is up every six hours, until nothing waits: what is measured
meanwhile is kept, and goes then."""

import os
import time

from micropython import const

from net import mqtt
from net.metered import Metered

_LOOK_MS = const(5000)  # at the month
_HOUR_MS = const(3600000)
_HOUR = const(1000)  # bytes for time and names
# On flash it is counted ahead, by so much more than may pass between two looks: no restart makes
# it too little.
_LEAST_KB = const(8)
_KEPT_KB = const(24)
_EVERY_MS = const(21600000)  # with the budget used up
_WINDOW_MS = const(600000)
_IDLE_MS = const(20000)
_SANE = const(1420070400)  # 2015: a clock before was never set


class Traffic:
    """on: the line is up, and what passes sockets is its. poll() is False while it shall rest."""

    def __init__(self, board, budget_mb, log):
        self._board = board
        self._hal = board.hal
        self._log = log
        self._path = board.data_dir + "/traffic"
        self._budget_kb = 1000 * budget_mb
        self._month, self._kept_kb = self._load()
        self._bytes = 1000 * self._kept_kb  # of the month
        self._undated = 0  # of these, while the month was unknown
        self.on = False
        self._hour = self._hal.ticks_ms()
        self._window = None  # ticks when the line was last let up though the budget is used up
        self._open = True
        self._passed = self._looked = self._hal.ticks_ms()
        self._told = False
        Metered.traffic = self
        mqtt.BoundedSocket = Metered  # of the session that is made next

    def _load(self):
        try:
            with open(self._path) as f:
                month, kb = f.read().split()
            return int(month), int(kb)
        except (OSError, ValueError):
            return 0, 0

    def add(self, n):
        if self.on:
            self._passed = self._hal.ticks_ms()
            self._bytes += n
            self._undated += n

    def poll(self):
        now = self._hal.ticks_ms()
        if self._hal.ticks_diff(now, self._hour) >= _HOUR_MS:
            self._hour = now
            if self.on:
                self._bytes += _HOUR
        if self._hal.ticks_diff(now, self._looked) >= _LOOK_MS:
            self._looked = now
            self._date(self._now())
        self._keep()
        if not self._budget_kb or self._bytes < 1000 * self._budget_kb:
            self._told = False
            self._window = None
            self._open = True
            return True
        if not self._told:
            self._told = True
            self._log.warn("ppp: the budget of the month is used up: the line is up every 6 h")
        return self._is_window(now)

    def _is_window(self, now):
        if self._window is None or self._hal.ticks_diff(now, self._window) >= _EVERY_MS:
            self._window = self._passed = now
            self._open = True
        if not self.on:
            self._passed = now  # it is idle from its connection on
        elif self._hal.ticks_diff(now, self._passed) > _IDLE_MS:
            self._open = False
        if self._hal.ticks_diff(now, self._window) > _WINDOW_MS:
            self._open = False
        return self._open

    def _date(self, month):
        """It is this month, or None: that is not known."""
        if month is None:
            return
        if month != self._month:
            if self._month:  # what was counted before the time was known is of this month
                self._bytes = self._undated
                self._kept_kb = 0
            self._month = month
        self._undated = 0

    def _keep(self):
        if self._bytes > 1000 * (self._kept_kb - _LEAST_KB) and self.on:
            self._kept_kb = self._bytes // 1000 + _KEPT_KB
            try:
                with open(self._path + ".new", "w") as f:
                    f.write("%d %d" % (self._month, self._kept_kb))
                os.rename(self._path + ".new", self._path)
            except OSError as e:
                self._log.warn("ppp: what it carried is not kept: %s" % e)

    def _now(self):
        """Months since the year 0 in Shanghai; None while the time is unknown."""
        t = self._board.rtc_get()
        if t < _SANE:
            return None
        epoch = 946684800 if time.gmtime(0)[0] == 2000 else 0
        year, month = time.gmtime(t + 28800 - epoch)[:2]
        return 12 * year + month

    def text(self):
        """What the state says of it."""
        text = ',"month_kb":%d' % ((self._bytes + 999) // 1000)
        return text + (',"budget_mb":%d' % (self._budget_kb // 1000) if self._budget_kb else "")
