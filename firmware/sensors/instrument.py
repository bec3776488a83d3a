"""A weighing instrument as a channel: what it shows, at rest or moving, and what was pressed.

What an instrument shows counts when frames in a row say the same: two, or three where they have
no checksum. One of 8 bits lets damaged frames through now and then, and none lets many, but not
so many alike. At rest means: within 1 e over 5 s, in the manner of weighing.py, and not moving
by the instrument's own word.

A key cannot be told from a load where a frame does not say it, but by this: a load moves
through what lies between, a key does not. So a value that jumps from rest in one frame and
stands there for a second at 0, or in another unit, was a key. Integers only, in grams
(mass_units); nothing is allocated for a frame.
"""

from micropython import const

from sensors import quality

TARED = const(11)  # net is shown, or was just now: see quality.WORDS
ZEROED = const(12)  # its zero was set just now: what was weighed before has another one
UNIT = const(13)  # shown in a unit, or with digits, that cannot be converted

_LOST = const(1 << 24)  # no frame has been seen
_SETTLE_MS = const(5000)
_SILENT_MS = const(1500)  # nothing heard, or nothing understood, for so long
_PAIR_MS = const(1500)  # two frames further apart are no two in a row
_STAND_MS = const(1000)
_ZERO_SHARE = const(25)  # R 76: zero setting within 4 % of Max


