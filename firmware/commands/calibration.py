"""The commands that weigh what stands there and change by what a platform weighs.

Loaded by dispatcher.py when the first of them comes. Each takes the Commands and the command,
gives the result, or raises Refused before anything has changed."""

import sys

from identity import table
from micropython import const
from sensors.build import calibration

from commands.dispatcher import Refused

_ZERO_SHARE = const(25)  # R 76: zero setting within 4 % of Max
_STABLE_S = const(5)  # nothing is stable sooner; less is a counter that ran over
_POINTS = const(12)
_LEAST_E = const(8)  # counts in one e: with fewer nothing would ever be at rest
_MAX_COUNT = const(0x7FFFFF)


def measure(c, cmd):
    """What stands there now, as facts: the fit is made by who asks."""
    ch = _stable(c, cmd)
    w = ch.weighing
    hal = c.board.hal
    out = {
        "counts": w.mean,
        "spread": w.high - w.low,  # of the frames by which it became stable
        "stable_s": max(_STABLE_S, hal.ticks_diff(hal.ticks_ms(), w.since) // 1000),
        "moved": w.moved,
        "kg": w.grams() / 1000,
        "max_kg": ch.max_kg,
        "e_kg": ch.e_kg,
        "now": table(ch.calibration),
    }
    t = ch.thermometer and ch.thermometer.value()
    if t is not None:
        out["c"] = t / 100
    return out


def zero(c, cmd):
    """What stands there is nothing."""
    ch = _stable(c, cmd)
    old = ch.calibration
    moved = ch.weighing.mean - old.zero_now
    if abs(moved) * _ZERO_SHARE > old.counts(ch.max_kg) and cmd.get("force") is not True:
        raise Refused('%s: more than 4 %% of Max from zero; "force": true if so' % ch.name)
    new = table(old)
    new["zero"] = old.zero + moved  # at t_c, whatever the temperature is now
    return _save_from_command(c, cmd, ch, new)


def calibrate(c, cmd):
    """So many kg stand there."""
    ch = _stable(c, cmd)
    kg = cmd.get("kg")
    if not _number(kg, ch.max_kg / 20, ch.max_kg):
        text = "kg: expected from %g to %g, found %r"
        raise Refused(text % (ch.max_kg / 20, ch.max_kg, kg))
    old = ch.calibration
    scale = (ch.weighing.mean - old.zero_now) / kg / old.span
    if not 0.8 < scale / old.counts_per_kg < 1.25 and cmd.get("force") is not True:
        text = '%s: %g counts per kg, %g until now; "force": true if so'
        raise Refused(text % (ch.name, scale, old.counts_per_kg))
    new = table(old)
    new["counts_per_kg"] = scale
    return _save_from_command(c, cmd, ch, new)


def set_calibration(c, cmd):
    """A calibration as a whole, from a fit through points."""
    ch = _channel(c, cmd)
    new = cmd.get("calibration")
    if not isinstance(new, dict):
        raise Refused("calibration: expected an object, found %r" % (new,))
    _check(ch, new, cmd.get("force") is True)
    return _save(c, cmd, ch, new)


def _check(ch, new, forced):
    """Refused unless a platform can weigh by it."""
    for key in new:
        if key not in _KEYS:
            known = ", ".join(sorted(_KEYS))
            raise Refused("calibration.%s: no such key; known: %s" % (key, known))
    for key, low, high in (("id", 1, 24), ("date", 10, 10)):
        v = new.get(key)
        if not isinstance(v, str) or not low <= len(v) <= high:
            text = "calibration.%s: expected a text of %d to %d characters, found %r"
            raise Refused(text % (key, low, high, v))
    kg = ch.max_kg + 9 * ch.e_kg
    # Of every e there must be counts enough, and Max must fit into the converter.
    low, high = _LEAST_E / ch.e_kg, _MAX_COUNT / kg
    for key, least, most in (
        ("zero", -_MAX_COUNT, _MAX_COUNT),
        ("counts_per_kg", -high, high),
        ("t_c", -50, 80),
        ("zero_per_c", -5 * ch.e_kg * high, 5 * ch.e_kg * high),
        ("span_ppm_per_c", -1000, 1000),
    ):
        v = new.get(key)
        if v is None and key not in ("zero", "counts_per_kg"):
            continue
        if not _number(v, least, most) or (key == "zero" and not isinstance(v, int)):
            text = "calibration.%s: expected a number from %g to %g, found %r"
            raise Refused(text % (key, least, most, v))
    scale, zero_counts = new["counts_per_kg"], new["zero"]
    if abs(scale) < low:
        text = "calibration.counts_per_kg: expected at least %g either way, found %r"
        raise Refused(text % (low, scale))
    if not -_MAX_COUNT <= zero_counts + kg * scale <= _MAX_COUNT:
        raise Refused("calibration: %g kg would be beyond the converter" % kg)
    if ("zero_per_c" in new or "span_ppm_per_c" in new) and "t_c" not in new:
        raise Refused("calibration.t_c: expected the temperature of zero and scale, degC")
    _check_points(ch, new, forced)


def _check_points(ch, new, forced):
    points = new.get("points", [])
    if not isinstance(points, list) or len(points) > _POINTS:
        raise Refused("calibration.points: expected a list of at most %d" % _POINTS)
    fitted = calibration(new)
    for p in points:
        if not isinstance(p, list) or not 2 <= len(p) <= 3:
            raise Refused("calibration.points: expected [kg, counts, degC], found %r" % (p,))
        for v in p:
            if not _number(v, -_MAX_COUNT - 1, _MAX_COUNT):
                raise Refused("calibration.points: expected numbers, found %r" % (p,))
        fitted.at(int(p[2] * 100) if len(p) == 3 else None)
        off = fitted.grams(p[1]) / 1000 - p[0]
        if abs(off) * 50 > ch.max_kg and not forced:
            text = 'calibration: %g kg would weigh %g kg too much; "force": true if so'
            raise Refused(text % (p[0], off))


def _number(v, low, high):
    return not isinstance(v, bool) and isinstance(v, (int, float)) and low <= v <= high


def _channel(c, cmd):
    for ch in c.sampler.channels:
        if ch.kind == "weight" and ch.name == cmd.get("channel"):
            return ch
    raise Refused("channel: expected a weight channel, found %r" % (cmd.get("channel"),))


def _stable(c, cmd):
    """The weight channel a command names, at rest."""
    ch = _channel(c, cmd)
    if not ch.weighing.stable or ch.value() is None:
        raise Refused("%s: not stable" % ch.name)
    return ch


def _save_from_command(c, cmd, ch, new):
    new["id"] = "%s-%s" % (cmd["do"][0], cmd["id"][:20])
    when = c.who(cmd)[0]
    new["date"] = when[:10] if when[0] != "+" else "0000-00-00"  # the clock is unset
    return _save(c, cmd, ch, new)


def _save(c, cmd, ch, new):
    when_who = c.who(cmd)
    new["operator"] = when_who[1]
    c.local.change(ch.name, table(ch.calibration), new, when_who)
    ch.calibrate(calibration(new))
    out = table(ch.calibration)
    if ch.weighing.known:
        out["kg"] = ch.weighing.grams() / 1000
    if c.spool is not None:
        import sensors
        from sensors import calibration_start

        calibration_start.note(c.board.data_dir, c.spool, c.sampler.channels, c.log)
        del calibration_start, sensors.calibration_start
        del sys.modules["sensors.calibration_start"]
        c.sampler.read_now()
        c.changed = True
        out["life"] = c.spool.state.life
        out["seq"] = ch.since  # the first reading weighed by it
    return out


_KEYS = (
    "id",
    "date",
    "zero",
    "counts_per_kg",
    "t_c",
    "zero_per_c",
    "span_ppm_per_c",
    "points",
)
