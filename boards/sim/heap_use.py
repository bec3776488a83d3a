"""What the firmware takes of the heap: micropython heap_use.py FIRMWARE DATA

FIRMWARE: the modules as a board has them; DATA: a folder with its config.json. Starts the
firmware with hardware that does nothing, and prints lines of JSON: ["module", name, bytes,
stays], in the order of their imports; ["started", live bytes] before the first turn of the loop;
["late", name, bytes] for what is loaded when it is first needed. The table of names is told
before the start, after it, and at the end."""

import builtins
import gc
import json
import sys

# What a stock image has in its ROM costs nothing there.
import umqtt.simple  # noqa: F401
from micropython import qstr_info

_LATE = (
    "net.error_text",
    "net.tls",
    "commands.dispatcher",
    "commands.calibration",
    "update.updater",
    "update.installer",
)


class Nothing:
    """Hardware: it takes what it is asked, and answers 1."""

    def __init__(self, *args, **named):
        pass

    def __getattr__(self, name):
        return self._answer

    def _answer(self, *args, **named):
        return 1

    __call__ = _answer


class Pin(Nothing):
    OUT = IN = PULL_UP = 1


class Machine(Nothing):
    Pin = Pin
    UART = I2C = Nothing
    PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = range(5)

    def RTC(self):
        return self

    def memory(self, *args):
        return b""

    def reset_cause(self):
        return self.HARD_RESET


class Network(Nothing):
    STA_IF = 0
    WLAN = OneWire = DS18X20 = Nothing


class Esp32(Nothing):
    HEAP_DATA = 0

    def idf_heap_info(self, kind):
        return [(0, 0, 0, 0)]


class Heap:
    """Stands around the import of modules. What a module takes is without what it imports."""

    def __init__(self):
        self._import = builtins.__import__
        self._within = []
        self._order = []
        self._took = {}

    def live(self):
        gc.collect()
        return gc.mem_alloc()

    def load(self, name, globals=None, locals=None, wanted=(), level=0):
        known = set(sys.modules)
        before = self.live()
        self._within.append(0)
        module = self._import(name, globals, locals, wanted, level)
        inner = self._within.pop()
        new = [n for n in sys.modules if n not in known and n not in self._took]
        new = [n for n in new if hasattr(sys.modules[n], "__file__")]
        if new:
            took = self.live() - before
            if self._within:
                self._within[-1] += took
            # A package comes with the first of its modules: that one has both.
            self._took[new[-1] if new[-1] != name else name] = took - inner
            for n in new[:-1]:
                self._took[n] = 0
            self._order += new
        return module

    def tell(self):
        for name in self._order:
            print(json.dumps(("module", name, self._took[name], name in sys.modules)))

    def late(self):
        for name in _LATE:
            before = self.live()
            self._import(name)
            print(json.dumps(("late", name, self.live() - before)))


def main(folder, data):
    machine = Machine()
    wires = Network()
    ours = {"machine": machine, "network": wires, "esp32": Esp32(), "ssl": Nothing()}
    ours["ds18x20"] = ours["onewire"] = wires
    sys.modules.update(ours)
    sys.path[:] = [folder, ".frozen"]
    # The table of names doubles when it is full: at 300, 620 and 1260 names. When that happens
    # depends on the image, so here there is room before the firmware comes.
    room = Nothing()
    for i in range(540):
        setattr(room, "name%d" % i, 0)
    del room
    heap = Heap()
    heap.load("os")
    qstr_info()
    before = heap.live()
    builtins.__import__ = heap.load
    import main
    from board import Board

    Board.data_dir = data
    Board.firmware_dir = folder
    running = main.start(Board())
    builtins.__import__ = heap._import
    live = heap.live() - before
    heap.tell()
    print(json.dumps(("started", live)))
    qstr_info()
    heap.late()
    qstr_info()
    return running


kept = main(sys.argv[1], sys.argv[2])