class Instrument:
    """source.poll(now) reads the line, calls show() or trouble() for each frame, and gives the
    ms until it wants to look again. jump_ms: frames this close show a key (0: none do, because
    they do not say what is at rest, or come too seldom). netless: they do not say gross or net;
    unitless: nor the unit. checked: they have a checksum. about: what the birth message
    says of the instrument.

    shown counts whole frames, frames those that the next one bore out."""

    unit = "kg"
    calibration = None
    jump_ms = 0
    netless = False
    unitless = False
    checked = True

    def __init__(self, ch, report, hal):
        self.name = ch["id"]
        self.kind = ch["kind"]
        said = {"max_kg": ch["max_kg"], "e_kg": ch["e_kg"]}
        said.update(ch.get("instrument", ()))
        self.about = {"instrument": said}
        self._add = hal.ticks_add
        self._diff = hal.ticks_diff
        self._e = e = max(1, round(ch["e_kg"] * 1000))
        self._max = round(ch["max_kg"] * 1000)
        self._most = self._max + 9 * e  # R 76: nothing shown above Max + 9 e
        self._report = max(1, round(report["weight_kg"] * 1000))
        self.source = None
        self.due = now = hal.ticks_ms()
        self._heard = now  # a whole frame
        self._stirred = now  # any byte
        self.shown = 0
        self.frames = 0
        self.news = False
        self._fault = quality.GOOD
        self._twin = _LOST  # the frame before: its grams, or a code below -_LOST; at rest or not
        self._twin_still = False
        self._run = 0  # frames alike
        self._event = quality.GOOD  # told with the next reading
        self._held = None  # grams by which a tare key moved the value; 0: the unit did
        self._restless = False
        self._reported = None
        self._near = now  # when a frame agreed with the rest
        self._jump = None  # where it stands since, if a key may have done it
        self._jumped = now
        self._restart()

    def _restart(self):
        self._known = False
        self._stable = False
        self._n = 0
        self._sum = 0
        self._mean = 0
        self._low = 0
        self._high = 0
        self._since = self._heard

    # What a source tells.

    def byte(self, now):
        """Something came, whatever it was."""
        self._stirred = now

    def forget(self):
        """What came last is not followed by what comes next."""
        self._twin = _LOST

    def show(self, gross, still, now):
        """A whole frame: its gross in grams, and whether the instrument calls it at rest."""
        self.shown += 1
        if not -self._most <= gross <= self._most:
            self.trouble(quality.RANGE, now)
            return
        before = self._twin
        if gross == before and still == self._twin_still and self._recent(now):
            self._run += 1
        else:
            self._run = 1
        alike = self._run > (1 if self.checked else 2)
        self._note(gross, still, now)
        if alike:
            self.frames += 1
            if self._fault:
                self._fault = quality.GOOD
                self._restart()
        elif self._fault:
            return
        if self._stable:
            self._watch(gross, before, still, alike, now)
        elif alike:
            self._settle(gross, still, now)
        elif self._n and self._off(gross) and -_LOST < before < _LOST and self._off(before):
            self._n = 0  # it moves
        if self._stable:
            self._tell()

    def trouble(self, code, now):
        """A whole frame that gives no gross: why, as a quality."""
        if self._twin == -_LOST - code and self._recent(now):
            if self._fault != code:
                self._fail(code)
        self._note(-_LOST - code, False, now)

    def event(self, code):
        """A key was pressed, and the gross is known all the same: the host is told."""
        self._event = code
        self.news = True

    # Rest and motion.

    def _recent(self, now):
        return self._diff(now, self._heard) <= _PAIR_MS

    def _note(self, twin, still, now):
        self._twin = twin
        self._twin_still = still
        self._heard = now
        self._stirred = now

    def _off(self, gross):
        return not self._high - self._e <= gross <= self._low + self._e

    def _settle(self, gross, still, now):
        if not still:
            self._n = 0
            return
        if not self._n or self._off(gross):
            self._low = self._high = self._sum = gross
            self._n = 1
            self._since = now
            return
        if gross < self._low:
            self._low = gross
        elif gross > self._high:
            self._high = gross
        if self._n < 64:  # 64 times 8,388 kg in grams is a small integer
            self._sum += gross
            self._n += 1
        if self._diff(now, self._since) < _SETTLE_MS:
            return
        self._mean = (self._sum + self._n // 2) // self._n
        self._sum = self._mean * 8
        self._stable = self._known = True
        self._near = now
        self._jump = None

    def _watch(self, gross, before, still, alike, now):
        """A frame while the load is at rest."""
        motion = 2 * self._e
        if -motion <= gross - self._mean <= motion:
            self._near = now
            self._jump = None
            if alike:
                # A running mean over the last few frames follows rain and drift.
                self._sum += gross - self._mean
                self._mean = (self._sum + 4) // 8
        elif gross == self._jump:
            if self._diff(now, self._jumped) >= _STAND_MS and not (still and self._key(gross)):
                self._leave()
        elif -motion <= before - self._mean <= motion:
            # The first frame elsewhere: damaged, a key, or the begin of a motion.
            if still and self._diff(now, self._near) < self.jump_ms:
                self._jump = gross
                self._jumped = now
        elif -_LOST < before < _LOST and before != self._jump:
            self._leave()

    def _leave(self):
        """The load moves."""
        self._stable = False
        self._jump = None
        self._n = 0
        if self._held is None:
            self._restless = self.news = True

    def _key(self, gross):
        """Whether a key has moved the value from rest to gross; then it is dealt with."""
        was = self._mean
        held = self._held
        e = self._e
        if held is not None:
            if not (-e <= gross - was - held <= e if held else self._ratio(gross, was)):
                return False
            self._held = None
            self._event = TARED if held else UNIT
        elif -2 * gross <= e >= 2 * gross:
            if (was if was > 0 else -was) * _ZERO_SHARE <= self._max:
                self._event = ZEROED
            elif self.netless:
                self._held = was
                self._event = TARED
            else:
                return False
        elif self.unitless and self._ratio(gross, was):
            self._held = 0
            self._event = UNIT
        else:
            return False
        self._restart()
        self._reported = None
        self.news = True
        return True

    def _ratio(self, a, b):
        """Whether a is b in pounds, or the other way round."""
        part = a * 1000 // b if b else 0
        return 2203 <= part <= 2206 or 453 <= part <= 454

    def _tell(self):
        """Set news where the load at rest needs a reading."""
        if self._held is not None:
            return
        if self._restless or self._reported is None:
            self.news = True
        elif not -self._report < self._mean - self._reported < self._report:
            self.news = True

    def _fail(self, code):
        self._fault = code
        self._reported = None
        self._jump = None
        self.news = True

    # What a channel has.

    def sample(self, now):
        self.due = self._add(now, self.source.poll(now))
        if self._diff(now, self._heard) > _SILENT_MS:
            code = quality.BAD_FRAME
            if self._diff(now, self._stirred) > _SILENT_MS:
                code = quality.NOT_READY
                self._stirred = self._add(now, -_SILENT_MS - 1)  # not kept for days
            self._twin = _LOST
            self._heard = self._add(now, -_SILENT_MS - 1)
            if self._fault != code:
                self._fail(code)

    def settled(self):
        return self._known or self._fault != quality.GOOD

    def value(self):
        if self._fault or self._event or not self._known or self._held is not None:
            return None
        return self._mean

    def quality(self):
        if self._fault:
            return self._fault
        if self._event:
            return self._event
        if self._held is not None:
            return TARED if self._held else UNIT
        if not self._known:
            return quality.NO_DATA
        return quality.GOOD if self._stable else quality.MOVING

    def mark_reported(self):
        """Take the present value() as reported; call it after each reading."""
        self.news = False
        if self._event and not self._fault:
            self._event = quality.GOOD
            self._reported = None
            return
        self._restless = not self._stable and self._held is None
        if self._stable and not self._fault:
            self._reported = self._mean
