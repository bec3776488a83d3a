"""What a start finds of an update. Mostly there is only to tell what became of the last one,
and then nothing of what updates need stays in memory."""

import json


def start(logger, board, key, trial, about):
    """What goes on with it, as update.updater.Updater does; None where there is nothing but
    `about`, the birth message, to be told. trial: the folders of a trial, if it is on one."""
    try:
        with open(board.data_dir + "/update.json") as f:
            job = json.load(f)
        entry = {"bundle": job["bundle"], "state": job["state"]}
    except (OSError, ValueError, KeyError, TypeError):
        job, entry = {}, {"state": ""}  # there was none over the air
        if not trial:
            return None
    state = entry["state"]
    if trial and state == "trial" and "alone" in job and job.get("to") == trial.folder:
        # Memory is short on this board: what became of it is settled after the next restart.
        from update.trial import Trial

        about["update"] = entry
        return Trial(logger, board, trial)
    if trial or state not in ("good", "failed"):
        from update.updater import Updater

        return Updater(logger, board, key, trial)
    if job["bundle"]:
        from update import keys

        if job.get("why"):
            entry["why"] = job["why"]
        entry["keys"] = keys.told(board.data_dir, key)
        about["update"] = entry
    return None
