"""Under MicroPython: an update on a simulated board, and before each program and each erase of
its flash a look at what would start if the power went in the middle of it.

micropython -m run_cuts OPTIONS OF boards/sim/run.py

Each time the flash is copied with that operation half done, and mounted: the folder that
loader.py would choose must be whole by its manifest, and so must the good one."""

import hashlib
import json
import sys
from binascii import hexlify

import run
import vfs

# isort: split
import loader
from flash import BLOCK, Flash


_WORDS = (b"slots", b"manif")


class Image:
    """The flash as it would be after a cut."""

    def __init__(self, raw, blocks):
        self._raw = raw
        self._blocks = blocks

    def readblocks(self, n, buf, off=0):
        at = n * BLOCK + off
        buf[:] = memoryview(self._raw)[at : at + len(buf)]

    def writeblocks(self, n, buf, off=0):
        at = n * BLOCK + off
        self._raw[at : at + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 6:
            self._raw[arg * BLOCK : (arg + 1) * BLOCK] = b"\xff" * BLOCK
        return self._blocks if op == 4 else BLOCK if op == 5 else 0


class Watched(Flash):
    """Looks before it writes, once there is something to lose: each time while what loader.py
    goes by is written, and a few operations after; of the rest every 25th time."""

    cuts = 0
    operations = 0
    chosen = {}  # folder: how often
    raw = None
    close = 0  # so many operations are still near

    def writeblocks(self, n, buf, off=0):
        text = bytes(buf)
        for word in _WORDS:
            if word in text:
                self.close = 12
        self._consider(n * BLOCK + off, memoryview(text)[: len(text) // 2])
        super().writeblocks(n, buf, off)

    def ioctl(self, op, arg):
        if op == 6:
            self._consider(arg * BLOCK, b"\xff" * (BLOCK // 2))
        return super().ioctl(op, arg)

    def _consider(self, at, half):
        if not Session.installed:
            return
        Watched.operations += 1
        if self.close or self.operations % 25 == 0:
            self.close = max(0, self.close - 1)
            self._look(at, half)

    def _look(self, at, half):
        if self.raw is None:
            self.raw = bytearray(BLOCK * self.blocks)
        self._f.seek(0)
        self._f.readinto(self.raw)
        self.raw[at : at + len(half)] = half
        vfs.mount(vfs.VfsLfs2(Image(self.raw, self.blocks)), "/cut")
        slots = loader.load("/cut")
        folder = loader.choose("/cut")
        for name in {folder, slots["good"]}:
            fault = whole("/cut/" + name)
            if fault:
                raise SystemExit("CUT %d: %s of %r: %s" % (self.cuts, name, slots, fault))
        vfs.umount("/cut")
        Watched.cuts += 1
        Watched.chosen[folder] = Watched.chosen.get(folder, 0) + 1
        if self.cuts % 20 == 0:
            print("looked %d times, of %d: %r" % (self.cuts, self.operations, self.chosen))


def whole(folder):
    """What is wrong with a folder, by its manifest; None when nothing is."""
    try:
        with open(folder + "/manifest.json") as f:
            files = json.load(f)["files"]
        for name in files:
            with open(folder + "/" + name, "rb") as f:
                if hexlify(hashlib.sha256(f.read()).digest()).decode() != files[name]:
                    return name + " is another"
    except (OSError, ValueError, KeyError) as e:
        return "%s: %s" % (type(e).__name__, e)
    return None if "main.mpy" in files else "no main.mpy"


class Session(run.Session):
    installed = False

    def _look(self):
        """The firmware waits for the first time: from here on it must never be lost."""
        Session.installed = True
        super()._look()


run.Session = Session
run.Flash = Watched
sys.exit(run.run(sys.argv[1:]))
