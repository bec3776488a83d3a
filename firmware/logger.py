"""The board's one loop: sample what is due, move the queue on, wait for the next.

Each task is guarded: what it raises is written down and only that task starts anew.
The watchdog is fed while every task has ended well within its time."""

import gc
import json
import os

import identity
from health.crash_log import CrashLog
from health.log import Log
from late import forget
from micropython import const
from net.clock import Clock
from net.link import Link
from sensors.sampler import Sampler
from spool import queue

_TICK_MS = const(1000)
_LATE_MS = const(120000)  # a task that has not ended well for so long: no more feeding
_HEALTHY_S = const(60)
_REPLY_MS = const(10000)  # a restart waits so long for its reply to be delivered
_ASKING_MS = const(50)  # a name or time server's answer is looked for so often
# Free of heap and IDF with a session open, together, for an update beside the sampling: it takes
# 18 KB of the heap. Seen in an emulated ESP32: with 30 KB no session was possible any more.
_UPDATE = const(37888)
_HELD_BUT = const(1024)  # by no more may the heap grow while modules are loaded
_SPARE_MS = const(60000)  # after the last command for so long another one is expected
_QUEUE = const(1)
_UPDATES = ("updater", "installer", "update_status", "ab_slots", "bundle", "trust", "chunks")
_UPDATES += ("free_space", "known", "trial", "keys", "command", "store")
_TASKS = ("sampling", "queue", "network", "commands", "update")


