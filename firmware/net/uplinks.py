"""Finds what carries a board's messages where its configuration names more than Wi-Fi; loaded for
that once."""

from late import forget


class Made:
    """As net.wifi.Wifi: called with (board, cfg, log) it gives the line, one by itself or several
    behind a net.chooser.Chooser. made: (kind, class, what the port has made or None) of each."""

    def __init__(self, made, chooser):
        self._made = made
        self._chooser = chooser

    def __call__(self, board, cfg, log):
        lines = []
        for kind, line, parts in self._made:
            lines.append((kind, line(board, cfg if parts is None else parts, log)))
        if self._chooser:
            return self._chooser(board, lines, log)
        line = lines[0][1]
        board.name_servers = line.name_servers
        return line


def of(board, cfg):
    """The Made of a configuration; the hardware of its lines takes its memory now."""
    entries = cfg["uplinks"]
    made = []
    for entry in entries:
        kind = entry["kind"]
        if kind == "wifi":
            from net.wifi import Wifi as line

            board.wlan()
            made.append((kind, line, None))
            continue
        if kind == "lan":
            from net.lan import Lan as line
        else:
            from net.ppp import Ppp as line
        entry["alone"] = len(entries) == 1
        try:
            parts, why = line.hardware(board, entry), None
        except (OSError, ValueError, RuntimeError, AttributeError) as e:
            parts, why = None, str(e)  # told by the line, when there is a log
        made.append((kind, line, (entry, parts, why)))
    forget("net.uplinks")
    if len(made) == 1:
        return Made(made, None)
    from net.chooser import Chooser

    return Made(made, Chooser)
