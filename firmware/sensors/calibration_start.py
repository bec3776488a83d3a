"""From which reading on each platform was weighed by the calibration that it has now.

Kept in `weighed.json`, which is written only when a calibration is another one. Loaded
at the start and after a calibration, and let go of again."""

import json
import os

import identity


def note(folder, spool, channels, log):
    """Set `since` of every weight channel; write down what is new."""
    path = folder + "/weighed.json"
    try:
        with open(path) as f:
            kept = json.load(f)
        if kept["life"] != spool.state.life:
            kept = {}
    except (OSError, ValueError, KeyError, TypeError):
        kept = {}
    table = {"life": spool.state.life}
    for ch in channels:
        if ch.kind == "weight":
            by = str(sorted(identity.table(ch.calibration).items()))
            old = kept.get(ch.name)
            if old and old[1] == by:
                # What a power cut took from RAM is counted anew.
                ch.since = min(old[0], spool.state.next_seq)
            else:
                ch.since = spool.state.next_seq
            table[ch.name] = [ch.since, by]
    if table == kept:
        return
    try:
        with open(path + ".new", "w") as f:
            json.dump(table, f)
        os.rename(path + ".new", path)
    except OSError as e:
        log.error("weighed.json", e)  # then it is found out again at the next start