class Logger:
    """Built from a board, a checked configuration, how many starts have failed (None on
    trial), the folders of a trial (else None) and the serial lines by UART; step() is one
    turn of the loop."""

    def __init__(self, board, cfg, failed, trial, lines):
        self._board = board
        self._hal = board.hal
        self._failed = failed
        self.clock = Clock(board)
        self.log = Log(self.clock, board.print)
        from sensors import build

        channels = build.channels(board, cfg, lines)
        self.spool = queue.of_board(board, cfg, [ch.name for ch in channels], self.clock, self.log)
        self.crashes = CrashLog(board.data_dir, self.spool.state.boot, self.clock.stamp, self.log)
        self.sampler = Sampler(
            board, channels, cfg["report"]["every_s"], self._take, self.crashes.take
        )
        from sensors import calibration_start

        calibration_start.note(board.data_dir, self.spool, channels, self.log)
        # Some KB that are not needed again, or not before somebody calibrates.
        del calibration_start, build
        forget("sensors.calibration_start", "sensors.build")
        gc.collect()
        self.commands = None  # made when a command comes: until then it costs nothing
        self._commanded = 0  # when the last one came
        from firmware_hash import sha256

        sha = sha256(board.firmware_dir)
        del sha256
        forget("firmware_hash")
        self._about = {"version": identity.VERSION, "sha256": sha}
        self.link = Link(board, cfg, self.clock, self.spool, self._describe, self._sample, self.log)
        self.link.on_command = self._hear
        self.link.crashes = self.crashes
        now = self._hal.ticks_ms()
        self._ticked = now
        # When each task last ended well; None while it is not loaded.
        self._well = [now, now, now, None, None]
        self._restart_at = None
        text = "qingyun %s: %s at %s, life %s, start %d, %s"
        queued = self.spool.state
        what = identity.VERSION, cfg["device"], cfg["site"], queued.life, queued.boot
        self.log.info(text % (what + (board.reset_cause(),)))
        self._key = cfg["update"]["key"] if cfg.get("update") else None
        self.updates = None
        self._look_for_update(trial)
        gc.collect()
        # Collect before the heap is in pieces, not only when it is full. Not too often: the
        # frames of calls count too, though they are given back at once.
        gc.threshold(min(gc.mem_alloc(), gc.mem_free()) // 2)

    def _describe(self):
        self._about["channels"] = self.sampler.channels
        self._about["every_s"] = self.sampler.every_s
        self._about["failed_starts"] = self._failed or 0
        if self.updates:
            self.updates.add_to_birth(self._about)
        return self._about

    def _look_for_update(self, trial):
        """What updates need is loaded only where there is one, or a trial."""
        try:
            os.stat(self._board.data_dir + "/update.json")
        except OSError:
            if not trial:
                return
        from update import known

        self.updates = known.start(self, self._board, self._key, trial, self._about)
        del known
        self._well[4] = self._hal.ticks_ms() if self.updates else None
        self._spare_updates()

    def _load_updates(self):
        self._board.hold(_HELD_BUT)
        try:
            from update.updater import Updater
        finally:
            self._board.let_go()
        self.updates = Updater(self, self._board, self._key, None)
        self._well[4] = self._hal.ticks_ms()

    def _spare_updates(self):
        """Let go of what updates need when none is under way."""
        if self.updates:
            if self.updates.at_work():
                return
            self.updates.add_to_birth(self._about)
        self.updates = self._well[4] = self.link.chunks = None
        for name in _UPDATES:
            forget("update." + name)
        forget("update")

    def _has_room(self):
        """Whether an update leaves what the session needs: the heap gives nothing back."""
        gc.collect()
        free = self._board.memory()
        return "idf" not in free or free["heap"] + free["idf"] >= _UPDATE

    def _begin_update(self, cmd):
        """Do the command `update`, without the modules of the others: both have no room."""
        self._spare_commands()
        try:
            begin = self._update_alone
            if self.updates or self._has_room():
                if self.updates is None:
                    self._load_updates()
                begin = self.updates.begin
            reply = {"ok": True, "result": begin(cmd)}
        except Exception as e:
            # A reason, of update.command; else what nobody foresaw.
            name = type(e).__name__
            reply = {"ok": False, "error": "%s" % e if name == "Failed" else "%s: %s" % (name, e)}
        reply["id"] = cmd["id"]
        self.link.reply(json.dumps(reply))

    def _update_alone(self, cmd):
        """It is done in a start for it alone, which begins when that is said."""
        try:
            from update import store

            store.note(self._board.data_dir, cmd)
        finally:
            self._spare_updates()
        self.log.info("update: restarting, as it has no room beside the channels")
        self.sampler.read_now()
        self._restart_at = self._hal.ticks_add(self._hal.ticks_ms(), _REPLY_MS)
        return {"state": "restart"}

    def _updating(self):
        more = self.updates.poll()
        if self.updates.restart:
            self._restart()
        if not more:
            self._spare_updates()
        return more

    def _take(self, body):
        self.spool.put(self.clock.uptime_s(), body)
        self.link.state.show(body)

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
        if self._well[task] is not None:  # else it has just ended for good
            self._well[task] = self._hal.ticks_ms()
        return result

    def _sample(self):
        return self._run(0, self.sampler.poll, _TICK_MS)

    def _tick(self):
        self.spool.tick(self.clock.uptime_s())

    def _hear(self, payload):
        if self.commands is None:
            self._board.hold(_HELD_BUT)
            try:
                from commands.dispatcher import Commands
            finally:
                self._board.let_go()
            self.commands = Commands(
                self._board,
                self.clock,
                self.sampler,
                self.spool,
                self.log,
                self.crashes,
            )
        self._well[3] = self._commanded = self._hal.ticks_ms()
        self.commands.take(payload)

    def _command(self):
        reply = self.commands.poll()
        if reply:
            self.link.reply(reply)
        if self.commands.changed:
            self.commands.changed = False
            self.link.hello()
        if self.commands.restart:
            self._restart()
        elif self.commands.update and not self.commands.waiting():
            self._begin_update(self.commands.update)
        elif self._hal.ticks_diff(self._hal.ticks_ms(), self._commanded) > _SPARE_MS:
            if not self.commands.waiting():  # one may have come while a packet was under way
                self._spare_commands()

    def _spare_commands(self):
        self.commands = self._well[3] = None
        forget("commands.dispatcher", "commands.calibration", "commands")
        forget("settings.overrides", "settings", "sensors.build")

    def _healthy(self):
        """This start is none that has failed."""
        if self._failed is not None:
            from health import boot_counter

            boot_counter.healthy(self._board)
            forget("health.boot_counter")
            self._failed = None

    def _restart(self):
        now = self._hal.ticks_ms()
        if self._restart_at is None:
            self._restart_at = self._hal.ticks_add(now, _REPLY_MS)
        if self.link.replied() or self._hal.ticks_diff(now, self._restart_at) >= 0:
            self._healthy()  # asked for is not failed
            self.stop()
            self._board.reset()

    def step(self):
        """Sample, use the network, wait until something is due."""
        ms = self._sample()
        now = self._hal.ticks_ms()
        if self._hal.ticks_diff(now, self._ticked) >= _TICK_MS:
            self._ticked = now
            self._run(1, self._tick, None)
            self._watch(now)
        more = self._run(2, self.link.poll, False)
        if self.commands is not None:
            self._run(3, self._command, None)
        if self.updates is not None and self._run(4, self._updating, False):
            more = True
        if self._restart_at is not None:
            self._restart()
        if self.link.liveness.stranded and (not self.updates or self.updates.waiting()):
            if self._restart_at is None:
                self.log.error("net: nothing passes, or memory lacks: restarting")
                if self.updates is not None and self.link.liveness.starved:
                    self.updates.stop()
            self._restart()
        ms -= self._hal.ticks_diff(self._hal.ticks_ms(), now)
        if ms <= 0:
            ms = self._sample()  # the network has taken its time
        if self.link.asking and ms > _ASKING_MS:
            ms = _ASKING_MS
        self._board.wait(self.link.poller(), 0 if more else ms, self.link.expecting)

    def _watch(self, now):
        for t in self._well:
            if t is not None and self._hal.ticks_diff(now, t) > _LATE_MS:
                return  # the watchdog will end this start
        self._board.feed()
        if self._failed is not None and self.clock.uptime_s() >= _HEALTHY_S:
            self._healthy()

    def run(self):
        while True:
            self.step()

    def stop(self):
        """End in good order: nothing stays in RAM only."""
        self.link.stop()
        self.spool.flush()
