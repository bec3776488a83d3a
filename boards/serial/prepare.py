"""Run on a board by tools/board: makes a folder ready for what will be copied into it.

ARGS: watchdog_ms, or 0; slots: what to write there first, or None; folder; folders: to make;
remove: files that do not belong; copies: [from, to], on the board itself."""

import json
import os


def make(path):
    try:
        os.mkdir(path)
    except OSError:
        pass  # it is there


def remove(path):
    try:
        os.remove(path)
    except OSError:
        pass  # it is not there


def copy(source, target):
    buf = memoryview(bytearray(1024))
    with open(source, "rb") as f, open(target, "wb") as g:
        n = f.readinto(buf)
        while n:
            g.write(buf[:n])
            n = f.readinto(buf)


def main(args):
    if args["watchdog_ms"]:
        import machine

        machine.WDT(timeout=args["watchdog_ms"])
    if args["slots"]:  # before a folder on trial is touched
        with open("/slots.json.new", "w") as f:
            json.dump(args["slots"], f)
        os.rename("/slots.json.new", "/slots.json")
    for path in args["folders"]:
        make(path)
    if args["folder"]:
        # From here on the folder is not whole, until finish.py has seen that it is.
        remove(args["folder"] + "/manifest.json")
    for path in args["remove"]:
        remove(path)
    for source, target in args["copies"]:
        copy(source, target)


main(ARGS)  # noqa: F821
