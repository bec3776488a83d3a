"""Run on a board by tools/board, after the copy: verifies every hash, and only then makes
the new firmware the one that runs. Whatever moment it is cut at, one firmware is whole.

ARGS: folder: of the new firmware, its manifest.json.new in it, or None; extra: {path: sha256}
of what else was copied; lib: paths that it needs, whose .new take their places; slots, or
None; loader: whether /main.py.new takes its place; data: names in / whose .new take their
places; remove: files to remove; running: the folder that runs at the next start."""

import gc
import hashlib
import json
import os
import sys
from binascii import hexlify


def sha(path):
    h = hashlib.sha256()
    buf = memoryview(bytearray(512))
    with open(path, "rb") as f:
        n = f.readinto(buf)
        while n:
            h.update(buf[:n])
            n = f.readinto(buf)
    return hexlify(h.digest()).decode()


def verify(folder, files):
    for name in files:
        try:
            good = sha(folder + name) == files[name]
        except OSError:
            good = False
        if not good:
            raise ValueError("%s%s is not what was sent" % (folder, name))


def write(path, value):
    with open(path + ".new", "w") as f:
        json.dump(value, f)
    os.rename(path + ".new", path)


def main(args):
    gc.collect()
    verify("", args["extra"])
    folder = args["folder"]
    if folder:
        with open(folder + "/manifest.json.new") as f:
            verify(folder + "/", json.load(f)["files"])
        os.rename(folder + "/manifest.json.new", folder + "/manifest.json")
    for path in args["lib"]:
        os.rename(path + ".new", path)
    if args["slots"]:
        write("/slots.json", args["slots"])
    # The new firmware reads an old configuration, not the other way round: it goes last.
    if args["loader"]:
        os.rename("/main.py.new", "/main.py")
    for name in args["data"]:
        os.rename("/" + name + ".new", "/" + name)
    for path in args["remove"]:
        try:
            os.remove(path)
        except OSError:
            pass  # it is not there
    # What this firmware says of itself in its birth message.
    running = args["running"]
    for name in ("identity", "firmware_hash"):
        sys.modules.pop(name, None)
    sys.path.insert(0, running)
    from identity import VERSION

    try:
        from firmware_hash import sha256
    except ImportError:  # 0.1.0
        from identity import sha256
    print("@" + json.dumps(("identity", VERSION, sha256(running))))


main(ARGS)  # noqa: F821
