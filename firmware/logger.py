"""The board's one loop: sample what is due, move the queue on, wait for the next."""

import gc

import identity
from log import Log
from micropython import const
from net.clock import Clock
from net.link import Link
from sampler import Sampler
from sensors import build
from spool import Spool

_TICK_MS = const(1000)


class Logger:
    """Built from a board and a checked configuration; step() is one turn of the loop."""

    def __init__(self, board, cfg):
        self._board = board
        self._hal = board.hal
        self.clock = Clock(board)
        self.log = Log(self.clock, board.print)
        channels = build.channels(board, cfg)
        names = [ch.name for ch in channels]
        s = cfg["spool"]
        self.spool = Spool(
            board.data_dir + "/" + s["dir"],
            names,
            board.random,
            self.log,
            s["max_kb"] * 1024,
            s["batch"],
            s["flush_s"],
        )
        about = identity.describe(channels, identity.sha256(board.firmware_dir))
        self.sampler = Sampler(board, channels, cfg["report"]["every_s"], self._take)
        self.link = Link(board, cfg, self.clock, self.spool, about, self.sampler.poll, self.log)
        self._ticked = self._hal.ticks_ms()
        self.log.info(
            "qingyun %s: %s at %s, life %s, start %d, %s"
            % (
                identity.VERSION,
                cfg["device"],
                cfg["site"],
                self.spool.life,
                self.spool.boot,
                board.reset_cause(),
            )
        )
        gc.collect()
        # Collect before the heap is in pieces, not only when it is full.
        gc.threshold(gc.mem_alloc() // 4)

    def _take(self, body):
        dated, seconds = self.clock.stamp()
        self.spool.put(dated, seconds, body, self.clock.up())
        self.link.show(body)

    def step(self):
        """Sample, use the network, wait until something is due."""
        ms = self.sampler.poll()
        now = self._hal.ticks_ms()
        if self._hal.ticks_diff(now, self._ticked) >= _TICK_MS:
            self._ticked = now
            self.spool.tick(self.clock.up())
            self._board.feed()
        more = self.link.poll()
        self._board.wait(self.link.poller(), 0 if more else ms, self.link.expecting)

    def run(self):
        while True:
            self.step()

    def stop(self):
        """End in good order: nothing stays in RAM only."""
        self.link.stop()
        self.spool.flush()
