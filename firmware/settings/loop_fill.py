"""The check of fill channels by a current loop; loaded only for a configuration that has some."""

import sys

_KEYS = ("converter", "i2c", "address", "input", "shunt_ohm", "empty_ma", "full_ma")


def check(c, channels, i):
    """As settings.channels.check."""
    sys.modules.pop("settings.loop_fill", None)  # not needed again
    ch = channels[i]
    where = "channels[%d]." % i
    if ch.setdefault("converter", "ads1115") != "ads1115":
        c.fail(where + "converter", "ads1115", ch["converter"])
    if ch.setdefault("i2c", 0) not in (0, 1):
        c.fail(where + "i2c", "0 or 1", ch["i2c"])
    ch.setdefault("address", 0x48)
    ch.setdefault("input", 0)
    first = None
    for other in channels[:i]:
        if not isinstance(other, dict) or other.get("i2c") != ch["i2c"]:
            continue
        first = first or other
        if other.get("kind") != "loop_fill":
            c.fail(where + "i2c", "a bus without a platform, as %s is" % other.get("id"), ch["i2c"])
        if (other["address"], other["input"]) == (ch["address"], ch["input"]):
            text = "an input of the ads1115 at %d not used before" % ch["address"]
            c.fail(where + "input", text, ch["input"])
    if first is None:
        return "f", ("scl", "sda"), _KEYS, _check
    for key in ("scl", "sda"):
        ch.setdefault(key, first.get(key))
        if ch[key] != first.get(key):
            c.fail(where + key, "the same as in %s, on the same bus" % first.get("id"), ch[key])
    return "f", (), _KEYS + ("scl", "sda"), _check


def _check(c, ch, where):
    c.number(ch, "address", 0x48, 0x4B, where, True)
    c.number(ch, "input", 0, 3, where, True)
    ch.setdefault("shunt_ohm", 100)
    c.number(ch, "shunt_ohm", 50, 150, where, True)
    ch.setdefault("empty_ma", 4)
    ch.setdefault("full_ma", 20)
    empty = c.number(ch, "empty_ma", 3.8, 20.5, where)
    full = c.number(ch, "full_ma", 3.8, 20.5, where)
    if abs(empty - full) < 1:
        c.fail(where + "full_ma", "a current at least 1 mA from empty_ma", full)
