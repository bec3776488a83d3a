"""The zero of a platform, from each time it stood bare: whether it moved, since when, and whether
the cell moved or something lies on it.

The level is what the bare platform usually showed. Weighings that are off it, one after the other,
are one excursion. Water and dirt lie on a platform: they only add, and go again. Water comes while
nobody is there; dirt falls where people put things in, so that readings at rest do not show it
come. A cell that moved shows it at rest, or at once, and stays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ..common.local_days import DAY_S
from ..metrology import r76
from ..reconcile.robust import median, spread
from . import temperature
from .evidence import between
from .model import Cause, Finding, Kind, Known, Quantity, Quiet, Verdict, Weighing, within
from .temperature import Following

WINDOW_S = 60 * DAY_S  # evidence before is another season
LEAST = 5  # bare weighings that make a level
OFF_N, OFF_S = 3, 36 * 3600  # so many in a row, over so long, are no accident
SIGMAS = 3.5  # of one weighing, beyond which it is off the level
_OFF = 1.2  # times the limit: off the level
_LEVEL_N = 30  # the last weighings at the level that make it
_RECENT_N = 7
_WEEK_S = 7 * DAY_S
_CLEAR = 2.0  # times the limit: dust, and what temperature may do, are usually less
_PRIOR = 0.15  # e per °C: what a zero usually does (OIML R 76-1:2006, 3.9.2.3: 0.2 at most)
_FIT, _FIT_LEAST = 3.0, 0.02  # how well a fit of quiet hours is believed: times its error; e per °C
OF_MEDIAN = 1.2533  # standard error of a median over that of a mean
_NEAR_S = 4 * DAY_S  # two weighings so near tell of temperature
_GROWN = 1.3  # e: more than that came since it was first off
_STEP = 0.4  # e: a rise that counts as one
_QUIET_SHARE = 0.5  # of a rise, seen at rest: then nobody brought it
_FALLEN = 0.6  # of its peak: what is left of water that dries


@dataclass
class Excursion:
    """Bare weighings in a row that are off the level. begin: the last at the level before;
    moves: (change of the bare platform, change at rest meanwhile beside the usual), g, up to each;
    fall: the same up to the first back at the level."""

    begin: int
    level: float
    off: list[tuple[int, float]] = field(default_factory=list)
    moves: list[tuple[float, float]] = field(default_factory=list)
    fall: tuple[float, float] = 0.0, 0.0
    ended: int = 0

    @property
    def lasts(self) -> bool:
        return len(self.off) >= OFF_N and self.off[-1][0] - self.off[0][0] >= OFF_S

    @property
    def peak(self) -> float:
        return max((v for _, v in self.off), key=abs)

    @property
    def now(self) -> float:
        return median([v for _, v in self.off[-_RECENT_N:]])


@dataclass(frozen=True)
class Zero:
    """What bare weighings tell: per_c, per_c_error in g per °C (None: no thermometer, or it was
    always as warm); noise_g of one of them; recent: what it showed in the last week, recent_n
    times; excursions by time, the last may go on; warmer: °C above
    the usual (usual_c), of each weighing."""

    n: int
    level: float
    noise_g: float
    per_c: float | None
    per_c_error: float
    recent: float
    recent_n: int
    excursions: tuple[Excursion, ...]
    warmer: Mapping[int, float]
    usual_c: float | None

    def error_of(self, times: Sequence[int]) -> float:
        """Standard uncertainty (g) of the level at these weighings against the one before."""
        n = min(len(times), _RECENT_N)
        noise = OF_MEDIAN * self.noise_g * math.sqrt(1 / max(1, n) + 1 / LEAST)
        warm = [self.warmer[t] for t in times[-_RECENT_N:] if t in self.warmer]
        return math.hypot(noise, self.per_c_error * median(warm) if warm else 0.0)


def look(known: Known, now: int) -> Zero | None:
    """None where too few are known. The last one is kept."""
    key = now, len(known.weighings)
    if known.looked is None or known.looked[0] != key:
        known.looked = key, _look(known, now)
    found: Zero | None = known.looked[1]
    return found


def _look(known: Known, now: int) -> Zero | None:
    bares = known.of(Kind.BARE, now - WINDOW_S, now)
    if len(bares) < LEAST:
        return None
    following = temperature.of(known, now)
    lag = following.lag_s if following else temperature.USUAL_LAG_S
    warm = [known.air.at(w.t, lag) if known.air else None for w in bares]
    per_c, error = slope(bares, warm, known.e_g, following)
    usual = median([c for c in warm if c is not None]) if per_c is not None else 0.0
    shown = [
        (w.t, w.off_g - (0.0 if per_c is None or c is None else per_c * (c - usual)))
        for w, c in zip(bares, warm, strict=True)
    ]
    noise = _noise([v for _, v in shown], known.e_g / 10)
    found = _walk(bares, shown, known, max(_OFF * r76.in_service_g(0, known.e_g), SIGMAS * noise))
    level = found[-1].level if found and not found[-1].ended else median(
        [v for _, v in shown[-_LEVEL_N:]]
    )  # fmt: skip
    apart = {t for x in found for t, _ in x.off}
    week = [float(w.off_g) for w in bares if w.t >= now - _WEEK_S and w.t not in apart]
    recent = median(week or [float(bares[-1].off_g)])
    usual_c = usual if per_c is not None else None
    away = {w.t: c - usual for w, c in zip(bares, warm, strict=True) if c is not None}
    return Zero(
        len(bares), level, noise, per_c, error, recent, len(week), tuple(found), away, usual_c
    )


def _noise(values: Sequence[float], least: float) -> float:
    """Of one weighing, by the differences of neighbours: a level that moves once does not enlarge
    it."""
    steps = [b - a for a, b in pairwise(values)]
    return max(least, spread(steps) / math.sqrt(2))


def slope(
    bares: Sequence[Weighing],
    warm: Sequence[float | None],
    e_g: int,
    following: Following | None = None,
) -> tuple[float | None, float]:
    """g per °C and its standard uncertainty, by neighbours in time: a level that moves once is in
    one of them. What quiet hours say, or else what is usual for a cell, weighs as much as it is
    known. warm: °C of the cells."""
    pairs = [
        (d - c, b.off_g - a.off_g)
        for (a, c), (b, d) in pairwise(zip(bares, warm, strict=True))
        if c is not None and d is not None and b.t - a.t <= _NEAR_S
    ]
    if following is None:
        if len(pairs) < LEAST:
            return None, 0.0
        about, known = 0.0, _PRIOR * e_g
    else:
        about, known = following.zero_per_c, max(_FIT * following.error, _FIT_LEAST * e_g)
    value, weight = about, 1.0
    for _ in range(3):
        rest = [d - value * c for c, d in pairs]
        noise = spread(rest, e_g / 10)
        kept = [(c, d) for (c, d), r in zip(pairs, rest, strict=True) if abs(r) <= 3 * noise]
        weight = sum(c * c for c, _ in kept) / noise**2 + 1 / known**2
        value = (sum(c * d for c, d in kept) / noise**2 + about / known**2) / weight
    return value, 1 / math.sqrt(weight)


def _walk(
    bares: Sequence[Weighing], shown: Sequence[tuple[int, float]], known: Known, far: float
) -> list[Excursion]:
    quiet = known.quiet
    usual = _usual_quiet(bares, quiet)
    level = [v for _, v in shown[:LEAST]]
    about = median(level)
    level = [about]
    found: list[Excursion] = []
    open_: Excursion | None = None
    back = 0
    for i, (t, value) in enumerate(shown):
        off = value - about
        move = (0.0, 0.0)
        if i:
            a = bares[i - 1]
            change = bares[i].off_g - a.off_g
            move = change, between(quiet, a.t, t) - usual * (t - a.t)
        if abs(off) > far and (open_ is None or (off > 0) == (open_.off[0][1] > 0)):
            if open_ is None:
                open_ = Excursion(shown[i - 1][0] if i else t, about)
            open_.off.append((t, off))
            open_.moves.append(move)
            back = 0
            continue
        if open_ is not None:
            back += 1
            if back == 1:
                open_.fall = move
            if back < 2 and len(open_.off) >= OFF_N:
                continue
            open_.ended = t
            found.append(open_)
            open_, back = None, 0
        level = [*level, value][-_LEVEL_N:]
        about = median(level)
    if open_ is not None:
        found.append(open_)
    return found


def _usual_quiet(bares: Sequence[Weighing], quiet: Quiet) -> float:
    """Change at rest (g per second) that is no news: what dries, and creeps."""
    rates = [between(quiet, a.t, b.t) / (b.t - a.t) for a, b in pairwise(bares) if b.t > a.t]
    return median(rates) if rates else 0.0


def cause_of(x: Excursion, noise: float, e_g: int) -> Cause:
    """Of an excursion that lasts, or is over; NONE: not to be told yet."""
    values = [v for _, v in x.off]
    if values[0] < 0:
        return Cause.NONE if x.ended else Cause.CELL
    least = max(2 * noise, _STEP * e_g)
    rises = [(b - a, q) for (a, b), (_, q) in zip(pairwise([0.0, *values]), x.moves, strict=True)]
    came = sum(d for d, _ in rises if d >= least)
    at_rest = sum(min(d, max(0.0, q)) for d, q in rises if d >= least)
    is_quiet = at_rest >= _QUIET_SHARE * came
    if x.ended or values[-1] < _FALLEN * x.peak:
        return _gone(x, is_quiet=is_quiet)
    last = values[-OFF_N:]
    if median(last) - values[0] >= _GROWN * e_g:
        return Cause.CELL if is_quiet else Cause.DIRTY
    return Cause.CELL if max(last) - min(last) <= max(3 * noise, e_g / 2) else Cause.NONE


def _gone(x: Excursion, *, is_quiet: bool) -> Cause:
    """Of what is there no more, or less and less."""
    if not is_quiet:
        return Cause.DIRTY if x.lasts else Cause.NONE
    falls = [m for m in (*x.moves, x.fall) if m[0] < 0]
    went = sum(d for d, _ in falls)
    at_rest = sum(max(d, min(0.0, q)) for d, q in falls)
    return Cause.WET if at_rest <= _QUIET_SHARE * went else Cause.NONE


def judge(known: Known, now: int) -> Finding:
    """The zero now."""
    seen = look(known, now)
    limit = r76.in_service_g(0, known.e_g)
    if seen is None:
        n = len(known.of(Kind.BARE, now - WINDOW_S, now))
        text = f"{n} bare weighings, {LEAST} make a level"
        return Finding(Quantity.ZERO, Verdict.UNKNOWN, limit=limit, n=n, because=text)
    last = seen.excursions[-1] if seen.excursions else None
    if last is not None and not last.ended and last.lasts:
        return _named(seen, last, seen.error_of([t for t, _ in last.off]), known.e_g)
    error = OF_MEDIAN * seen.noise_g / math.sqrt(max(1, seen.recent_n))
    if seen.recent_n >= LEAST and abs(seen.recent) > _CLEAR * limit + 2 * error:
        return _far(seen, error, limit)
    return within(Quantity.ZERO, seen.recent, error, limit, seen.n)


def _named(seen: Zero, x: Excursion, error: float, e_g: int) -> Finding:
    limit = r76.in_service_g(0, e_g)
    cause = cause_of(x, seen.noise_g, e_g)
    text = f"{len(x.off)} bare weighings in a row {x.now:+.0f} g off what they were"
    if cause is Cause.CELL and x.now > 0:
        text += "; or something lies there: look first"
    verdict = Verdict.BEYOND if cause else Verdict.UNKNOWN
    return Finding(Quantity.ZERO, verdict, x.now, error, limit, len(x.off), x.begin, cause, text)


def _far(seen: Zero, error: float, limit: float) -> Finding:
    text = "so since the first evidence, or slowly"
    cause = Cause.CELL
    if seen.per_c is not None and abs(seen.per_c) > 3 * seen.per_c_error:
        cause, text = Cause.TEMPERATURE, f"follows the air by {seen.per_c:+.1f} g per degC"
    n = seen.recent_n
    return Finding(Quantity.ZERO, Verdict.BEYOND, seen.recent, error, limit, n, 0, cause, text)


def over(known: Known, now: int, since: int) -> list[tuple[Excursion, Cause]]:
    """Excursions of water and dirt that ended from `since` on."""
    seen = look(known, now)
    if seen is None:
        return []
    ended = [x for x in seen.excursions if x.ended >= since]
    return [(x, cause_of(x, seen.noise_g, known.e_g)) for x in ended]
