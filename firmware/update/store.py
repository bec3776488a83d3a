"""Keeps the command of an update for a start that does nothing else (alone.py). Loaded where
memory is short, so it needs little."""

import json
import os

from update import command


def note(root, cmd):
    """From the next start on the board does this update alone. OSError where the flash does not
    take it."""
    job = command.job_of(cmd)
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
    command.save(root, job)
