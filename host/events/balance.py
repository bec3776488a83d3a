"""The mass balance of one platform over one day, and its limit.

    residual = opening + deposited - collected - removed + unattributed - closing

is the change without an event: rain, drain, drift of the scale, steps too small for a deposit.
The limit is the sum of the maximum permissible errors in service (OIML R 76-1, 3.5.2) of all
weighings: opening, closing, and two for each event, before and after."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from ..common.local_days import local_day
from ..metrology import r76
from .model import Event, Kind, Outcome, Platform

LEAST_COVERED = 990  # permille of the day; below it the day has the flag `coverage`
LASTING_S = 60  # a shorter fault sets no flag
PRESSED = ("tared", "zeroed", "unit")  # keys at an instrument: told however short it was
DOUBT_SHARE = 10  # permille of the collected mass; above it the day has the flag `doubt`

GAINS = (Kind.DEPOSIT, Kind.UNATTRIBUTED)
LOSSES = (Kind.COLLECTION, Kind.REMOVAL)


class Balance(Struct, frozen=True, gc=False):
    """Net masses in g, without drift. limit, doubt: in g; covered_s: measured seconds. flags:
    reasons to look at this day."""

    opening: int
    deposited: int
    collected: int
    removed: int
    unattributed: int
    closing: int
    limit: int
    weighings: int
    doubt: int
    covered_s: int
    flags: tuple[str, ...]

    @property
    def residual(self) -> int:
        """Net mass in g that no event explains: minus the drift."""
        gains = self.opening + self.deposited + self.unattributed
        return gains - self.collected - self.removed - self.closing

    @property
    def measured(self) -> bool:
        """Whether the day has any measurement; otherwise its masses are carried forward."""
        changes = self.deposited, self.collected, self.removed, self.unattributed, self.residual
        return bool(self.covered_s) or any(changes)


def signed(e: Event) -> int:
    """Change of the net mass by an event, in g."""
    return e.grams if e.kind in GAINS else -e.grams if e.kind in LOSSES else 0


def covered_seconds(intervals: Iterable[tuple[int, int]], t0: int, t1: int) -> int:
    """Seconds of [t0, t1) covered by intervals, which do not overlap."""
    return sum(max(0, min(end, t1) - max(start, t0)) for start, end in intervals)


def day_balance(platform: Platform, outcome: Outcome, t0: int, t1: int) -> Balance:
    """The balance of a local day [t0, t1), Unix seconds. An event belongs as a whole to the day
    it began in: a bin lifted at midnight closes that day with its weight on return."""
    opening, today = outcome.sums.opening, local_day(t0)
    opening += sum(g for day, g in outcome.slow.items() if day < today)
    events: list[Event] = []
    gross: list[int] = []
    sums, doubt = dict.fromkeys(Kind, 0), 0
    for e in outcome.events:
        if e.t < t0:
            opening += signed(e)
        elif e.t < t1:
            events.append(e)
            gross += (e.before.grams, e.after.grams)
            sums[e.kind] += e.grams
            doubt += e.doubt_g
    drift = outcome.slow.get(today, 0)
    closing = opening + drift + sum(sums[k] for k in GAINS) - sum(sums[k] for k in LOSSES)
    gross += (opening + platform.tare_g, closing + platform.tare_g)
    limit = sum(r76.in_service_g(g, platform.e_g) for g in gross)
    covered = covered_seconds(outcome.covered, t0, t1)
    made = Balance(
        opening,
        sums[Kind.DEPOSIT],
        sums[Kind.COLLECTION],
        sums[Kind.REMOVAL],
        sums[Kind.UNATTRIBUTED],
        closing,
        limit,
        len(gross),
        doubt,
        covered,
        (),
    )
    flags = tuple(_flags(made, outcome, events, t0, t1))
    return replace(made, flags=flags)


def _flags(b: Balance, outcome: Outcome, events: list[Event], t0: int, t1: int) -> Iterable[str]:
    if abs(b.residual) > b.limit:
        yield "residual"
    if sum(abs(e.grams) for e in events if e.kind is Kind.UNATTRIBUTED) > b.limit:
        yield "unattributed"
    if 1000 * b.doubt > DOUBT_SHARE * max(b.collected, 1):
        yield "doubt"
    if 1000 * b.covered_s < LEAST_COVERED * (t1 - t0):
        yield "coverage"
    of_day = (f for f in outcome.flags if f.t < t1 and f.t_end >= t0)
    told = (f for f in of_day if f.t_end - f.t >= LASTING_S or f.kind in PRESSED)
    yield from dict.fromkeys(f.kind for f in told)
