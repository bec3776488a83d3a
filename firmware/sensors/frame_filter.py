"""Which frames of an HX711 to believe: those that the next conversion bears out.

A frame cannot show every fault. When a clock is lost one bit is doubled and the lowest
is missing, and if that was 1 DOUT is high at the end all the same; a clock too many
looks like a good frame; and another conversion may end within a frame. What follows
tells more. Another number of pulses chooses another input, and the next conversion is
late; if it comes early enough, none ended within the frame; and two odd counts seldom
agree.

So each count is given when the next conversion is there. It is good if it lies within a
window of the last one given, or if the next count agrees with it. It is odd, and
dropped, if the load was at rest and the next count is back there. Otherwise the load is
moving, and it is given. Integers only; nothing is allocated.
"""

from micropython import const

# As drivers tell them (see hx711): as constants they cost no look-up, and no driver is loaded
# that a board does not have.
_OK = const(0)
_NOT_READY = const(1)
_UNSURE = const(4)
_HELD = const(5)
_WITHIN_MS = const(90)  # certainly less than a conversion takes
# A load is at rest when so many counts in a row agreed; each odd one takes two away, so
# that a load which swings to and fro is not taken for one at rest with odd counts.
_AT_REST = const(3)
_MOST_REST = const(5)


class FrameFilter:
    """read() in the manner of the chip: a count, or None with .error set.

    window in counts. Look within 90 ms while .held is not None or every conversion is
    wanted: what is read later than that cannot be borne out."""

    def __init__(self, chip, window):
        self._chip = chip
        self.window = window
        self.dropped = 0  # counts dropped
        self.restart()

    def restart(self):
        """Forget what was read: after a change of gain or channel."""
        self._last = None  # the count given last
        self._rest = 0  # how many agreed of late
        self.held = None  # the count that waits
        self._gain_known = False  # it was made with the gain asked for
        self._no_overlap = False  # no other conversion ended within its frame
        self._next_on_time = False  # and the next was not late
        self.error = _OK

    def read(self, sparing=False):
        """The count before the one that is ready now. sparing: one now and then is
        enough, so the conversion that bears it out need not be read itself."""
        chip = self._chip
        if not chip.ready():
            self.error = _NOT_READY
            return None
        if self.held is not None and not self._next_on_time:
            if chip.anew:
                self.dropped += 1
                self.held = None
            elif self._no_overlap or chip.since() <= _WITHIN_MS:
                self._next_on_time = True
            else:
                self.held = None
        held = self.held
        if sparing and held is not None and self._near(held, self._last):
            self.held = None
            return self._agreed(held)
        count = chip.read()
        self.error = chip.error
        if count is None:
            if self.error != _UNSURE:
                return None
            count = chip.value
        return self._decide(held, count, self.error == _OK)

    def _decide(self, held, count, sure):
        held_gain_known = self._gain_known
        self.held = count
        self._gain_known = sure
        self._no_overlap = self._chip.age <= _WITHIN_MS
        self._next_on_time = False
        window = self.window
        last = self._last
        if held is None:
            self.error = _HELD
        elif last is not None and -window <= held - last <= window:
            return self._agreed(held)
        elif -window <= count - held <= window and (sure or held_gain_known):
            self._rest = 0
            return self._agreed(held)
        elif self._rest >= _AT_REST and self._near(count, self._last):
            self._rest -= 2
            self.dropped += 1
            self.error = _HELD
        elif held_gain_known:
            self._rest = 0
            self._last = held
            self.error = _OK
            return held
        else:
            self.dropped += 1
            self.error = _UNSURE
        return None

    def _near(self, a, b):
        return b is not None and -self.window <= a - b <= self.window

    def _agreed(self, count):
        if self._rest < _MOST_REST:
            self._rest += 1
        self._last = count
        self.error = _OK
        return count
