"""The board's /main.py: chooses one of two application folders, and guards a new one.

`/a` and `/b` hold whole firmwares; `/slots.json` says which of them is good, and which is
on trial: {"good": "a", "trial": "b", "starts": 1}. The firmware on trial makes itself the
good one (update/ab_slots.py). If it has not done so after three starts, the good one runs again,
`failed` names the folder that did not and `why` what it said last. This file uses nothing
of either folder, and is replaced only over the serial port."""

import json
import os
import sys

TRIAL_STARTS = 3
_WATCHDOG_MS = 120000
_PROMPT_MS = 600000


def load(root):
    """The slots of the file system at root; the first folder where nothing is written."""
    try:
        with open(root + "/slots.json") as f:
            slots = json.load(f)
        if slots["good"] in ("a", "b"):
            return slots
    except (OSError, ValueError, KeyError, TypeError):
        pass  # a board that never had an update
    return {"good": "a"}


def save(root, slots):
    """Replace the slots as a whole: a power cut leaves the old ones or the new ones."""
    with open(root + "/slots.json.new", "w") as f:
        json.dump(slots, f)
    os.rename(root + "/slots.json.new", root + "/slots.json")


def choose(root):
    """The folder to run now; counts the starts of one on trial."""
    slots = load(root)
    good = slots["good"]
    trial = slots.get("trial")
    if trial not in ("a", "b"):
        return good
    starts = slots.get("starts", 0)
    try:
        if starts >= TRIAL_STARTS:
            save(root, {"good": good, "failed": trial, "why": slots.get("why", "")})
            return good
        slots["starts"] = starts + 1
        save(root, slots)
    except OSError:
        return good  # a start that cannot be counted is not made
    return trial


def run(root=""):
    """Start the application. One that cannot even be loaded has failed its start."""
    folder = choose(root)
    import machine

    trial = load(root).get("trial") == folder
    if trial:
        machine.WDT(timeout=_WATCHDOG_MS)  # for one that hangs before it feeds it itself
    sys.path.insert(0, root + "/" + folder)
    try:
        import main

        main.main()
    except Exception as e:
        sys.print_exception(e)
        if trial:
            slots = load(root)
            slots["why"] = ("%s: %s" % (type(e).__name__, e))[:120]
            try:
                save(root, slots)
            finally:
                machine.reset()
        # For whoever is at the prompt; a board that nobody looks at starts again.
        machine.WDT(timeout=_PROMPT_MS)


if __name__ == "__main__":
    run()
