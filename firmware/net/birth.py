"""The birth message: what a board is, said on every connect."""

import json

from identity import describe


def write(into, board, clock, spool, rssi, about, confirm):
    """The message as JSON: written into a memoryview, or a string where it is larger than that.

    about: what is said of the firmware and of the channels. Channel by channel: beside TLS
    no larger piece of memory may be free than one of them takes."""
    birth = _birth(board, clock, spool, rssi, confirm)
    birth.update(about)
    channels = birth.pop("channels")
    parts = [json.dumps(birth)[:-1], ', "channels": {']
    for ch in channels:
        parts.append('"%s": %s' % (ch.name, json.dumps(describe(ch))))
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


def _birth(board, clock, spool, rssi, confirm):
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
    if rssi is not None:
        birth["rssi"] = rssi
    return birth
