"""More than one line to the broker: the first of the list that is up carries, with a way back.

One line carries at a time. The better ones are watched meanwhile, the worse ones rest: which of
two interfaces that are up has the default route is the port's choice, not ours (ESP-IDF takes
Wi-Fi before Ethernet, and forgets PPP). So what was chosen last is the only one in use."""

from micropython import const

_PATIENCE_MS = {"lan": 10000, "wifi": 30000, "ppp": 180000}  # down for so long: the next one
_HOLD_MS = const(60000)  # a better one is up for so long: back to it
_HOLD_DEAD_MS = const(600000)  # after it was up and nothing passed
_HOLD_MAX_MS = const(3600000)
_SHORT_MS = const(600000)  # back for less than that was too early: hold twice as long


class Chooser:
    """As a line: poll() is True while the one in use is up. lines: (kind, line), best first."""

    def __init__(self, board, lines, log):
        self._board = board
        self._hal = board.hal
        self._log = log
        self._lines = lines
        self._servers = board.name_servers  # of Wi-Fi
        self._hold = [_HOLD_MS] * len(lines)
        self._up = [None] * len(lines)  # ticks since when a better one is up
        self._shut = [None] * len(lines)  # ticks when a better one was let alone for its hold
        self._down = None  # ticks since when the one in use is down
        self._began = None  # ticks when it first was up, since it was taken
        self._steady = False  # and it has lasted
        self._i = 0
        self._take(0, "")

    def poll(self):
        now = self._hal.ticks_ms()
        kind, line = self._lines[self._i]
        up = line.poll()
        better = self._watch(now, kind == "ppp" and up)
        if up:
            self._down = None
            if self._began is None:
                self._began = now
            elif not self._steady and self._hal.ticks_diff(now, self._began) > _SHORT_MS:
                self._steady = True
                self._hold[self._i] = _HOLD_MS
            if better is None or self._hal.ticks_diff(now, self._up[better]) < self._hold[better]:
                return True
            self._take(better, ": it is up again")
        elif better is not None:
            self._take(better, ": %s is down" % kind)
        elif self._down is None:
            self._down = now
        elif self._hal.ticks_diff(now, self._down) > _PATIENCE_MS[kind]:
            self._down = None
            self._shut = [None] * len(self._lines)  # nothing is lost by a blink now
            if self._i + 1 < len(self._lines):
                self._leave(_HOLD_MS)
                self._take(self._i + 1, ": %s is down" % kind)
        return False  # a session over another line ends first

    def again(self):
        """Nothing passes the line in use though it is up."""
        kind, line = self._lines[self._i]
        others = [j for j in range(self._i) if self._up[j] is not None]
        if self._i + 1 < len(self._lines):
            others.append(self._i + 1)
        if not others:
            line.again()
            return
        self._leave(_HOLD_DEAD_MS)
        self._take(others[0], ": nothing passes %s" % kind)

    def _watch(self, now, dialled):
        """The best of the better ones that are up, or None. dialled: PPP carries."""
        found = None
        for j in range(self._i):
            if self._shut[j] is not None:
                if self._hal.ticks_diff(now, self._shut[j]) < self._hold[j]:
                    continue
                self._shut[j] = None
            if self._lines[j][1].poll():
                if self._up[j] is None:
                    self._up[j] = now
                if found is None:
                    found = j
            elif self._up[j] is not None:
                self._up[j] = None
                if dialled:
                    # It took the default route along: dial, and not with each of its blinks.
                    self._lines[self._i][1].again()
                    self._rest(*self._lines[j])
                    self._shut[j] = now
                    self._hold[j] = min(2 * self._hold[j], _HOLD_MAX_MS)
        return found

    def _leave(self, least):
        """The line in use is no good: how long it must be up before it is taken again."""
        held = self._hold[self._i]
        if self._began is not None and not self._steady:
            held = min(2 * held, _HOLD_MAX_MS)
        self._hold[self._i] = max(least, held)

    def _take(self, i, why):
        before, self._i = self._i, i
        if before != i:
            self._rest(*self._lines[before])
        self._up = [None] * len(self._lines)
        self._shut = [None] * len(self._lines)
        self._down = self._began = None
        self._steady = False
        kind, line = self._lines[i]
        if kind == "wifi" and before < i:
            line.again()  # it was not asked for, or left
        self._board.name_servers = self._servers if kind == "wifi" else line.name_servers
        self._log.info("uplink: %s%s" % (kind, why))

    def _rest(self, kind, line):
        """Have a line carry nothing."""
        if kind != "wifi":
            line.rest()
            return
        try:
            self._board.wlan().disconnect()
        except (OSError, RuntimeError) as e:
            self._log.warn("wifi: %s" % e)

    def text(self):
        """What the state says of it."""
        kind, line = self._lines[self._i]
        return (',"uplink":"wifi"' if kind == "wifi" else "") + line.text()
