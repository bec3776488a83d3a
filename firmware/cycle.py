"""Duty cycle for boards on batteries that have no scale: wake up, look, sleep again.

What was read stands in the batch that survives sleep; the network is used when enough
readings wait. The clock is kept by the RTC and put right whenever the network is up."""

import gc

import identity
from health.log import Log
from micropython import const
from net.clock import Clock
from net.link import Link
from sensors import build
from sensors.sampler import Sampler
from spool import queue

_LOOK_MS = const(3000)  # three pings, or a temperature, take less
_ONLINE_MS = const(30000)
_ASSOCIATE_MS = const(10000)
_LEAST_MS = const(1000)


class Cycle:
    """run() is one waking; it ends in deep sleep. Built as a Logger is."""

    def __init__(self, board, cfg, slots, lines):
        self._board = board
        self._hal = board.hal
        self._cfg = cfg
        self._slots = slots
        self._woke = self._hal.ticks_ms()
        self.clock = Clock(board)
        self.log = Log(self.clock, board.print)
        channels = build.channels(board, cfg, lines)
        self.spool = queue.of_board(board, cfg, [ch.name for ch in channels], self.clock, self.log)
        self.sampler = Sampler(board, channels, 3600, self._take, self._failed)
        self.link = None
        self.online_ms = 0
        gc.collect()

    def _take(self, body):
        self.spool.put(self.clock.uptime_s(), body)

    def _failed(self, name, e):
        self.log.error(name, e)

    def run(self):
        self._look()
        # Without the time a reading cannot be dated by a later waking: ask at once. What
        # could not be sent waits for its next turn, lest an outage empty the battery.
        every = self._cfg["power"]["send_every"]
        trial = self._slots and self._slots.trial
        if trial or self.clock.unix() is None or len(self.spool) % every == 0:
            self._send()
        if trial and self.sampler.made and self.clock.state == "ntp" and self.link.published:
            self._slots.confirm()
            self.log.info("update: this firmware is good")
        self._sleep()

    def _look(self):
        """Sample until the first reading is made; it waits for every channel."""
        start = self._hal.ticks_ms()
        while (
            not self.sampler.made and self._hal.ticks_diff(self._hal.ticks_ms(), start) < _LOOK_MS
        ):
            self._board.feed()
            ms = self.sampler.poll()
            if not self.sampler.made:
                self._board.wait(None, ms, False)
        if not self.sampler.made:
            self.sampler.read_now()

    def _send(self):
        """Everything that waits, within a bounded time; what is left goes next time."""
        from firmware_hash import sha256

        sha = sha256(self._board.firmware_dir)
        about = {
            "version": identity.VERSION,
            "sha256": sha,
            "channels": self.sampler.channels,
            "every_s": self._cfg["power"]["wake_s"],
        }
        self.link = Link(
            self._board, self._cfg, self.clock, self.spool, lambda: about, self._idle, self.log
        )
        start = self._hal.ticks_ms()
        while len(self.spool) or self.clock.state != "ntp":
            ms = self._hal.ticks_diff(self._hal.ticks_ms(), start)
            if ms > _ONLINE_MS or (ms > _ASSOCIATE_MS and not self.link.associated):
                break
            self._board.feed()
            more = self.link.poll()
            self._board.wait(self.link.poller(), 0 if more else 100, self.link.expecting)
        self.spool.tick(self.clock.uptime_s())
        self.link.stop()
        self.online_ms = self._hal.ticks_diff(self._hal.ticks_ms(), start)

    @staticmethod
    def _idle():
        """While the network is waited for; ms until it shall be called again. The watchdog is
        fed when a step of the network has ended."""
        return 1000

    def _awake(self):
        return self._hal.ticks_diff(self._hal.ticks_ms(), self._woke)

    def _sleep(self):
        left = 1000 * self._cfg["power"]["wake_s"] - self._awake()
        self._board.deep_sleep(max(_LEAST_MS, left))

    def stop(self):
        """End in good order."""
        if self.link:
            self.link.stop()
        self.spool.flush()
