"""The board's one JSON file, checked on load so that a mistake stops here with its name."""

import json

_DEFAULTS = {
    "wifi": {"ssid": "", "password": ""},
    "ntp": ["ntp.aliyun.com", "cn.pool.ntp.org", "ntp.tencent.com"],
    "report": {"every_s": 300, "sample_s": 1, "weight_kg": 0.2, "fill": 0.05},
    "spool": {"dir": "spool", "max_kb": 1024, "batch": 10, "flush_s": 300},
    "confirm": "broker",
    "power": {"mode": "always", "wake_s": 900, "send_every": 4},
}
_MQTT = {"port": 1883, "user": None, "password": None, "keepalive": 60}
# umqtt.simple up to 1.7 sends a wrong length for a topic over 122 bytes; 19 of them are ours.
_TOPIC = 103
_GAINS = {128: 1, 32: 2, 64: 3}


class ConfigError(Exception):
    """The message names the file, the key, what was expected and what was found."""


class _Check:
    def __init__(self, path):
        self.path = path

    def fail(self, key, expected, found):
        raise ConfigError("%s: %s: expected %s, found %r" % (self.path, key, expected, found))

    def number(self, d, key, low, high, where, whole=False):
        v = d.get(key)
        kinds = (int,) if whole else (int, float)
        if isinstance(v, bool) or not isinstance(v, kinds) or not low <= v <= high:
            what = "a whole number" if whole else "a number"
            self.fail(where + key, "%s from %s to %s" % (what, low, high), v)
        return v

    def string(self, d, key, where, low=1, high=64):
        v = d.get(key)
        if not isinstance(v, str) or not low <= len(v) <= high:
            self.fail(where + key, "a text of %d to %d characters" % (low, high), v)
        return v

    def name(self, d, key, where=""):
        v = self.string(d, key, where)
        for c in v:
            if c in "/+#\0 ":
                self.fail(where + key, "a name without / + # or spaces (it stands in topics)", v)
        return v

    def known(self, d, keys, where):
        for k in d:
            if k not in keys:
                self.fail(where + k, "no such key; known here: " + ", ".join(sorted(keys)), d[k])

    def table(self, d, key, where=""):
        v = d.get(key)
        if not isinstance(v, dict):
            self.fail(where + key, "an object", v)
        return v


def load(path, change=None):
    """Read and check the file at path; returns a dict with every default filled in.
    change(cfg) may put in what was changed on the board.

    Raises ConfigError with one line that names the key."""
    try:
        with open(path) as f:
            cfg = json.load(f)
    except OSError as e:
        raise ConfigError("%s: cannot be read (%s): copy config.example.json there" % (path, e))
    except ValueError:
        raise ConfigError("%s: expected JSON; it does not parse" % path)
    if not isinstance(cfg, dict):
        raise ConfigError("%s: expected an object at the top" % path)
    if change and isinstance(cfg.get("channels"), list):
        change(cfg)
    return check(cfg, path)


def check(cfg, path="config"):
    """Check a decoded configuration; fills defaults in place and returns it."""
    c = _Check(path)
    top = (
        "device",
        "board",
        "site",
        "wifi",
        "uplinks",
        "mqtt",
        "ntp",
        "report",
        "spool",
        "confirm",
        "power",
        "update",
        "channels",
    )
    c.known(cfg, top, "")
    both = c.name(cfg, "device") + c.name(cfg, "site")
    if len(both.encode()) > _TOPIC:
        c.fail("site", "site and device of at most %d bytes together" % _TOPIC, cfg["site"])
    for key in _DEFAULTS:
        default = _DEFAULTS[key]
        if isinstance(default, dict):
            given = cfg.setdefault(key, {})
            c.table(cfg, key)
            c.known(given, default, key + ".")
            for k in default:
                given.setdefault(k, default[k])
        else:
            cfg.setdefault(key, default)
    if "board" in cfg:  # whose pins these are; compared by what puts it on a board
        c.string(cfg, "board", "")
    _network(c, cfg)
    report = cfg["report"]
    c.number(report, "every_s", 10, 3600, "report.", True)
    c.number(report, "sample_s", 1, 10, "report.", True)
    c.number(report, "weight_kg", 0.02, 100, "report.")
    c.number(report, "fill", 0.01, 1, "report.")
    spool = cfg["spool"]
    c.string(spool, "dir", "spool.")
    c.number(spool, "max_kb", 32, 16384, "spool.", True)
    c.number(spool, "batch", 1, 64, "spool.", True)
    c.number(spool, "flush_s", 1, 3600, "spool.", True)
    if cfg["confirm"] not in ("broker", "host"):
        c.fail("confirm", '"broker" or "host"', cfg["confirm"])
    if cfg.get("update") is not None:
        update = c.table(cfg, "update")
        c.known(update, ("key",), "update.")
        c.string(update, "key", "update.", 1, 128)
    _channels(c, cfg)
    power = cfg["power"]
    if power["mode"] not in ("always", "cycle"):
        c.fail("power.mode", '"always" or "cycle"', power["mode"])
    c.number(power, "wake_s", 60, 86400, "power.", True)
    c.number(power, "send_every", 1, 64, "power.", True)
    if power["mode"] == "cycle":
        for i in range(len(cfg["channels"])):
            if cfg["channels"][i]["id"][0] == "w":  # asleep it would miss a lift
                c.fail("channels[%d].kind" % i, "no weight in the mode cycle", "weight")
    if "uplinks" in cfg:
        from settings import uplinks

        uplinks.check(c, cfg)
    return cfg


