"""Finds what carries a board's messages where its configuration names more than Wi-Fi; loaded for
that once."""

from late import forget


def of(board, cfg):
    """What makes the line of (board, cfg, log): one by itself, or several behind a
    net.chooser.Chooser. Their hardware takes its memory now."""
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
            nic, why = line.hardware(board, entry), None
        except (OSError, ValueError, RuntimeError, AttributeError) as e:
            nic, why = None, str(e)  # told by the line, when there is a log
        made.append((kind, line, (entry, nic, why)))
    forget("net.uplinks")
    if len(made) == 1:
        return _alone(made[0])
    from net.chooser import Chooser

    def several(board, cfg, log):
        return Chooser(board, [_line(one, board, cfg, log) for one in made], log)

    return several


def _line(one, board, cfg, log):
    kind, line, made = one
    return kind, line(board, cfg if made is None else made, log)


def _alone(one):
    def alone(board, cfg, log):
        line = _line(one, board, cfg, log)[1]
        board.name_servers = line.name_servers
        return line

    return alone
