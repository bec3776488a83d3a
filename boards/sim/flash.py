"""A flash chip in a file: the block device under littlefs. Counts what it is asked
to do, and can cut the power in the middle of it."""

import os

from micropython import const

BLOCK = const(4096)
_NO_POWER = const(-5)  # EIO
_BLANK = b"\xff" * 256


class PowerCut(BaseException):
    """The supply went away during a program or an erase."""


class Flash:
    """size in bytes; the file is made when absent. cut_after: how many programs and
    erases succeed before the power goes; the one under way is then half done."""

    def __init__(self, path, size=2 << 20, cut_after=None):
        self.blocks = size // BLOCK
        self.fresh = True
        try:
            self.fresh = os.stat(path)[6] != size
        except OSError:
            pass
        self._f = open(path, "w+b" if self.fresh else "r+b")
        if self.fresh:
            self._f.seek(size - 1)
            self._f.write(b"\xff")
        self.programs = 0
        self.programmed = 0
        self.erases = 0
        self.cut_after = cut_after
        self.off = False

    def close(self):
        self.off = True
        self._f.close()

    def readblocks(self, n, buf, off=0):
        if self.off:
            return _NO_POWER
        self._f.seek(n * BLOCK + off)
        self._f.readinto(buf)

    def writeblocks(self, n, buf, off=0):
        if self.off:
            return _NO_POWER
        self._f.seek(n * BLOCK + off)
        if self._spent():
            self._f.write(memoryview(buf)[: len(buf) // 2])
            raise PowerCut
        self._f.write(buf)
        self.programs += 1
        self.programmed += len(buf)

    def ioctl(self, op, arg):
        if op == 4:
            return self.blocks
        if op == 5:
            return BLOCK
        if op == 6:
            if self.off:
                return _NO_POWER
            self._f.seek(arg * BLOCK)
            if self._spent():
                self._blank(BLOCK // 2)
                raise PowerCut
            self._blank(BLOCK)
            self.erases += 1
        return 0

    def _blank(self, size):
        for _ in range(size // len(_BLANK)):
            self._f.write(_BLANK)

    def _spent(self):
        if self.cut_after is None:
            return False
        self.cut_after -= 1
        self.off = self.cut_after < 0  # from here on the chip does nothing
        return self.off