def _network(c, cfg):
    for key, most in (("ssid", 32), ("password", 64)):
        if len(c.string(cfg["wifi"], key, "wifi.", 0, most).encode()) > most:
            c.fail("wifi." + key, "at most %d bytes" % most, cfg["wifi"][key])
    mqtt = c.table(cfg, "mqtt")
    c.known(mqtt, ("host", "port", "user", "password", "keepalive", "tls"), "mqtt.")
    for k in _MQTT:
        mqtt.setdefault(k, _MQTT[k])
    c.string(mqtt, "host", "mqtt.", 1, 255)
    c.number(mqtt, "port", 1, 65535, "mqtt.", True)
    c.number(mqtt, "keepalive", 10, 3600, "mqtt.", True)
    for k in ("user", "password"):
        if mqtt[k] is not None:
            c.string(mqtt, k, "mqtt.", 0, 255)
    if mqtt["user"] is not None and mqtt["password"] is None:
        c.fail("mqtt.password", "a text, since there is a user", None)
    if mqtt.get("tls") is not None:
        tls = c.table(mqtt, "tls", "mqtt.")
        c.known(tls, ("ca", "cert", "key", "name"), "mqtt.tls.")
        c.string(tls, "ca", "mqtt.tls.", 1, 128)
        for k in ("cert", "key", "name"):
            if tls.get(k) is not None:
                c.string(tls, k, "mqtt.tls.", 1, 255)
        if (tls.get("cert") is None) != (tls.get("key") is None):
            c.fail("mqtt.tls.key", "cert and key together, or neither", tls.get("key"))
    ntp = cfg["ntp"]
    if not isinstance(ntp, list) or not 1 <= len(ntp) <= 8:
        c.fail("ntp", "a list of 1 to 8 servers", ntp)
    for i in range(len(ntp)):
        c.string({"": ntp[i]}, "", "ntp[%d]" % i, 1, 255)


def _channels(c, cfg):
    channels = cfg.get("channels")
    if not isinstance(channels, list) or not 1 <= len(channels) <= 16:
        c.fail("channels", "a list of 1 to 16 channels", channels)
    seen = set()
    pins = set()
    for i in range(len(channels)):
        where = "channels[%d]." % i
        ch = channels[i]
        if not isinstance(ch, dict):
            c.fail(where[:-1], "an object", ch)
        kind = ch.get("kind")
        rule = _KINDS.get(kind) if isinstance(kind, str) else None
        if rule is None:
            from settings import channels as serial

            rule = serial.check(c, channels, i, _KINDS)
        elif "converter" in ch:
            from settings import weight

            rule = weight.check(c, channels, i, rule)
        letter, pin_keys, keys, check_kind = rule
        c.known(ch, ("id", "kind") + pin_keys + keys, where)
        name = c.string(ch, "id", where, 2, 4)
        if name[0] != letter or not name[1:].isdigit():
            c.fail(where + "id", "%s followed by a number" % letter, name)
        if name in seen:
            c.fail(where + "id", "a name not used before", name)
        seen.add(name)
        for key in pin_keys:
            pin = c.number(ch, key, 0, 48, where, True)
            if pin in pins:
                c.fail(where + key, "a pin not used before", pin)
            pins.add(pin)
        check_kind(c, ch, where)
    for i in range(len(channels)):
        by = channels[i].get("temperature")
        if by is not None and (by not in seen or by[0] != "c"):
            c.fail("channels[%d].temperature" % i, "the id of a temperature channel", by)


def _weight(c, ch, where):
    ch.setdefault("gain", 128)
    if ch["gain"] not in _GAINS:
        c.fail(where + "gain", "128, 64 or 32", ch["gain"])
    ch.setdefault("max_kg", 150)
    ch.setdefault("e_kg", 0.05)
    c.number(ch, "max_kg", 1, 8000, where)
    c.number(ch, "e_kg", 0.001, 10, where)
    cal = c.table(ch, "calibration", where)
    where += "calibration."
    terms = ("t_c", "zero_per_c", "span_ppm_per_c")
    c.known(cal, ("id", "date", "zero", "counts_per_kg", "points", "operator") + terms, where)
    c.string(cal, "id", where, 1, 24)
    c.string(cal, "date", where, 10, 10)
    c.number(cal, "zero", -0x7FFFFF, 0x7FFFFF, where, True)
    scale = c.number(cal, "counts_per_kg", -1e6, 1e6, where)
    if abs(scale) < 1:
        c.fail(where + "counts_per_kg", "a scale of at least 1 count per kg", scale)
    for key in terms:
        if key in cal:
            most = 1e6 if key == "zero_per_c" else 1000
            c.number(cal, key, -most, most, where)
    if ("zero_per_c" in cal or "span_ppm_per_c" in cal) and "t_c" not in cal:
        c.fail(where + "t_c", "the temperature of zero and scale, degC", None)


def _fill(c, ch, where):
    ch.setdefault("blind_mm", 200)
    empty = c.number(ch, "empty_mm", 50, 8000, where, True)
    c.number(ch, "full_mm", 0, empty - 1, where, True)
    c.number(ch, "blind_mm", 0, 1000, where, True)


def _plain(c, ch, where):
    pass


_KINDS = {
    "weight": (
        "w",
        ("dout", "sck"),
        ("gain", "max_kg", "e_kg", "temperature", "calibration"),
        _weight,
    ),
    "fill": ("f", ("trig", "echo"), ("empty_mm", "full_mm", "blind_mm", "temperature"), _fill),
    "temperature": ("c", ("pin",), (), _plain),
    "contact": ("d", ("pin",), (), _plain),
}
