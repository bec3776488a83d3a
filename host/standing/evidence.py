"""Known loads from the events of a platform, and what its weight did while nobody was there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable

from ..events import Event, Platform, Series
from ..events import Kind as Happened
from ..events.limits import GAP_S
from ..reconcile.gains import Gain
from ..reconcile.model import Match
from .model import Kind, Quiet, Weighing

# °C of the board's thermometer at a Unix time; None: it has none, or was silent.
Warmth = Callable[[int], float | None]

_MOST_LEFT = 60  # permille of its tare: more in an emptied bin is waste that did not fall out
SETTLED_S = 1800  # OIML R 76-1:2006, 3.9.4: creep and zero return within 30 min
_EARLY_S, _LATE_S = 60, 600  # from when, and for how long after, a reading counts


def of_events(
    events: Iterable[Event], platform: Platform, place: str, warmth: Warmth
) -> list[Weighing]:
    """Bare platforms and empty bins. place: device/channel."""
    found = []
    for e in events:
        bare = e.bare
        if bare is None or e.kind not in (Happened.COLLECTION, Happened.RETURNED):
            continue
        c = warmth(bare.t)
        source = f"{place}/{bare.life}/{bare.seq}"
        found.append(Weighing(bare.t, Kind.BARE, 0, bare.grams, 0.0, source, c))
        if e.kind is not Happened.COLLECTION or e.note:
            continue  # still full, or another bin may stand there
        off = e.after.grams - bare.grams - platform.tare_g
        if abs(off) <= platform.tare_g * _MOST_LEFT // 1000:
            source = f"{place}/{e.after.life}/{e.after.seq}"
            c = warmth(e.after.t)
            found.append(Weighing(e.after.t, Kind.RETURN, platform.tare_g, off, 0.0, source, c))
    return sorted(found)


def of_matches(matches: Iterable[Match], trucks: dict[str, Gain], noise_g: float) -> list[Weighing]:
    """What trucks weighed of one bin each, by their gains taken off; noise_g: of one weighing by
    both."""
    found = []
    for m in matches:
        if not m.is_near or len(m.lifts) != 1 or len(m.collections) != 1:
            continue
        lift, c = m.lifts[0], m.collections[0]
        if (truck := trucks.get(lift.truck)) is None or c.grams < LEAST_LIFT_G:
            continue
        known = lift.grams / (1 + truck.value)
        source = f"{c.name} {lift.name}"
        found.append(
            Weighing(c.t, Kind.LIFT, round(known), round(c.grams - known), noise_g, source)
        )
    return sorted(found)


LEAST_LIFT_G = 8_000  # below, the divisions of a truck's scale say more than its gain


def quiet_of(series: Series, step_g: int) -> Quiet:
    """The sum of small changes between readings at rest, one after the other. A reading that is
    marked `moving` still has the weight at rest before the motion; what follows it is not quiet.
    step_g: what is less than this is no step."""
    t, total, grams, last = [], [], [], 0
    for i in range(1, len(series)):
        a, b = series.grams[i - 1], series.grams[i]
        before, after = series.q.get(i - 1), series.q.get(i)
        if (
            a is not None and b is not None and before is None and after in (None, "moving")
            and abs(b - a) < step_g and series.t[i] - series.t[i - 1] <= GAP_S
            and series.boot[i - 1] == series.boot[i]
        ):  # fmt: skip
            last += b - a
        if b is not None:
            t.append(series.t[i])
            total.append(last)
            grams.append(b)
    return Quiet(t, total, grams)


def settled(events: Iterable[Event], series: Series) -> list[tuple[int, int, int]]:
    """(Unix time, change in g from the first minute to half an hour after an empty bin came back,
    load in g that left), where nobody came meanwhile: the load was off, and what is left creeps."""
    found = []
    for e in events:
        if e.kind is not Happened.COLLECTION or e.bare is None:
            continue
        start = e.after.t
        i = bisect_right(series.t, start + _EARLY_S)
        first = last = None
        while i < len(series) and series.t[i] <= start + SETTLED_S + _LATE_S:
            grams = series.grams[i]
            if i in series.q or grams is None:
                break
            if first is None:
                first = grams
            if series.t[i] >= start + SETTLED_S:
                last = grams
                break
            i += 1
        if first is not None and last is not None:
            found.append((start, last - first, e.grams))
    return found


def between(quiet: Quiet, a: int, b: int) -> int:
    """Quiet change (g) from Unix time a to b."""
    if not quiet.t:
        return 0
    return _at(quiet, b) - _at(quiet, a)


def _at(quiet: Quiet, t: int) -> int:
    i = bisect_right(quiet.t, t) - 1
    return quiet.total[i] if i >= 0 else 0
