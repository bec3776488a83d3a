"""All quantities of a platform at a moment."""

from __future__ import annotations

from ..metrology import r76
from . import creep, span, surface, zero
from .model import Cause, Finding, Kind, Known, Quantity, Standing, Verdict, Weighing, within

_NO_HYSTERESIS = "no load is known both on its way up and on its way down"


def standing(known: Known, now: int) -> Standing:
    """By what was known before Unix time now."""
    at_zero = zero.judge(known, now)
    if since := surface.frozen_since(known, now):
        limit = r76.in_service_g(0, known.e_g)
        text = "nothing came where people always came, and the weight does not tremble"
        at_zero = Finding(
            Quantity.ZERO, Verdict.BEYOND, 0.0, 0.0, limit, at_zero.n, since, Cause.FROZEN, text
        )
    hysteresis = Finding(Quantity.HYSTERESIS, Verdict.UNKNOWN, because=_NO_HYSTERESIS)
    found = (
        at_zero,
        span.judge(known, now),
        creep.judge(known, now),
        _temperature(known, now),
        hysteresis,
    )
    return Standing(now, found)


def _temperature(known: Known, now: int) -> Finding:
    """OIML R 76-1:2006, 3.9.2.3: the zero moves by e per 5 °C at most."""
    limit = known.e_g / 5
    seen = zero.look(known, now)
    least = 0.04 * known.e_g
    if seen is None or seen.per_c is None or seen.per_c_error > least:
        text = "no thermometer, or the air was always as warm when the platform stood bare"
        return Finding(Quantity.TEMPERATURE, Verdict.UNKNOWN, limit=limit, because=text)
    value, error = seen.per_c, seen.per_c_error
    if abs(value) - 3.6 * error > limit:
        return Finding(Quantity.TEMPERATURE, Verdict.BEYOND, value, error, limit, seen.n)
    return within(Quantity.TEMPERATURE, value, error, limit, seen.n)


def evidence(known: Known, now: int) -> list[Weighing]:
    """The weighings that it rests on, each with its standard uncertainty (g)."""
    since = now - zero.WINDOW_S
    seen = zero.look(known, now)
    errors = {}
    for kind, load in ((Kind.RETURN, known.tare_g), (Kind.LIFT, 0)):
        of_kind = known.of(kind, since, now)
        for w, s in zip(of_kind, span.samples(known, kind, since, now), strict=True):
            errors[w.source] = s.error * (load or w.load_g)
    usual = seen.noise_g if seen else known.e_g / 10
    return [
        w._replace(error_g=errors.get(w.source, usual))
        for w in known.weighings
        if since <= w.t < now
    ]
