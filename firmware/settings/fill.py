"""The check of fill channels with another sensor than one at trigger and echo; loaded only for a
configuration that has some."""

import sys

_REACH = {"a02yyuw": 4500, "jsn-sr04t": 6000}  # mm
_BLIND = {"a02yyuw": 30, "jsn-sr04t": 200}


def check(c, channels, i, rule):
    """As settings.channels.check. rule: of the kind at trigger and echo."""
    sys.modules.pop("settings.fill", None)  # not needed again
    ch = channels[i]
    where = "channels[%d]." % i
    if rule[0] != "f":
        c.fail(where + "sensor", "none, but for a fill", ch["sensor"])
    if ch["sensor"] not in _REACH:
        kinds = " or ".join(sorted(_REACH))
        c.fail(where + "sensor", kinds + "; none: one at trig and echo", ch["sensor"])
    ch.setdefault("blind_mm", _BLIND[ch["sensor"]])
    if ch.get("uart") not in (1, 2):
        c.fail(where + "uart", "1 or 2", ch.get("uart"))
    for other in channels[:i]:
        if isinstance(other, dict) and other.get("uart") == ch["uart"]:
            c.fail(where + "uart", "a line of its own", ch["uart"])
    ch["baud"] = 9600  # neither sensor has another one
    ch["frame"] = "8N1"
    if ch.get("ask") not in (None, False, True):
        c.fail(where + "ask", "true or false", ch["ask"])
    if ch.get("ask") and ch["sensor"] == "a02yyuw":
        c.fail(where + "ask", "none: an a02yyuw sends by itself", ch["ask"])
    keys = ("sensor", "uart", "baud", "frame", "ask", "empty_mm", "full_mm", "blind_mm")
    return "f", ("tx", "rx"), keys, _geometry(rule[3])


def _geometry(check):
    def both(c, ch, where):
        check(c, ch, where)
        most = _REACH[ch["sensor"]] - 1
        if ch["empty_mm"] > most:
            c.fail(where + "empty_mm", "at most %d, where the sensor ends" % most, ch["empty_mm"])

    return both
