"""A simulated board under measurement. The options of run.py, and:

--speed N      real time, N times as fast (without it: virtual time)
--patience MS  real time that an expected answer is given in virtual time (1000)
--made FILE    the true time of each reading made, Unix ms, a line each
--hand FILE    what a hand does: lines `channel value`, looked at whenever the board waits

Its report has more: polls of the sampler, and the longest time between two of them, and
between two feedings of the watchdog.
"""

import sys

import run

# isort: split
from board import Board
from realtime import RealBoard, RealClock
from sensors.sampler import Sampler

_OWN = {"--speed": "0", "--patience": "1000", "--made": "", "--hand": ""}


class Watch:
    """Stands around the sampler and notes when it is called."""

    def __init__(self, made):
        self.polls = 0
        self.longest = 0
        self._last = None
        self.hungry = 0
        self._fed = None
        self._made = open(made, "w") if made else None

    def feed(self, clock):
        now = clock.ticks_ms()
        if self._fed is not None:
            self.hungry = max(self.hungry, clock.ticks_diff(now, self._fed))
        self._fed = now

    def poll(self, sampler):
        now = sampler.hal.ticks_ms()
        if self._last is not None:
            self.longest = max(self.longest, sampler.hal.ticks_diff(now, self._last))
        self._last = now
        self.polls += 1

    def reading(self, sampler):
        if self._made:
            self._made.write("%d\n" % sampler.hal.ms())
            self._made.flush()


def watch_all(watch):
    poll, read_now, feed = Sampler.poll, Sampler.read_now, Board.feed

    def watched_poll(self):
        watch.poll(self)
        return poll(self)

    def watched_read(self):
        watch.reading(self)
        read_now(self)

    def watched_feed(self):
        watch.feed(self.clock)
        feed(self)

    Sampler.poll, Sampler.read_now, Board.feed = watched_poll, watched_read, watched_feed


class Session(run.Session):
    """With --speed the end of the time is the end: nothing more is waited for."""

    speed = 0
    watch = None
    hand = ""
    _done = None  # what the hand has done last

    def _look(self):
        super()._look()
        if self.hand:
            with open(self.hand) as f:
                text = f.read()
            if text != self._done:
                self._done = text
                for line in text.split("\n"):
                    if line:
                        channel, _, value = line.partition(" ")
                        self.player.put(self.clock.ms(), channel, float(value))

    def _drain(self):
        if not self.speed:
            super()._drain()

    def report(self, wall_s):
        out = super().report(wall_s)
        out["polls"] = self.watch.polls
        out["poll_gap_ms"] = self.watch.longest
        out["feed_gap_ms"] = self.watch.hungry
        return out


def main(argv):
    own = dict(_OWN)
    rest = []
    i = 0
    while i < len(argv):
        if argv[i] in own:
            own[argv[i]] = argv[i + 1]
            i += 1
        else:
            rest.append(argv[i])
        i += 1
    speed = int(own["--speed"])
    Board.patience_ms = int(own["--patience"])
    Session.speed = speed
    Session.watch = Watch(own["--made"])
    Session.hand = own["--hand"]
    watch_all(Session.watch)
    if speed:
        run.clock_for = lambda unix_s, until_ms: RealClock(unix_s, speed)
        run.Board = RealBoard
    run.Session = Session
    return run.run(rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
