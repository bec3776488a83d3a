"""Samples each channel when it is due and makes a reading when there is news."""

from micropython import const

from sensors import quality, record

_LONGEST_MS = const(10000)
_FIRST_MS = const(15000)  # the first reading waits so long for every channel to settle
_MEND_MS = const(5000)  # a channel whose code failed is tried again after this


class Sampler:
    """take(body) receives each reading made; poll() never blocks on anything but pins.
    failed(name, exception) hears of a channel whose code raised; the others go on."""

    def __init__(self, board, channels, every_s, take, failed):
        self.hal = board.hal
        self.channels = channels
        self.every_s = every_s
        self._take = take
        self._failed = failed
        self._faulty = set()
        self._start = board.hal.ticks_ms()
        self._last = None
        self.made = 0

    def poll(self):
        """Sample what is due; returns ms until something is due again."""
        diff = self.hal.ticks_diff
        now = self.hal.ticks_ms()
        news = False
        for ch in self.channels:
            if diff(now, ch.due) >= 0:
                try:
                    ch.sample(now)
                    if self._faulty:
                        self._faulty.discard(ch)
                except Exception as e:  # whatever it is: one channel must not stop the rest
                    self._fault(ch, e, now)
            if ch.news:
                news = True
        if self._last is None:
            if self._settled() or diff(now, self._start) >= _FIRST_MS:
                self.read_now()
        elif news or diff(now, self._last) >= 1000 * self.every_s:
            self.read_now()
        now = self.hal.ticks_ms()  # an echo takes its time
        nearest = _LONGEST_MS
        if self._last is not None:
            nearest = min(nearest, 1000 * self.every_s - diff(now, self._last))
        for ch in self.channels:
            left = diff(ch.due, now)
            if left < nearest:
                nearest = left
        return nearest if nearest > 0 else 0

    def _fault(self, ch, e, now):
        ch.due = self.hal.ticks_add(now, _MEND_MS)
        ch.news = ch not in self._faulty
        self._faulty.add(ch)
        self._failed(ch.name, e)

    def _settled(self):
        for ch in self.channels:
            if not ch.settled():
                return False
        return True

    def read_now(self):
        """Make a reading of every channel as it is now."""
        self._last = self.hal.ticks_ms()
        values = []
        marks = []
        for ch in self.channels:
            faulty = ch in self._faulty
            values.append(None if faulty else ch.value())
            marks.append(quality.FAULT if faulty else ch.quality())
            ch.mark_reported()
        self.made += 1
        self._take(record.pack(values, marks))
