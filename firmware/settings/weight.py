"""The check of platforms on another converter than an HX711; loaded only for a configuration
that has some."""

import sys

_RATES = {"nau7802": (10, 20, 40, 80), "hx711": (10, 80), "hx717": (10, 20, 80, 320)}
_RATES["ads1232"] = (10,)  # its gain is set by pins
_RATES["cs1237"] = (10,)


def check(c, channels, i, rule):
    """As settings.channels.check. rule: of the kind on an HX711 at 10 conversions a second."""
    sys.modules.pop("settings.weight", None)  # not needed again
    ch = channels[i]
    where = "channels[%d]." % i
    if rule[0] != "w":
        c.fail(where + "converter", "none, but for a weight", ch["converter"])
    rates = _RATES.get(ch["converter"])
    if rates is None:
        kinds = " or ".join(sorted(_RATES))
        c.fail(where + "converter", kinds + "; none: HX711 at 10 a second", ch["converter"])
    if ch.setdefault("sps", 10) not in rates:
        c.fail(where + "sps", "one of " + " ".join(map(str, rates)), ch["sps"])
    if ch["converter"] == "ads1232":
        return "w", rule[1] + ("pdwn",), rule[2] + ("converter", "sps"), rule[3]
    if ch["converter"] != "nau7802":
        gains = {"hx717": (128, 64), "cs1237": (128,)}.get(ch["converter"])
        if gains and ch.setdefault("gain", 128) not in gains:
            c.fail(where + "gain", " or ".join(map(str, gains)), ch["gain"])
        return "w", rule[1], rule[2] + ("converter", "sps"), rule[3]
    if ch.setdefault("i2c", 0) not in (0, 1):
        c.fail(where + "i2c", "0 or 1", ch["i2c"])
    for other in channels[:i]:
        if isinstance(other, dict) and other.get("i2c") == ch["i2c"]:
            text = "another bus than that of %s: every NAU7802 has the address 0x2A"
            c.fail(where + "i2c", text % other.get("id"), ch["i2c"])
    return "w", ("scl", "sda"), rule[2] + ("converter", "i2c", "sps"), rule[3]
