"""Calibration by cable: commands at the prompt, without a network or a queue.

    mpremote connect PORT resume exec "import bench; bench.ask('{…}')"

The commands and replies are those of MQTT. State lasts from one call to the next for as
long as the board is not restarted; between two calls nobody looks at the platforms, so
each call measures anew. Loaded by nobody but who stands before the board."""

import gc
import json

from health.log import Log
from micropython import const
from net.clock import Clock
from sensors import build
from sensors.sampler import Sampler
from settings import config
from settings.overrides import Overrides

from commands.dispatcher import Commands

_NEVER_S = const(3600)
_bench = None


class Bench:
    """The channels of a board's configuration, and its commands that weigh."""

    def __init__(self, board):
        self._board = board
        self._hal = board.hal
        cfg = config.load(board.data_dir + "/config.json", Overrides(board.data_dir).apply)
        clock = Clock(board)
        self.log = Log(clock, board.print)
        # Temperatures tell weights what they have read, so all of them are built.
        self._channels = build.channels(board, cfg)
        self._sampler = Sampler(board, self._channels, _NEVER_S, _drop, self.log.error)
        self._clock = clock
        self._commands = Commands(board, clock, self._sampler, None, self.log, None)
        gc.collect()

    def ask(self, text, seconds, unix=None):
        """Do one command; wait for its platform to be at rest, but not longer."""
        self._board.at_prompt()
        if unix is not None:
            self._clock.set_ms(unix * 1000)
        try:
            named = json.loads(text).get("channel")
        except (ValueError, AttributeError):
            named = None  # the reply will say what is wrong
        weighing = None
        for ch in self._channels:
            if ch.kind == "weight" and ch.name == named:
                weighing = ch.weighing
                moved = weighing.moved + 1
                weighing.restart()
                weighing.moved = moved
        start = self._hal.ticks_ms()
        while weighing and not weighing.stable:
            if self._hal.ticks_diff(self._hal.ticks_ms(), start) > 1000 * seconds:
                break
            self._board.wait(None, min(200, self._sampler.poll()), False)
        self._commands.take(text.encode())
        return self._commands.poll()


def _drop(body):
    pass


def ask(text, seconds=12, unix=None, board=None):
    """Print the reply to one command given as JSON."""
    global _bench
    if _bench is None:
        if board is None:
            from board import Board

            board = Board()
        _bench = Bench(board)
    print("qingyun: " + _bench.ask(text, seconds, unix))
