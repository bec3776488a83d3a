"""A simulated board that starts as a real one does: loader.py chooses a folder of its flash.

The firmware is what lies in /a or /b there. For each start it is loaded anew, as after a
reset; only what the simulator itself has loaded stays."""

import os
import sys

from board import Stop
from flash import PowerCut

_ROOT = "/flash"


class _Machine:
    """The module `machine`, as far as loader.py uses it."""

    def __init__(self, board):
        self._board = board

    def WDT(self, timeout=0):
        self._board.watch(timeout)

    def reset(self):
        self._board.reset()


class _Module:
    """The module `board`: there is one board, and it is there already."""

    def __init__(self, board, start):
        self._board = board
        self._start = start

    def Board(self):
        # main.main() has just asked for it: what it starts is looked at from here.
        main = sys.modules["main"]
        start = main.start
        main.start = lambda board: self._start(start, board)
        return self._board


class _Last:
    """What the report says of a queue, without the firmware that it was of."""

    def __init__(self, spool):
        self.life, self.boot, self.dropped = spool.state.life, spool.state.boot, spool.state.dropped
        self._n = len(spool)

    def __len__(self):
        return self._n


def of(Session):
    """The Session of run.py for such a board.

    Of its options: install is a folder with a whole firmware, put into /a of a flash
    that has none; cut: the power goes in so manieth program or erase of the flash."""

    class Slotted(Session):
        def __init__(self, opt, firmware):
            super().__init__(opt)
            import loader

            self._loader = loader
            self._install = opt["install"]
            self._cut = int(opt["cut"]) if opt["cut"] else None
            for name in _modules(firmware):
                if name != "loader":
                    sys.modules.pop(name, None)
            sys.path.remove(firmware)
            sys.modules["machine"] = _Machine(self.board)
            sys.modules["board"] = _Module(self.board, self._begin)
            self._ours = set(sys.modules)
            self._path = list(sys.path)

        def _begin(self, start, board):
            self.running = start(board)
            return self.running

        def _load(self):
            if self._install:
                _copy(self._install, _ROOT + "/a")
                self._install = None
            self.board.firmware_dir = _ROOT + "/" + _next(self._loader)
            if self._cut is not None:
                self.flash.cut_after = self._cut
                self._cut = None
            try:
                self._loader.run(_ROOT)
            except PowerCut:
                raise Stop("off")
            raise Stop("end")  # it stays at the prompt

        def _look(self):
            if self.flash.off:  # closing a file has hidden the cut
                raise Stop("off")
            super()._look()

        def _drain(self):
            if self.running:
                super()._drain()

        def _count(self):
            if self.flash.off:  # the cut has come: there is one
                self.flash.off = False
                self.flash.cut_after = None
            super()._count()
            if self.spool and not isinstance(self.spool, _Last):
                self.spool = _Last(self.spool)
            sys.path[:] = self._path
            for name in list(sys.modules):
                if name not in self._ours:
                    del sys.modules[name]

    return Slotted


def _next(loader):
    """The folder that loader.choose() is about to take."""
    slots = loader.load(_ROOT)
    trial = slots.get("trial")
    return trial if trial and slots.get("starts", 0) < loader.TRIAL_STARTS else slots["good"]


def _modules(folder, sub=""):
    for name in os.listdir(folder):
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            yield sub + name
            for inner in _modules(path, sub + name + "."):
                yield inner
        else:
            yield sub + name.rsplit(".", 1)[0]


def _copy(source, target):
    try:
        os.mkdir(target)
    except OSError:
        return  # there is one already
    _copy_into(source, target)


def _copy_into(source, target):
    for name in os.listdir(source):
        path, to = source + "/" + name, target + "/" + name
        if os.stat(path)[0] & 0x4000:
            os.mkdir(to)
            _copy_into(path, to)
            continue
        with open(path, "rb") as f, open(to, "wb") as g:
            piece = f.read(1024)
            while piece:
                g.write(piece)
                piece = f.read(1024)
