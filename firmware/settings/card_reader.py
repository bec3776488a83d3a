"""The check of channels with a reader of cards; loaded only for a configuration that has some."""

import sys


def check(c, channels, i):
    """As settings.channels.check."""
    sys.modules.pop("settings.card_reader", None)  # not needed again
    ch = channels[i]
    where = "channels[%d]." % i
    if ch.get("uart") not in (1, 2):
        c.fail(where + "uart", "1 or 2", ch.get("uart"))
    for other in channels[:i]:
        if isinstance(other, dict) and other.get("uart") == ch["uart"]:
            c.fail(where + "uart", "a line of its own", ch["uart"])
    ch["baud"] = 9600  # such readers have no other one
    ch["frame"] = "8N1"
    return "k", ("tx", "rx"), ("uart", "baud", "frame", "salt"), _salt


def _salt(c, ch, where):
    c.string(ch, "salt", where, 16, 64)
