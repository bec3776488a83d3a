"""Under MicroPython: an update on a simulated board, and before each program and each erase of
its flash a look at what would start if the power went in the middle of it.

micropython -m run_cuts OPTIONS OF boards/sim/run.py

Each time the flash is copied with that operation half done, and mounted: the folder that
loader.py would choose must be whole by its manifest, and so must the good one."""

import hashlib
import json
import os
import sys
from binascii import hexlify

import run
import vfs

# isort: split
import loader
from flash import BLOCK, Flash


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
    """Looks before it writes, once something is to be lost."""

    cuts = 0
    last = None
    chosen = {}  # folder: how often

    def writeblocks(self, n, buf, off=0):
        half = len(buf) // 2
        self._look(n * BLOCK + off, memoryview(buf)[:half])
        super().writeblocks(n, buf, off)

    def ioctl(self, op, arg):
        if op == 6:
            self._look(arg * BLOCK, b"\xff" * (BLOCK // 2))
        return super().ioctl(op, arg)

    def _look(self, at, half):
        if not Session.installed:
            return
        self._f.seek(0)
        raw = bytearray(BLOCK * self.blocks)
        self._f.readinto(raw)
        raw[at : at + len(half)] = half
        vfs.mount(vfs.VfsLfs2(Image(raw, self.blocks)), "/cut")
        slots = loader.load("/cut")
        folder = loader.choose("/cut")
        # Reading every file takes a quarter of a second: done when the choice is new, and now
        # and then; otherwise the files are there with their sizes.
        deep = self.cuts % 100 == 0 or slots != self.last
        Watched.last = slots
        for name in {folder, slots["good"]}:
            fault = whole("/cut/" + name, deep)
            if fault:
                raise SystemExit("CUT %d: %s of %r: %s" % (self.cuts, name, slots, fault))
        Watched.cuts += 1
        Watched.chosen[folder] = Watched.chosen.get(folder, 0) + 1
        vfs.umount("/cut")
        if self.cuts % 100 == 0:
            print("looked %d times: %r" % (self.cuts, self.chosen))


def whole(folder, deep):
    """What is wrong with a folder, by its manifest; None when nothing is."""
    try:
        with open(folder + "/manifest.json") as f:
            files = json.load(f)["files"]
        for name in files:
            if not deep:
                if not os.stat(folder + "/" + name)[6]:
                    return name + " is empty"
                continue
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
