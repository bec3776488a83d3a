"""The state of a store at a moment: weights, temperature, door."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..common.two_boards import TWO_BOARDS
from ..events.limits import GAP_S
from ..registry import Bin
from ..store import Store
from .ledger_posting import SETTLE_S, Seen
from .register import HazardStore, Register

HYSTERESIS = 0.5  # °C
_TURN_S = 3600  # two boards that took turns may do so again
Series = Sequence[tuple[int, int]]  # (Unix seconds, value) in order of time
BACK_S = 7 * 86_400  # how far back the last change of a door is searched


@dataclass
class Weights:
    """Weights of one platform over time: Unix seconds and gross g."""

    bin: Bin
    valid_t: list[int] = field(default_factory=list)  # when a valid weight came
    rest_t: list[int] = field(default_factory=list)
    rest_g: list[int] = field(default_factory=list)
    busy: list[tuple[int, int]] = field(default_factory=list)  # not settled from … until
    silence_s: int = GAP_S  # so long the board may be silent, as it told last
    doubled: list[tuple[int, int]] = field(default_factory=list)  # two boards, from … until

    @staticmethod
    def of(seen: Seen) -> Weights:
        made = Weights(seen.bin)
        if seen.samples:
            last = seen.samples[-1]
            made.silence_s = seen.silences.longest(last.life, last.t)
        for s in seen.samples:
            if s.usable and s.grams is not None:
                made.valid_t.append(s.t)
                if s.q is None:
                    made.rest_t.append(s.t)
                    made.rest_g.append(s.grams)
                else:
                    made.busy.append((s.t, s.t + SETTLE_S))
        made.busy += [(e.t, e.t_end + SETTLE_S) for e in seen.outcome.events]
        made.busy.sort()
        flags = (f for f in seen.outcome.flags if f.kind == TWO_BOARDS)
        made.doubled = [(f.t, f.t_end + _TURN_S) for f in flags]
        return made


@dataclass(frozen=True)
class PlatformView:
    """valid_t: when the last valid weight came; gross: the last weight at rest, in g; settled:
    no step is under way, so that gross counts; silence_s: so long its board may be silent;
    doubled: since when two boards speak under the name of one (Unix seconds)."""

    bin: Bin
    valid_t: int | None
    gross: int | None
    settled: bool
    silence_s: int = GAP_S
    doubled: int | None = None


@dataclass(frozen=True)
class StoreView:
    """temperature: the latest, (Unix seconds, 0.01 °C); door: open since (Unix seconds), None
    while closed or not known; past: temperatures up to the moment."""

    store: HazardStore
    platforms: Sequence[PlatformView]
    temperature: tuple[int, int] | None = None
    door: int | None = None
    past: Series = ()

    def warm(self, limit: float) -> bool | None:
        """Whether the temperature reached `limit` (°C) and has not fallen HYSTERESIS below it
        since; None: no temperature is known."""
        for _, value in reversed(self.past):
            if value >= 100 * limit:
                return True
            if value < 100 * (limit - HYSTERESIS):
                return False
        return False if self.past else None


@dataclass
class StoreHistory:
    """Weights, temperatures and door of a store over time."""

    store: HazardStore
    weights: list[Weights]
    temperatures: Series = ()
    doors: Series = ()

    def at(self, now: int) -> StoreView:
        """The state of the store at now (Unix seconds)."""
        return StoreView(
            self.store,
            [_platform(w, now) for w in self.weights],
            _last(self.temperatures, now),
            _open_since(self.doors, now),
            self.temperatures[: bisect_right(self.temperatures, (now, 1 << 62))],
        )


def _platform(w: Weights, now: int) -> PlatformView:
    i = bisect_right(w.valid_t, now)
    j = bisect_right(w.rest_t, now)
    k = bisect_right(w.busy, (now, 1 << 62))
    settled = not any(end > now for _, end in w.busy[max(0, k - 4) : k])
    doubled = next((t for t, end in w.doubled if t <= now < end), None)
    return PlatformView(
        *(w.bin, w.valid_t[i - 1] if i else None, w.rest_g[j - 1] if j else None),
        *(settled, w.silence_s, doubled),
    )


def _last(values: Series, now: int) -> tuple[int, int] | None:
    i = bisect_right(values, (now, 1 << 62))
    return values[i - 1] if i else None


def _open_since(values: Series, now: int) -> int | None:
    """When the door was opened (Unix seconds); None while it is closed."""
    i = bisect_right(values, (now, 1 << 62))
    since = None
    while i and values[i - 1][1]:
        i -= 1
        since = values[i][0]
    return since


def histories(
    store: Store, register: Register, seen: Iterable[Seen], now: int
) -> list[StoreHistory]:
    """Every store with its sensors up to now (Unix seconds)."""
    weights = {s.bin.bin: Weights.of(s) for s in seen}
    return [
        StoreHistory(
            s,
            [weights[b.bin] for b in register.platforms(s.store) if b.bin in weights],
            _series(store, s.temperature, now),
            _series(store, s.door, now),
        )
        for s in register.stores.values()
    ]


def _series(store: Store, sensor: tuple[str, str] | None, now: int) -> Series:
    if sensor is None:
        return ()
    device, channel = sensor
    return [
        (r.t, r.values[channel])
        for r in store.readings(device, now - BACK_S, now + 1)
        if channel in r.values and channel not in r.q
    ]
