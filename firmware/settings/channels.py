"""The check of channels on a serial line; loaded only for a configuration that has some."""

import sys

_BAUDS = (600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
_SLOWEST_DE = 4800  # the board stands still while it holds the driver on
_LINE = ("uart", "baud", "frame", "de")
_SHARED = ("tx", "rx") + _LINE
_SAME = ("max_kg", "e_kg", "instrument")
_KEYS = {
    "modbus": ("unit_id", "reply_ms", "map", "profile"),
    "indicator": ("format", "unit", "address", "checksum", "ask"),
}
_MAP = ("fc", "at", "n", "w", "type", "low", "g", "more", "s")
_MASKS = ("on", "still", "motion", "over", "bad", "minus", "net")
_SAYS = ("make", "model", "class", "serial", "verified_until")


def check(c, channels, i, known):
    """As the rules of settings.config: letter, keys of pins, other keys, what checks the rest.

    c.fail() raises. known: the kinds that are not of this module."""
    sys.modules.pop("settings.channels", None)  # some KB that are not needed again
    ch = channels[i]
    kind = ch.get("kind")
    where = "channels[%d]." % i
    if isinstance(kind, str) and "_" in kind:  # checked by a module of its own
        try:
            module = __import__(__name__.replace("channels", kind), None, None, (kind,))
            return module.check(c, channels, i)
        except ImportError:
            pass
    if kind not in _KEYS:
        c.fail(where + "kind", " or ".join(sorted(list(known) + list(_KEYS))), kind)
    first = None
    for other in channels[:i]:
        if isinstance(other, dict) and other.get("uart") == ch.get("uart") is not None:
            first = other
            break
    if first is None:
        pins = ("tx", "rx", "de") if "de" in ch else ("tx", "rx")
        return "w", pins, _LINE + _SAME + _KEYS[kind], _checks[kind]
    if kind != "modbus" or first.get("kind") != "modbus":
        c.fail(where + "uart", "a line of its own: only modbus channels share one", ch["uart"])
    for key in _SHARED:
        if key in first:
            ch.setdefault(key, first[key])
        if ch.get(key) != first.get(key):
            same = "the same as in %s, on the same line" % first.get("id")
            c.fail(where + key, same, ch.get(key))
    for other in channels[:i]:
        if other.get("uart") == ch["uart"] and other.get("unit_id") == ch.get("unit_id", 1):
            c.fail(where + "unit_id", "a unit not used before on this line", ch.get("unit_id"))
    return "w", (), _SHARED + _SAME + _KEYS[kind], _checks[kind]


def _line(c, ch, where):
    ch.setdefault("baud", 9600)
    ch.setdefault("frame", "8N1")
    if ch.get("uart") not in (1, 2):
        c.fail(where + "uart", "1 or 2", ch.get("uart"))
    if ch["baud"] not in _BAUDS:
        c.fail(where + "baud", "one of " + " ".join(map(str, _BAUDS)), ch["baud"])
    if "de" in ch and ch["baud"] < _SLOWEST_DE:
        text = "%d or more with a DE pin (slower: a converter that turns by itself)"
        c.fail(where + "baud", text % _SLOWEST_DE, ch["baud"])
    frame = ch["frame"]
    good = isinstance(frame, str) and len(frame) == 3
    if not good or frame[0] not in "78" or frame[1] not in "NEO" or frame[2] not in "12":
        c.fail(where + "frame", "bits, parity and stop bits, as 8N1 or 7E1", frame)
    ch.setdefault("max_kg", 150)
    ch.setdefault("e_kg", 0.05)
    c.number(ch, "max_kg", 1, 8000, where)
    c.number(ch, "e_kg", 0.001, 10, where)
    if "instrument" in ch:
        says = c.table(ch, "instrument", where)
        c.known(says, _SAYS, where + "instrument.")
        for key in says:
            c.string(says, key, where + "instrument.", 1, 32)


def _modbus(c, ch, where):
    _line(c, ch, where)
    ch.setdefault("unit_id", 1)
    ch.setdefault("reply_ms", 300)
    c.number(ch, "unit_id", 1, 247, where, True)
    c.number(ch, "reply_ms", 50, 600, where, True)
    m = c.table(ch, "map", where)
    where += "map."
    c.known(m, _MAP + _MASKS, where)
    if m.get("fc") not in (3, 4):
        c.fail(where + "fc", "3 or 4", m.get("fc"))
    c.number(m, "at", 0, 65535, where, True)
    n = c.number(m, "n", 1, 16, where, True)
    if m.get("type") not in ("i16", "u16", "i32", "u32", "f32"):
        c.fail(where + "type", "i16, u16, i32, u32 or f32", m.get("type"))
    c.number(m, "w", 0, n - (1 if m["type"][1:] == "16" else 2), where, True)
    c.number(m, "g", 1, 1000, where, True)
    for key in ("low", "more"):
        if m.get(key) not in (None, False, True):
            c.fail(where + key, "true or false", m[key])
    if "s" in m:
        c.number(m, "s", 0, n - 1, where, True)
    for key in _MASKS:
        if key in m:
            if "s" not in m:
                c.fail(where + key, "s, where the status is, with it", m[key])
            c.number(m, key, 0, 65535, where, True)
    if m["type"][0] == "u" and not m.get("minus"):
        c.fail(where + "minus", "the bit of the sign: %s has none of its own" % m["type"], 0)


def _indicator(c, ch, where):
    _line(c, ch, where)
    mine = {"xk3190": ("unit", "address"), "toledo": ("checksum",), "stgs": ("ask",)}
    mine.update({"a12": (), "reversed": ("unit",)})
    if ch.get("format") not in mine:
        c.fail(where + "format", "xk3190, toledo, stgs, a12 or reversed", ch.get("format"))
    for key in _KEYS["indicator"][1:]:
        if key in ch and key not in mine[ch["format"]]:
            c.fail(where + key, "no such key for the format %s" % ch["format"], ch[key])
    if "unit" in mine[ch["format"]]:
        ch.setdefault("unit", "kg")
        if ch["unit"] not in ("kg", "g", "t", "lb"):
            c.fail(where + "unit", "kg, g, t or lb, as the indicator is set", ch["unit"])
        if "address" in ch and not "A" <= c.string(ch, "address", where, 1, 1) <= "Z":
            c.fail(where + "address", "a letter from A to Z", ch["address"])
    elif ch["format"] == "toledo":
        ch.setdefault("checksum", False)
        if ch["checksum"] not in (False, True):
            c.fail(where + "checksum", "true or false", ch["checksum"])
    elif "ask" in ch:
        c.string(ch, "ask", where, 1, 16)


_checks = {"modbus": _modbus, "indicator": _indicator}
