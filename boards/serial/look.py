"""Run on a board by tools/board: says what is on it, a JSON list a line after an @.

ARGS: watchdog_ms; data: names of the files in / that belong to a deployment."""

import gc
import hashlib
import json
import os
import sys
from binascii import hexlify

# Where the flat layout has its modules.
_APP = ("/net", "/sensors", "/spool", "/commands", "/health", "/settings", "/update")
# Modules of a logger at work; umqtt holds on to its socket, and that to the logger.
_RUNNING = [name[1:] for name in _APP] + ["logger", "cycle", "safe", "umqtt"]


def say(*what):
    print("@" + json.dumps(what))


def watch(kept):
    """A watchdog that may be running gets time enough for a copy; whether it may."""
    import machine

    left = machine.reset_cause() == machine.SOFT_RESET  # it outlives that
    ran = [m for m in ("main", "board", "logger") if m in sys.modules]
    if not (left or ran or (kept and kept.get("trial"))):
        return False
    machine.WDT(timeout=ARGS["watchdog_ms"])  # noqa: F821
    return True


def forget():
    """A logger that was interrupted gives back what it has: to hash and to verify takes memory.
    main and board stay, which tell the next look that a watchdog may run."""
    for name in list(sys.modules):
        if name.split(".")[0] in _RUNNING:
            del sys.modules[name]
    gc.collect()


def sha(path):
    h = hashlib.sha256()
    buf = memoryview(bytearray(512))
    with open(path, "rb") as f:
        n = f.readinto(buf)
        while n:
            h.update(buf[:n])
            n = f.readinto(buf)
    return hexlify(h.digest()).decode()


def tell(folder, wanted, deep):
    try:
        names = os.listdir(folder or "/")
    except OSError:
        return  # there is none
    for name in names:
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            if deep:
                tell(path, wanted, True)
        elif wanted(name):
            say("file", path, sha(path))


def everything(name):
    return True


def code(name):
    return name.endswith(".py") or name.endswith(".mpy")


def top(name):
    return code(name) or name in ARGS["data"]  # noqa: F821


def has_umqtt():
    """Whether the image has it; a copy in /lib says that it has not."""
    try:
        os.stat("/lib/umqtt")
        return False
    except OSError:
        pass
    try:
        import umqtt.simple  # noqa: F401
    except ImportError:
        return False
    return True


def slots():
    try:
        with open("/slots.json") as f:
            kept = json.load(f)
            return kept if isinstance(kept, dict) else None
    except (OSError, ValueError):
        return None


def main():
    gc.collect()
    kind = sys.platform
    if kind == "linux":
        device = sys.modules.get("device")
        kind = "sim" if device else kind
    version = sys.implementation.version[:3]
    # As "Generic ESP32S3 module with ESP32S3": the chip comes last.
    chip = getattr(sys.implementation, "_machine", "").split(" with ")[-1]
    say("board", kind, version, getattr(sys.implementation, "_mpy", 0) & 0xFF, chip)
    if kind not in ("esp32", "sim") or version < (1, 26):
        return  # nothing is touched there
    kept = slots()
    watched = watch(kept)
    if kind == "esp32":  # the simulated one has memory, and its device module stays in use
        forget()
    fs = os.statvfs("/")
    say("state", kept, has_umqtt(), fs[0] * fs[3], watched)
    for folder in ("/a", "/b", "/lib"):
        tell(folder, everything, True)
    for folder in _APP:
        tell(folder, code, False)
    tell("", top, False)
    say("end")


main()
