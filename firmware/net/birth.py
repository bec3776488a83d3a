"""The birth message: what a board is, said on every connect; loaded for that."""

import gc
import json

from identity import table


def write(into, board, clock, spool, uplink, about, confirm):
    """The message as JSON: written into a memoryview, or a string where it is larger than that.

    about: what is said of the firmware and of the channels. Channel by channel: beside TLS
    no larger piece of memory may be free than one of them takes."""
    gc.collect()  # for figures that mean something
    birth = _birth(board, clock, spool, uplink, confirm)
    birth.update(about)
    channels = birth.pop("channels")
    parts = [json.dumps(birth)[:-1], ', "channels": {']
    for ch in channels:
        parts.append('"%s": %s' % (ch.name, json.dumps(_describe(ch))))
        parts.append(", ")
    parts[-1] = "}}"
    size = 0
    for part in parts:
        raw = part.encode()
        end = size + len(raw)
        if end > len(into):
            return "".join(parts)  # a board with many channels
        into[size:end] = raw
        size = end
    return into[:size]


def _birth(board, clock, spool, uplink, confirm):
    birth = {
        "fw": "qingyun",
        "life": spool.state.life,
        "boot": spool.state.boot,
        "reset": board.reset_cause(),
        "up": clock.uptime_s(),
        "clock": clock.state,
        "first": spool.first(),
        "queue": len(spool),
        "dropped": spool.state.dropped,
    }
    if confirm:
        birth["confirm"] = "host"
    if clock.drift_ppm is not None:
        birth["drift_ppm"] = clock.drift_ppm
    t = clock.unix()
    if t is not None:
        birth["t"] = t
    birth.update(json.loads("{%s}" % uplink.text()[1:]))
    birth.update(board.memory())
    return birth


def _describe(ch):
    """What a channel is, and by which calibration it weighs now."""
    entry = {"kind": ch.kind, "unit": ch.unit}
    if ch.calibration:
        entry.update(table(ch.calibration))
        entry["calibration"] = entry.pop("id")
        entry["calibrated"] = entry.pop("date")
        if ch.since is not None:
            entry["since"] = ch.since
        if ch.tracking.shift:
            entry["zero_tracked"] = ch.tracking.shift
    entry.update(getattr(ch, "about", ()))
    return entry
