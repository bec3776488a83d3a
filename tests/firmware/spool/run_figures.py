"""Under MicroPython: what the queue costs the flash, and how much it holds.

micropython run_figures.py capacity|offline|online [seconds from reading to reading]"""

import os
import sys

import vfs
from health.log import Log
from ram_flash import RamFlash
from spool.queue import Queue

NAMES = ["w1", "w2", "w3", "w4"]
BODY = bytes(range(1, 13))

flash = RamFlash(512)
vfs.VfsLfs2.mkfs(flash)
vfs.mount(vfs.VfsLfs2(flash), "/q")
spool = Queue("/q/spool", NAMES, os.urandom, Log(None, lambda line: None), 1 << 20)


every_s = int(sys.argv[2]) if len(sys.argv) > 2 else 60


def reading(n):
    spool.put(every_s * n, BODY)
    spool.tick(every_s * n)


what = sys.argv[1]
n = 0
if what == "capacity":
    while not spool.state.dropped:
        reading(n)
        n += 1
    print(n - spool.state.dropped if n > spool.state.dropped else 0, n)
else:
    before = flash.erases
    while n < 10000:
        reading(n)
        n += 1
        if what == "online":
            recs = spool.peek(16)
            spool.sent(recs)
            spool.confirm(*recs[-1][:2])
    print(n, flash.erases - before, flash.programs)
