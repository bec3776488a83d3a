"""A flash chip in RAM, for MicroPython: the block device under littlefs."""

BLOCK = 4096


class RamFlash:
    """on_cut(image) is called with each half done operation, while it is set."""

    def __init__(self, blocks, image=None):
        self.blocks = blocks
        self.image = image or bytearray(b"\xff" * (BLOCK * blocks))
        self.on_cut = None
        self.programs = 0
        self.erases = 0

    def readblocks(self, n, buf, off=0):
        at = n * BLOCK + off
        buf[:] = memoryview(self.image)[at : at + len(buf)]

    def writeblocks(self, n, buf, off=0):
        at = n * BLOCK + off
        if self.on_cut:
            half = len(buf) // 2
            torn = bytearray(self.image)
            torn[at : at + half] = memoryview(buf)[:half]
            if self.programs & 1:
                for i in range(at + half, at + len(buf)):
                    torn[i] = (i * 151 + self.programs) & 0xFF
            self._cut(torn)
        self.image[at : at + len(buf)] = buf
        self.programs += 1

    def ioctl(self, op, arg):
        if op == 4:
            return self.blocks
        if op == 5:
            return BLOCK
        if op == 6:
            at = arg * BLOCK
            if self.on_cut:
                torn = bytearray(self.image)
                torn[at : at + BLOCK // 2] = b"\xff" * (BLOCK // 2)
                self._cut(torn)
            self.image[at : at + BLOCK] = b"\xff" * BLOCK
            self.erases += 1
        return 0

    def _cut(self, torn):
        check, self.on_cut = self.on_cut, None
        check(torn)
        self.on_cut = check
