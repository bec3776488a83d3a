"""The check of lines to the broker; loaded only for a configuration that names some."""

import sys

_BAUDS = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
_RMII = (19, 21, 22, 25, 26, 27)  # fixed, of an ESP32
_PINS = {
    "lan8720": ("mdc", "mdio"),
    "w5500": ("sck", "mosi", "miso", "cs", "int"),
    "ppp": ("tx", "rx"),
}
_MORE = {
    "lan8720": ("phy_addr", "ref_clk", "ref_clk_out", "power"),
    "w5500": ("spi",),
    "ppp": ("uart", "baud", "key", "apn", "auth", "user", "password", "budget_mb"),
}
_OF_CHANNELS = ("dout", "sck", "trig", "echo", "pin", "tx", "rx", "de", "scl", "sda", "pdwn")


def check(c, cfg):
    """c.fail() raises; fills defaults in place."""
    sys.modules.pop("settings.uplinks", None)  # not needed again
    entries = cfg["uplinks"]
    if not isinstance(entries, list) or not 1 <= len(entries) <= 3:
        c.fail("uplinks", "a list of 1 to 3 lines, the preferred one first", entries)
    if cfg["power"]["mode"] == "cycle":
        c.fail("uplinks", "none in the mode cycle: it has Wi-Fi alone", len(entries))
    pins = set()
    for ch in cfg["channels"]:
        for key in _OF_CHANNELS:
            if key in ch:
                pins.add(ch[key])  # those of one serial line or bus are the same
    kinds = []
    for i in range(len(entries)):
        entry = entries[i]
        where = "uplinks[%d]." % i
        if not isinstance(entry, dict):
            c.fail(where[:-1], "an object", entry)
        kind = entry.get("kind")
        if kind not in ("wifi", "lan", "ppp") or kind in kinds:
            c.fail(where + "kind", "wifi, lan or ppp, each once", kind)
        if "ppp" in kinds:
            c.fail(where + "kind", "ppp as the last one: the others cost nothing", kind)
        kinds.append(kind)
        if kind == "wifi":
            c.known(entry, ("kind",), where)
        elif kind == "lan":
            _lan(c, entry, where, pins)
        else:
            _ppp(c, cfg, entry, where, pins)
    if kinds == ["wifi"]:
        c.fail("uplinks", "more than wifi, or nothing", "wifi")
    if "wifi" in kinds and not cfg["wifi"]["ssid"]:
        c.fail("wifi.ssid", "the name of a network, as uplinks has wifi", "")


def _pins(c, entry, where, pins, keys):
    for key in keys:
        pin = c.number(entry, key, 0, 48, where, True)
        if pin in pins:
            c.fail(where + key, "a pin not used before", pin)
        pins.add(pin)


def _lan(c, entry, where, pins):
    phy = entry.get("phy")
    if phy not in ("lan8720", "w5500"):
        c.fail(where + "phy", "lan8720 or w5500", phy)
    c.known(entry, ("kind", "phy") + _PINS[phy] + _MORE[phy], where)
    if phy == "w5500":
        entry.setdefault("spi", 1)
        c.number(entry, "spi", 1, 2, where, True)
        _pins(c, entry, where, pins, _PINS[phy])
        return
    for pin in _RMII:
        if pin in pins:
            c.fail(where + "phy", "pin %d free: Ethernet has it" % pin, "lan8720")
        pins.add(pin)
    entry.setdefault("phy_addr", 1)
    entry.setdefault("ref_clk", 0)
    entry.setdefault("ref_clk_out", False)
    c.number(entry, "phy_addr", 0, 31, where, True)
    if entry["ref_clk_out"] not in (False, True):
        c.fail(where + "ref_clk_out", "true or false", entry["ref_clk_out"])
    can = (0, 16, 17) if entry["ref_clk_out"] else (0,)
    if entry["ref_clk"] not in can:
        text = "0, or 16 or 17 with ref_clk_out" if len(can) == 1 else "0, 16 or 17"
        c.fail(where + "ref_clk", text, entry["ref_clk"])
    more = ("power",) if "power" in entry else ()
    _pins(c, entry, where, pins, _PINS[phy] + ("ref_clk",) + more)


def _ppp(c, cfg, entry, where, pins):
    c.known(entry, ("kind",) + _PINS["ppp"] + _MORE["ppp"], where)
    if entry.get("uart") not in (1, 2):
        c.fail(where + "uart", "1 or 2", entry.get("uart"))
    for ch in cfg["channels"]:
        if ch.get("uart") == entry["uart"]:
            c.fail(where + "uart", "a UART of its own: %s has this one" % ch["id"], entry["uart"])
    entry.setdefault("baud", 115200)
    if entry["baud"] not in _BAUDS:
        c.fail(where + "baud", "one of " + " ".join(map(str, _BAUDS)), entry["baud"])
    _pins(c, entry, where, pins, _PINS["ppp"] + (("key",) if "key" in entry else ()))
    entry.setdefault("apn", "")
    if c.string(entry, "apn", where, 0, 63) and '"' in entry["apn"]:
        c.fail(where + "apn", "a name without quotation marks", entry["apn"])
    if entry.setdefault("auth", "none") not in ("none", "pap", "chap"):
        c.fail(where + "auth", "none, pap or chap", entry["auth"])
    for key in ("user", "password"):
        entry.setdefault(key, "")
        c.string(entry, key, where, 0 if entry["auth"] == "none" else 1, 64)
    entry.setdefault("budget_mb", 0)
    c.number(entry, "budget_mb", 0, 1000000, where, True)
