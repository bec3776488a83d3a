"""The command of an update: what it tells, and the file that has it."""

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


def save(root, job):
    """Replace update.json as a whole."""
    with open(root + "/update.json.new", "w") as f:
        json.dump(job, f)
    os.rename(root + "/update.json.new", root + "/update.json")
