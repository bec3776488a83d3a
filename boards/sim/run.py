"""One simulated board for a stretch of virtual time: the real firmware on a trace.

micropython boards/sim/run.py --config C.json --trace T.csv --flash F.img
    [--broker HOST:PORT] [--physics ideal|field] [--seed N] [--start UNIX]
    [--until UNIX] [--report R.json] [--quiet]
"""

import gc
import json
import sys
import time

_HERE = __file__.rpartition("/")[0] or "."
_ROOT = _HERE + "/../.."
sys.path[:0] = [_HERE, _ROOT + "/firmware", _ROOT + "/build/lib"]

import main

# isort: split
import config
from board import Board
from clock import Clock
from flash import Flash
from player import Player, TraceError, last_second

_OPTIONS = {
    "config": None,
    "trace": None,
    "flash": None,
    "broker": "",
    "physics": "ideal",
    "seed": "1",
    "start": "",
    "until": "",
    "report": "",
    "quiet": "",
}
_DRAIN_MS = 120000  # virtual time the queue may take to empty after the trace


class UsageError(Exception):
    """The message says which argument, and what was expected."""


def options(argv):
    got = dict(_OPTIONS)
    i = 0
    while i < len(argv):
        name = argv[i][2:]
        if not argv[i].startswith("--") or name not in got:
            raise UsageError("%s: no such option; known: --%s" % (argv[i], " --".join(sorted(got))))
        if name == "quiet":
            got[name] = "1"
            i += 1
            continue
        if i + 1 >= len(argv):
            raise UsageError("--%s: expected a value" % name)
        got[name] = argv[i + 1]
        i += 2
    for name in ("config", "trace", "flash"):
        if got[name] is None:
            raise UsageError("--%s: must be given" % name)
    if got["physics"] not in ("ideal", "field"):
        raise UsageError("--physics: expected ideal or field, found " + got["physics"])
    broker = got["broker"]
    if broker and not broker.rpartition(":")[2].isdigit():
        raise UsageError("--broker: expected HOST:PORT, found " + broker)
    for name in ("seed", "start", "until"):
        if got[name] and not got[name].isdigit():
            raise UsageError("--%s: expected a whole number, found %s" % (name, got[name]))
    return got


class Session:
    """The board with its firmware, through power cuts, until the end of the trace."""

    def __init__(self, opt):
        self.cfg = config.load(opt["config"])
        if opt["broker"]:
            host, _, port = opt["broker"].rpartition(":")
            self.cfg["mqtt"]["host"] = host
            self.cfg["mqtt"]["port"] = int(port)
        self.player = Player(opt["trace"])
        start = int(opt["start"] or self.player.first_ms // 1000)
        self.until_ms = 1000 * int(opt["until"] or last_second(opt["trace"]))
        self.start_ms = 1000 * start
        self.clock = Clock(start)
        self.flash = Flash(opt["flash"])
        self.board = Board(
            self.cfg,
            self.player,
            self.clock,
            self.flash,
            _ROOT + "/firmware",
            opt["physics"],
            int(opt["seed"]),
        )
        if opt["quiet"]:
            self.board.print = lambda line: None
        self.cfg["ntp"] = ["127.0.0.1:%d" % self.board.ntp.port]
        self.logger = None
        self.spool = None
        self.made = 0
        self.published = 0
        self.frames = 0
        self.free_low = 1 << 30

    def run(self):
        checked = 0
        self._power_on()
        while self.clock.ms() < self.until_ms:
            if self.player.value("power") == 0:
                self._power_off()
                continue
            self.logger.step()
            checked += 1
            if checked & 0x3FF == 0:
                gc.collect()
                self.free_low = min(self.free_low, gc.mem_free())
        if self.logger:
            self._drain()
            self.logger.stop()
            self._count()

    def _power_on(self):
        self.board.power_up("power_on")
        self.logger = main.Logger(self.board, self.cfg)
        self.spool = self.logger.spool

    def _power_off(self):
        """The supply is gone until the trace says otherwise: no goodbye, no flush."""
        self._count()
        self.logger.link.cut()
        self.logger = None
        gc.collect()
        self.board.power_down()
        while self.player.value("power") == 0 and self.clock.ms() < self.until_ms:
            at = self.player.next_ms
            at = self.until_ms if at is None else min(at, self.until_ms)
            self.clock.move_us(1000 * max(1, at - self.clock.ms()))
        if self.player.value("power") != 0:
            self._power_on()

    def _drain(self):
        self.logger.sampler.read_now()
        self.board.patient = True  # the host answers in real time
        end = self.clock.ms() + _DRAIN_MS
        while len(self.logger.spool) and self.clock.ms() < end:
            self.logger.step()

    def _count(self):
        self.made += self.logger.sampler.made
        self.published += self.logger.link.published
        for ch in self.logger.sampler.channels:
            self.frames += getattr(ch, "frames", 0)

    def report(self, wall_s):
        gc.collect()
        spool = self.spool
        return {
            "device": self.cfg["device"],
            "life": spool.life,
            "boot": spool.boot,
            "readings": self.made,
            "published": self.published,
            "queued": len(spool),
            "dropped": spool.dropped,
            "virtual_s": (self.clock.ms() - self.start_ms) // 1000,
            "wall_s": wall_s,
            "frames": self.frames,
            "heap_free_low": self.free_low,
            "erases": self.flash.erases,
            "programs": self.flash.programs,
        }


def run(argv):
    try:
        opt = options(argv)
        session = Session(opt)
        t0 = time.time()
        session.run()
        report = session.report(round(time.time() - t0, 2))
    except (UsageError, config.ConfigError, TraceError) as e:
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
