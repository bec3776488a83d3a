"""One simulated board for a stretch of virtual time: the real firmware on a trace.

micropython boards/sim/run.py --config C.json --trace T.csv --flash F.img
    [--broker HOST:PORT] [--physics ideal|field] [--seed N] [--faults SHARE]
    [--start UNIX] [--until UNIX] [--report R.json] [--progress P.json] [--files DIR] [--quiet]
    [--install FOLDER [--cut N]] [--room BYTES]

SHARE: of its conversions that an HX711 damages, 0 to 1.
DIR: what lies beside the configuration on the board's flash, certificates for one.
FOLDER: a whole firmware, put into /a of the board's flash if that has none; then what
lies on the flash is what runs, as loader.py chooses (slotted.py).
BYTES: what the board tells to be free, of heap and IDF together, as an ESP32 does.
"""

import gc
import json
import os
import sys
import time

_HERE = __file__.rpartition("/")[0] or "."
_FIRMWARE = _HERE + "/../../firmware"
sys.path[:0] = [_HERE, _FIRMWARE, _HERE + "/../../build/lib"]

import main

# isort: split
from board import Board, Stop
from clock import Clock, ShortClock
from flash import Flash
from player import Player, last_second

_DRAIN_MS = 120000  # virtual time the queue may take to empty after the trace


def clock_for(start, until_ms):
    """A clock that begins at start (Unix s), for a run until until_ms."""
    is_short = until_ms + _DRAIN_MS - 1000 * start < ShortClock.SHORT_MS
    return ShortClock(start) if is_short else Clock(start)


