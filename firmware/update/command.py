"""The command of an update: what it tells, and how it is kept for a start that does nothing
else (alone.py). Loaded where memory is short, so it needs no other module of this package."""

import json
import os

from micropython import const

_LARGEST = const(1 << 20)


class Failed(Exception):
    """Why the update ends here; the old firmware goes on."""


def job_of(cmd):
    """What a command tells of its bundle, as update.json has it; Failed where it is no such
    command. Its version is not looked at."""
    job = {"id": cmd["id"], "older": cmd.get("older") is True}
    for key, length in (("bundle", 16), ("sha256", 64)):
        v = job[key] = cmd.get(key)
        if not isinstance(v, str) or len(v) != length:
            raise Failed("%s: expected %d hex digits, found %r" % (key, length, v))
    if job["sha256"][:16] != job["bundle"]:
        raise Failed("bundle: expected the first 16 digits of sha256")
    size = job["size"] = cmd.get("size")
    if isinstance(size, bool) or not isinstance(size, int) or not 0 < size <= _LARGEST:
        raise Failed("size: expected a whole number up to %d, found %r" % (_LARGEST, size))
    job["version"] = cmd.get("version")
    return job


def store(root, cmd):
    """From the next start on the board does this update alone. OSError where the flash does not
    take it."""
    job = job_of(cmd)
    job["state"] = "asked"
    job["why"] = ""
    job["alone"] = 0
    try:
        with open(root + "/update.json") as f:
            is_same = json.load(f)["sha256"] == job["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        is_same = False
    if not is_same:
        try:
            os.remove(root + "/update.part")  # of another bundle
        except OSError:
            pass  # it is not there
    save(root, job)


def save(root, job):
    """Replace update.json as a whole."""
    with open(root + "/update.json.new", "w") as f:
        json.dump(job, f)
    os.rename(root + "/update.json.new", root + "/update.json")
