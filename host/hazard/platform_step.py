"""The step that made a platform weigh what it weighs, at a reading that somebody saw, or at a
moment that somebody names. The mass is always that of stored readings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from ..common.quantity import kg
from ..common.two_boards import TWO_BOARDS
from ..events import Event, Kind, Sample
from ..registry import Bin
from ..rollup.scales import samples
from ..store import Store, days, reading
from . import HazardError
from .entry import Weighed
from .register import Container, HazardStore, Register
from .weighed_steps import of_samples, weighed

BACK_S = 4 * 86_400  # what is weighed did not come earlier
CALM_S = 5  # around a moment that somebody names: so much the clocks may differ


class ActError(HazardError):
    """An act that cannot be booked. key: of the text weigh.why.KEY, with its values. wait: it may
    be booked later, when readings that are on their way have come."""

    def __init__(self, key: str, *, wait: bool = False, **values: object) -> None:
        told = " ".join(f"{k}={v}" for k, v in values.items())
        super().__init__(f"{key}: {told}" if told else key)
        self.key, self.wait, self.values = key, wait, values


@dataclass(frozen=True)
class Shown:
    """A reading as somebody saw it. grams: gross, as the board told it."""

    life: str
    seq: int
    grams: int


@dataclass(frozen=True)
class Step:
    """What came onto a platform (up) or left it, between two readings at rest. t: when it
    began, Unix seconds; held: the reading that it was looked at by."""

    bin: Bin
    event: Event
    held: Sample

    @property
    def weighed(self) -> Weighed:
        return weighed(self.bin, self.event)

    @property
    def t(self) -> int:
        return self.event.t

    @property
    def up(self) -> bool:
        return self.event.kind is Kind.DEPOSIT


def platforms(register: Register, store: HazardStore) -> list[Bin]:
    """The open platforms at the site of a store."""
    return [b for b in register.bins.values() if b.site == store.site and b.container == "platform"]


def wastes(register: Register, store: HazardStore, bin_: Bin, day: dt.date) -> list[Container]:
    """What may be weighed on a platform: what stands there, and what has no scale of its own."""
    return [c for c in register.standing(store.store, day) if c.bin in ("", bin_.bin)]


def latest(store: Store, bin_: Bin, now: int) -> Shown | None:
    """The last stored reading of a platform up to now (Unix seconds); None without one."""
    days.compact_board(store.database, bin_.device, now)
    rows = store.readings(bin_.device, now - BACK_S, now + 1)
    last = None
    for row in rows:
        if bin_.channel in row.values:
            last = Shown(row.life, row.seq, row.values[bin_.channel])
    return last


def at_reading(store: Store, register: Register, bin_: Bin, shown: Shown, now: int) -> Step:
    """The step by which the platform weighs what the reading shows; ActError without one.
    now: Unix seconds."""
    found = _samples(store, bin_, now)
    at = next((i for i, s in enumerate(found) if (s.life, s.seq) == (shown.life, shown.seq)), None)
    if at is None:
        if reading.holds_all(store.database, bin_.device, shown.life, shown.seq, shown.seq):
            raise ActError("undated")
        raise ActError("not_stored", wait=True)
    told = _told(store, bin_, found[at])
    if told != shown.grams:
        raise ActError("differs", shown=kg(shown.grams), stored=kg(told))
    return _step(store, register, bin_, found[: at + 1])


def at_time(store: Store, register: Register, bin_: Bin, t: int, now: int) -> Step:
    """The same of Unix second t, of which somebody without a network says that it stood at
    rest then. CALM_S before and after it the platform must have been at rest."""
    if not now - BACK_S < t <= now:
        raise ActError("too_long_ago")
    found = _samples(store, bin_, now)
    n = sum(1 for s in found if s.t <= t)
    after = next((s for s in found[n:] if s.t > t + CALM_S), None)
    if n == 0:
        raise ActError("no_readings", wait=after is None)
    if any(abs(s.t - t) <= CALM_S and s.q is not None for s in found):
        raise ActError("not_calm")
    if after is None:
        raise ActError("readings_coming", wait=True)
    last = found[n - 1]
    if (last.life, last.boot) != (after.life, after.boot):
        raise ActError("unseen")
    if not reading.holds_all(store.database, bin_.device, last.life, last.seq, after.seq):
        raise ActError("readings_coming", wait=True)
    return _step(store, register, bin_, found[:n])


def _samples(store: Store, bin_: Bin, now: int) -> list[Sample]:
    days.compact_board(store.database, bin_.device, now)
    return list(samples(store, bin_.device, bin_.channel, now + 60, since=now - BACK_S))


def _told(store: Store, bin_: Bin, s: Sample) -> int | None:
    """The gross load in g as the board told it, before a later calibration corrected it."""
    for row in store.readings(bin_.device, s.t, s.t + 1):
        if (row.life, row.seq) == (s.life, s.seq):
            return row.values.get(bin_.channel)
    return None


def _step(store: Store, register: Register, bin_: Bin, found: Sequence[Sample]) -> Step:
    """The last step of these samples, the last of which must be at rest and within the range."""
    held = found[-1]
    if held.q == "moving":
        raise ActError("moving")
    if held.grams is None or held.q is not None:
        raise ActError("fault", fault=held.q or "no_data")
    if bin_.max_g and held.grams > bin_.max_g:
        raise ActError("over", most=kg(bin_.max_g))
    seen = of_samples(store, register, bin_, found, found[0].t)
    if any(f.kind == TWO_BOARDS and f.t_end + 3600 > held.t for f in seen.outcome.flags):
        raise ActError("two_boards")
    event = seen.outcome.events[-1] if seen.outcome.events else None
    if event is None:
        raise ActError("nothing")
    if event.kind is Kind.UNATTRIBUTED:
        raise ActError("unseen")
    b, a = event.before, event.after
    if not reading.holds_all(store.database, bin_.device, a.life, b.seq, held.seq):
        raise ActError("readings_coming", wait=True)
    return Step(bin_, event, held)