class Session:
    """The board with its firmware, through resets and power cuts, until the end of the
    trace. What runs is main.start(), as on any board."""

    def __init__(self, opt):
        from settings import config

        cfg = config.load(opt["config"])
        # The firmware loads it anew.
        del config, sys.modules["settings.config"], sys.modules["settings"]
        self.player = Player(opt["trace"])
        start = int(opt["start"] or self.player.first_ms // 1000)
        self.until_ms = 1000 * int(opt["until"] or last_second(opt["trace"]))
        self.start_ms = 1000 * start
        self.clock = clock_for(start, self.until_ms)
        self.flash = Flash(opt["flash"])
        self.board = Board(
            cfg,
            self.player,
            self.clock,
            self.flash,
            _FIRMWARE,
            opt["physics"],
            int(opt["seed"]),
            float(opt["faults"]),
        )
        self.board.room = int(opt["room"] or 0)
        if opt["quiet"]:
            self.board.print = lambda line: None
        if opt["broker"]:
            host, _, port = opt["broker"].rpartition(":")
            cfg["mqtt"]["host"] = host
            cfg["mqtt"]["port"] = int(port)
        cfg["ntp"] = ["127.0.0.1:%d" % self.board.ntp.port]
        self.device = cfg["device"]
        self._config = json.dumps(cfg)
        self._files = opt["files"]
        self._progress = opt["progress"]
        self.player.listen("reset", self._on_reset)
        self._reset = False
        self.running = None  # what main.start() gave
        self.spool = None
        self.made = 0
        self.published = 0
        self.frames = 0
        self.starts = 0
        self.awake_ms = 0
        self.online_ms = 0
        self.sendings = 0  # wake-ups that used the network
        self.free_low = 1 << 30
        self._waits = 0

    def _on_reset(self, ms, value):
        self._reset = bool(value)

    def run(self):
        cause = "power_on"
        self._reset = False
        while cause != "end":
            stop = self._start(cause)
            self._count()
            cause = stop.how
            if cause == "off":
                cause = self._without_power()
            elif stop.ms:
                self._pass(self.clock.ms() + stop.ms)
            if self.clock.ms() >= self.until_ms:
                cause = "end"

    def _start(self, cause):
        """One start of the firmware until it stops; how it did."""
        self.board.power_up(cause)
        self._configure()
        self.starts += 1
        self.board.on_wait = self._look
        ended = None
        woke = self.clock.ms()
        try:
            self._load()
        except Stop as stop:
            ended = stop
        except Exception as e:
            if type(e).__name__ == "ConfigError":
                raise
            try:
                main.died(self.board, e)
            except Stop as stop:
                ended = stop
        self.awake_ms += self.clock.ms() - woke
        if ended.how == "end":
            self._drain()
        self.board.on_wait = None
        return ended

    def _load(self):
        """The firmware, until it stops."""
        self.running = main.start(self.board)
        self.running.run()

    def _configure(self):
        """config.json on the board, written only when it is another one."""
        if self._config is None:
            return  # written in an earlier start
        path = self.board.data_dir + "/config.json"
        try:
            if os.stat(path)[6] == len(self._config):
                with open(path) as f:
                    if f.read() == self._config:
                        self._config = None
        except OSError:
            pass  # not there yet
        if self._config:
            with open(path, "w") as f:
                f.write(self._config)
            self._config = None
        for name in os.listdir(self._files) if self._files else ():
            _copy(self._files + "/" + name, self.board.data_dir + "/" + name)
        gc.collect()

    def _look(self):
        """Called whenever the firmware waits: end it where the trace says so."""
        if self.player.value("power") == 0:
            raise Stop("off")
        if self._reset:
            self._reset = False
            raise Stop("watchdog")
        if self.clock.ms() >= self.until_ms:
            raise Stop("end")
        self._waits += 1
        if self._waits & 0x3FF == 0:
            gc.collect()
            self.free_low = min(self.free_low, gc.mem_free())
            if self._progress:
                self._tell()

    def _tell(self):
        """How far this run is, for whoever waits for it."""
        sampler = getattr(self.running, "sampler", None)
        channels = sampler.channels if sampler else ()
        grams = [ch.value() for ch in channels if ch.kind == "weight"]
        told = {
            "at": self.clock.ms() // 1000,
            "start": self.start_ms // 1000,
            "until": self.until_ms // 1000,
            "readings": self.made + (sampler.made if sampler else 0),
            "kg": sum(g or 0 for g in grams) / 1000 if grams else None,
        }
        with open(self._progress, "w") as f:
            json.dump(told, f)

    def _pass(self, ms):
        """Let time go by until Unix ms, row by row."""
        ms = min(ms, self.until_ms)
        while self.clock.ms() < ms:
            at = self.player.next_ms
            at = ms if at is None else min(at, ms)
            self.clock.move_us(1000 * max(1, at - self.clock.ms()))

    def _without_power(self):
        self.board.power_down()
        while self.player.value("power") == 0 and self.clock.ms() < self.until_ms:
            self._pass(self.player.next_ms or self.until_ms)
        self._reset = False
        return "power_on" if self.player.value("power") != 0 else "end"

    def _drain(self):
        """The trace has ended: what is in the queue shall still go out."""
        self.board.on_wait = None
        logger = self.running
        if hasattr(logger, "step") and hasattr(logger, "sampler"):
            logger.sampler.read_now()
            self.board.patient = True  # the host answers in real time
            end = self.clock.ms() + _DRAIN_MS
            while len(logger.spool) and self.clock.ms() < end:
                logger.step()
        logger.stop()

    def _count(self):
        """Add up what this start has done; its connection goes with it."""
        was = self.running
        self.running = None
        self.board.unmount()
        if was is None:
            return
        link = getattr(was, "link", None)
        if link:
            self.published += link.published
        mqtt = getattr(link or was, "mqtt", None)
        if mqtt:
            mqtt.close()  # without a word, as when the supply goes
        if hasattr(was, "online_ms"):
            self.online_ms += was.online_ms
            self.sendings += was.link is not None
        sampler = getattr(was, "sampler", None)
        if sampler:
            self.spool = was.spool
            self.made += sampler.made
            for ch in sampler.channels:
                self.frames += getattr(ch, "frames", 0)
        gc.collect()

    def report(self, wall_s):
        gc.collect()
        spool = self.spool
        return {
            "device": self.device,
            "life": spool.state.life,
            "boot": spool.state.boot,
            "readings": self.made,
            "published": self.published,
            "queued": len(spool),
            "dropped": spool.state.dropped,
            "starts": self.starts,
            "awake_s": self.awake_ms / 1000,
            "online_s": self.online_ms / 1000,
            "sendings": self.sendings,
            "virtual_s": (self.clock.ms() - self.start_ms) // 1000,
            "wall_s": wall_s,
            "frames": self.frames,
            "heap_free_low": self.free_low,
            "erases": self.flash.erases,
            "programs": self.flash.programs,
        }


def _copy(path, to):
    with open(path, "rb") as f, open(to, "wb") as g:
        piece = f.read(1024)
        while piece:
            g.write(piece)
            piece = f.read(1024)


def run(argv):
    try:
        import options

        opt = options.options(argv)
        del options, sys.modules["options"]
        if opt["install"]:
            import slotted

            session = slotted.of(Session)(opt, _FIRMWARE)
        else:
            session = Session(opt)
        t0 = time.time()
        session.run()
        report = session.report(round(time.time() - t0, 2))
    except Exception as e:
        if type(e).__name__ not in ("UsageError", "ConfigError", "TraceError"):
            raise
        print("error: %s" % e)
        return 2
    text = json.dumps(report)
    if opt["report"]:
        with open(opt["report"], "w") as f:
            f.write(text + "\n")
    session.board.print("done: " + text)
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
