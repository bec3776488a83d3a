"""What people do today on the same counts: four ways from an HX711 to kilograms taken away.

ESPHome: component hx711 every second, filter `median` over 7 values sending every 4th (the
documentation's example), filter `delta` of 0.2 kg, and in Home Assistant a level counts once
it was held for 10 s; Tasmota: ten conversions at 10 SPS, the
two highest and the two lowest dropped, the mean of six, no negative weights, and a message
when it moved by more than the delta (here 0.2 kg) and came to rest within it; host side:
one conversion every 60 s (ESPHome's default), and whatever differs by 0.2 kg from the row
before is an event; ruptures: the medians of 10 s in segments by KernelCPD (linear, penalty
0.2 kg squared, at least 2 rows). A conversion of -1, and on ESPHome and the host one outside
-5 to 160 kg, is passed over.

All four are given the bin's tare and the same bookkeeping: less than half the tare on the
platform means that the bin is away; when it is back, what is missing by 1 kg and more is a
collection; with the bin in place a rise of 0.2 kg is a deposit and a fall of 1 kg a
collection. None of them keeps readings while there is no supply or no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from day_play import RUN_IN
from numpy.typing import NDArray

from accuracy.field import Floats, Ints
from accuracy.ours import Day, Found
from accuracy.scene import DAY_S, Scene

DELTA_KG = 0.2
EMPTIED_KG = 1.0
HOLD_S = 10.0
LEAST_KG, MOST_KG = -5.0, 160.0
Levels = Iterator[tuple[float, float, float]]  # since when, the kg, when it was first seen


@dataclass(frozen=True)
class Series:
    """Ten conversions a second in kg, from RUN_IN seconds before the day on; there tells
    where they could be had."""

    kg: Floats
    raw: Ints
    there: NDArray[np.bool_]

    def every(self, n: int) -> tuple[Floats, Floats]:
        """Every n-th conversion: seconds of the day, kg; what no platform can weigh is
        thrown away, as people do who have seen it."""
        pick = np.arange(0, len(self.kg), n)
        kg = self.kg[pick]
        pick = pick[self.there[pick] & (self.raw[pick] != -1) & (kg > LEAST_KG) & (kg < MOST_KG)]
        return pick / 10 - RUN_IN, self.kg[pick]


def series(scene: Scene, channel: str, x: Ints) -> Series:
    zero, scale = scene.calibration[channel]
    raw = np.clip(x, -0x800000, 0x7FFFFF)
    there = np.ones(len(x), dtype=np.bool_)
    for a, b in scene.dark + scene.offline:
        there[int((a + RUN_IN) * 10) : int((b + RUN_IN) * 10)] = False
    return Series((raw - zero) / scale, raw, there)


def esphome(s: Series) -> Levels:
    """median: window 7, every 4th; delta 0.2 kg."""
    t, kg = s.every(10)
    if len(kg) < 7:
        return
    windows = np.lib.stride_tricks.sliding_window_view(kg, 7)[::4]
    waiting: tuple[float, float, float] | None = None
    for at, kg_now, began in _delta(t[6::4], np.median(windows, axis=1)):
        held = waiting is not None and at - waiting[0] >= HOLD_S
        if waiting is not None and held:
            yield waiting
        waiting = (at, kg_now, began if held or waiting is None else waiting[2])
    if waiting is not None:
        yield waiting


def _delta(t: Floats, kg: Floats) -> Levels:
    last = None
    for at, value in zip(t.tolist(), kg.tolist(), strict=False):
        if last is None or abs(value - last) >= DELTA_KG:
            last = value
            yield at, value, at


def tasmota(s: Series) -> Levels:
    """Trimmed mean of ten; told once it moved and came to rest within the delta."""
    n = len(s.kg) // 10 * 10
    rows = s.kg[:n].reshape(-1, 10)
    kg = np.maximum(np.sort(rows, axis=1)[:, 2:8].mean(axis=1), 0.0)
    there = s.there[:n].reshape(-1, 10).all(axis=1)
    reference: float | None = None
    moved_at: float | None = None
    t = np.arange(len(kg)) - RUN_IN + 1.0
    for at, value in zip(t[there].tolist(), kg[there].tolist(), strict=True):
        if reference is None:
            reference = value
            yield at, value, at
        elif abs(value - reference) > DELTA_KG:
            reference = value
            moved_at = at if moved_at is None else moved_at
        elif moved_at is not None:
            yield at, value, moved_at
            moved_at = None


def difference(s: Series) -> Levels:
    """A row a minute; the rows themselves are the levels."""
    t, kg = s.every(600)
    for at, value in zip(t.tolist(), kg.tolist(), strict=True):
        yield at, value, at


def change_points(s: Series) -> Levels:
    """Segments of the medians of 10 s, each told with its median."""
    n = len(s.kg) // 100 * 100
    there = s.there[:n].reshape(-1, 100).all(axis=1)
    kg = np.median(s.kg[:n].reshape(-1, 100), axis=1)[there]
    t = (np.arange(n // 100) * 10.0 - RUN_IN)[there]
    if len(kg) < 4:
        return
    import ruptures  # noqa: PLC0415 - only `make bench-accuracy` installs it

    search = ruptures.KernelCPD(kernel="linear", min_size=2).fit(kg.reshape(-1, 1))
    begin = 0
    for end in search.predict(pen=DELTA_KG**2):
        yield float(t[begin]), float(np.median(kg[begin:end])), float(t[begin])
        begin = end


BASELINES: dict[str, Callable[[Series], Levels]] = {
    "ESPHome median": esphome,
    "Tasmota trimmed mean": tasmota,
    "host difference": difference,
    "ruptures": change_points,
}


def book(levels: Levels, channel: str, tare_kg: float) -> Iterator[Found]:
    """Deposits and collections from one level to the next; tare 0: an open platform."""
    absent = tare_kg / 2 if tare_kg else -1e9
    before: float | None = None
    lifted_t = 0.0
    away = False
    for _, kg, first in levels:
        if kg < absent:
            if not away:
                away, lifted_t = True, first
            continue
        if before is not None:
            start = lifted_t if away else first
            step = kg - before
            if step <= -EMPTIED_KG:
                yield Found(start, first, channel, "collection", round(-1000 * step))
            elif step >= DELTA_KG:
                yield Found(start, first, channel, "deposit", round(1000 * step))
            elif not away and abs(step) < DELTA_KG:
                continue  # no event: the level stays what it was told to be
        away = False
        before = kg


def baseline_day(scene: Scene, counts: dict[str, Ints], method: Callable[[Series], Levels]) -> Day:
    """What one of them makes of a day."""
    day = Day()
    for bin_ in scene.bins:
        s = series(scene, bin_.channel, counts[bin_.channel])
        tare = bin_.tare_g / 1000 if bin_.container == "wheelie" else 0.0
        day.found += [f for f in book(method(s), bin_.channel, tare) if 0 <= f.t < DAY_S]
    return day
