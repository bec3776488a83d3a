"""The board's one loop: sample what is due, move the queue on, wait for the next.

Each task is guarded: what it raises is written down and only that task starts anew.
The watchdog is fed while every task has ended well within its time."""

import gc
import sys

import identity
import sensors
import spool
from crash import CrashLog
from log import Log
from micropython import const
from net.clock import Clock
from net.link import Link
from sampler import Sampler

_TICK_MS = const(1000)
_LATE_MS = const(120000)  # a task that has not ended well for so long: no more feeding
_HEALTHY_S = const(60)
_REPLY_MS = const(10000)  # a restart waits so long for its reply to be delivered
_QUEUE = const(1)
_TASKS = ("sampling", "queue", "network", "commands")


class Logger:
    """Built from a board, a checked configuration and the count of failed starts;
    step() is one turn of the loop."""

    def __init__(self, board, cfg, starts):
        self._board = board
        self._hal = board.hal
        self._starts = starts
        self.clock = Clock(board)
        self.log = Log(self.clock, board.print)
        from sensors import build

        channels = build.channels(board, cfg)
        self.spool = spool.of_board(board, cfg, [ch.name for ch in channels], self.clock, self.log)
        self.crashes = CrashLog(board.data_dir, self.spool.boot, self.clock.stamp, self.log)
        self.sampler = Sampler(
            board, channels, cfg["report"]["every_s"], self._take, self.crashes.take
        )
        import since

        since.note(board.data_dir, self.spool, channels, self.log)
        # Some KB that are not needed again, or not before somebody calibrates.
        del since, build, sys.modules["since"], sys.modules["sensors.build"], sensors.build
        gc.collect()
        self.commands = None  # made when the first command comes: until then it costs nothing
        sha = identity.sha256(board.firmware_dir)
        self._about = {"version": identity.VERSION, "sha256": sha}
        self.link = Link(board, cfg, self.clock, self.spool, self._describe, self._sample, self.log)
        self.link.on_command = self._hear
        self.link.crashes = self.crashes
        now = self._hal.ticks_ms()
        self._ticked = now
        self._well = [now] * len(_TASKS)
        self._restart_at = None
        text = "qingyun %s: %s at %s, life %s, start %d, %s"
        what = (identity.VERSION, cfg["device"], cfg["site"], self.spool.life, self.spool.boot)
        self.log.info(text % (what + (board.reset_cause(),)))
        gc.collect()
        # Collect before the heap is in pieces, not only when it is full.
        gc.threshold(gc.mem_alloc() // 4)

    def _describe(self):
        self._about["channels"] = self.sampler.channels
        self._about["failed_starts"] = self._starts.failed if self._starts else 0
        return self._about

    def _take(self, body):
        self.spool.put(self.clock.up(), body)
        self.link.show(body)

    def _run(self, task, call, otherwise):
        """call(), guarded; `otherwise` when it raised."""
        try:
            result = call()
        except Exception as e:  # the task's own handling has missed it: a bug, not a fault
            self.crashes.take(_TASKS[task], e)
            if task == _QUEUE:
                raise  # the queue cannot be put right in place: the board restarts
            if call == self.link.poll:
                self.link.restart()
            return otherwise
        self._well[task] = self._hal.ticks_ms()
        return result

    def _sample(self):
        return self._run(0, self.sampler.poll, _TICK_MS)

    def _tick(self):
        self.spool.tick(self.clock.up())

    def _hear(self, payload):
        if self.commands is None:
            from commands import Commands

            self.commands = Commands(
                self._board,
                self.clock,
                self.sampler,
                self.spool,
                self.log,
                self.crashes,
            )
        self.commands.take(payload)

    def _command(self):
        if self.commands is None:
            return
        reply = self.commands.poll()
        if reply:
            self.link.reply(reply)
        if self.commands.changed:
            self.commands.changed = False
            self.link.hello()
        if self.commands.restart:
            self._restart()

    def _restart(self):
        now = self._hal.ticks_ms()
        if self._restart_at is None:
            self._restart_at = self._hal.ticks_add(now, _REPLY_MS)
        if self.link.replied() or self._hal.ticks_diff(now, self._restart_at) >= 0:
            if self._starts:
                self._starts.healthy()  # asked for is not failed
            self.stop()
            self._board.reset()

    def step(self):
        """Sample, use the network, wait until something is due."""
        self._sample()
        now = self._hal.ticks_ms()
        if self._hal.ticks_diff(now, self._ticked) >= _TICK_MS:
            self._ticked = now
            self._run(1, self._tick, None)
            self._watch(now)
        more = self._run(2, self.link.poll, False)
        self._run(3, self._command, None)
        ms = self._sample()  # the network may have taken its time
        self._board.wait(self.link.poller(), 0 if more else ms, self.link.expecting)

    def _watch(self, now):
        for t in self._well:
            if self._hal.ticks_diff(now, t) > _LATE_MS:
                return  # the watchdog will end this start
        self._board.feed()
        if self._starts and self.clock.up() >= _HEALTHY_S:
            self._starts.healthy()
            self._starts = None

    def run(self):
        while True:
            self.step()

    def stop(self):
        """End in good order: nothing stays in RAM only."""
        self.link.stop()
        self.spool.flush()
