"""A simulated ESP32 as one finds it at the end of a cable: littlefs as the root, /main.py
at the start, then the prompt. Started by tools/pty_board.py in an empty environment:

micropython -i -m device OPTIONS.json

OPTIONS: flash, control, rtc, trace: paths of files; cause: of this start; prompt: true for
no /main.py (as after a soft reset in the raw REPL); speed, physics, seed, ntp_port, cells
({channel: {"zero", "counts_per_kg"}}), umqtt: whether the image has it, version."""

import json
import sys
import time

import realtime
import vfs
from chipset import Machine
from flash import Flash
from ntp_server import NtpServer
from player import Player

NAME = "qingyun simulated device"
CELL = {"zero": 84213, "counts_per_kg": 21000}
_TIME = 8  # bytes of the file of the RTC that are its time; its memory follows
_ZERO = 1 << 62


class Rtc:
    """The RTC's time and memory, in a file that outlives the process."""

    def __init__(self, path):
        self._f = open(path, "r+b")
        raw = self._f.read()
        # By how much it is ahead of the machine's clock; None while it was never set.
        self.ahead_us = int.from_bytes(raw[:_TIME], "little") - _ZERO if raw else None
        self._memory = raw[_TIME:]

    def set(self, ahead_us):
        self.ahead_us = ahead_us
        self._write()

    def load(self):
        return self._memory

    def store(self, raw):
        if len(raw) > 2048:
            raise ValueError("RTC memory: at most 2048 bytes")
        self._memory = bytes(raw) + bytes(max(0, len(self._memory) - len(raw)))
        self._write()

    def _write(self):
        ahead = 0 if self.ahead_us is None else self.ahead_us
        self._f.seek(0)
        self._f.write((ahead + _ZERO).to_bytes(_TIME, "little") + self._memory)


class Device:
    """The hardware that board.py of this device finds."""

    def __init__(self, options):
        o = options
        self.cause = o["cause"]
        self.physics = o["physics"]
        self.seed = o["seed"]
        self.cells = o["cells"]
        self.machine = Machine(open(o["control"], "wb"), o["cause"])
        self.rtc = Rtc(o["rtc"])
        self.clock = realtime.RealClock(time.time(), o["speed"])
        self.player = Player(o["trace"])
        self.flash = Flash(o["flash"])
        self.ntp = NtpServer(self.clock, o["ntp_port"])
        # What config.json may name: later no file of this folder can be reached.
        physics = "physics" if self.physics == "field" else "ideal"
        wired = "converters", "ads1115_chip", "serial_scales", "serial_rangers", "serial_cards"
        for name in (physics, "name_server") + wired:  # noqa: RUF005  MicroPython has no other way
            __import__(name)


def mount(flash):
    """littlefs becomes the root, made when the flash is empty. Open files stay open."""
    vfs.umount("/")
    if flash.fresh:
        vfs.VfsLfs2.mkfs(flash)
    vfs.mount(vfs.VfsLfs2(flash), "/")
    sys.path[:] = ["", ".frozen", "/lib"]


def play_image(options):
    """What an image has or lacks besides."""
    if options["umqtt"]:
        import umqtt.simple  # noqa: F401  from then on it needs no file, as if it were frozen
    for name in ("board", "realtime"):
        del sys.modules[name]  # the application brings a board.py of its own


def run(path):
    """Run a file of the root as the port does at the start."""
    try:
        with open(path) as f:
            text = f.read()
    except OSError:
        return
    try:
        exec(text, {"__name__": "__main__", "__file__": path})
    except KeyboardInterrupt as e:
        sys.print_exception(e)
    except Exception as e:
        sys.print_exception(e)


def start(path):
    global device
    with open(path) as f:
        options = json.load(f)
    device = Device(options)
    sys.modules["machine"] = device.machine
    sys.modules["device"] = sys.modules["__main__"]
    play_image(options)
    mount(device.flash)
    device.machine.booted()
    run("/boot.py")
    if not options["prompt"]:
        run("/main.py")


device = None
RealBoard = realtime.RealBoard

if __name__ == "__main__":
    start(sys.argv[1])
