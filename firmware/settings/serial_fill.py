"""The check of fill channels with an ultrasonic sensor on a serial line; loaded only for a
configuration that has some."""

import sys

# In mm: from where on a sensor sees nothing, and what is too near.
_SEES = {"a02yyuw": (4500, 30), "jsn-sr04t": (6000, 200)}
_KEYS = ("sensor", "uart", "baud", "frame", "ask", "empty_mm", "full_mm", "blind_mm")


def check(c, channels, i):
    """As settings.channels.check."""
    sys.modules.pop("settings.serial_fill", None)  # not needed again
    ch = channels[i]
    where = "channels[%d]." % i
    if ch.get("uart") not in (1, 2):
        c.fail(where + "uart", "1 or 2", ch.get("uart"))
    for other in channels[:i]:
        if isinstance(other, dict) and other.get("uart") == ch["uart"]:
            c.fail(where + "uart", "a line of its own", ch["uart"])
    ch["baud"] = 9600  # neither sensor has another one
    ch["frame"] = "8N1"
    return "f", ("tx", "rx"), _KEYS, _fill


def _fill(c, ch, where):
    if ch.get("sensor") not in _SEES:
        c.fail(where + "sensor", " or ".join(sorted(_SEES)), ch.get("sensor"))
    end, blind = _SEES[ch["sensor"]]
    if ch.get("ask") not in (None, False, True):
        c.fail(where + "ask", "true or false", ch["ask"])
    if ch.get("ask") and ch["sensor"] == "a02yyuw":
        c.fail(where + "ask", "none: an a02yyuw sends by itself", ch["ask"])
    empty = c.number(ch, "empty_mm", 50, end - 1, where, True)
    c.number(ch, "full_mm", 0, empty - 1, where, True)
    ch.setdefault("blind_mm", blind)
    c.number(ch, "blind_mm", 0, 1000, where, True)
