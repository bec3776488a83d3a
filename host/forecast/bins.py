"""The forecast of each bin of a registry, from the readings of a store."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..common.local_days import LOCAL
from ..registry import Bin, csv_rows
from ..rollup.days import OVERFLOW_PERMILLE
from ..store import Store
from ..store.columns import Columns
from .ensemble import BACK_D, IsOff, gain, hours_until, weekend
from .growth import FILL, GAP_HOURS, HOUR_S, WEIGHT, growth_of

MOST_HOURS = 72  # how far ahead is looked
HOLIDAYS = "holidays.csv"
_OFF, _ON = "休", "班"
Quantiles = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class BinForecast:
    """Of one bin at an hour. fill: permille now; net_g: what is in it now; full_h: hours until it
    is full, at 10, 50, 90 %, None beyond MOST_HOURS; kg: what will be in it at the time asked for,
    at 10, 50, 90 %. None: not known. by: "fill" or "weight", what full_h rests on."""

    bin: Bin
    fill: int | None = None
    net_g: int | None = None
    full_h: Quantiles | None = None
    kg: Quantiles | None = None
    by: str = ""


def days_off(folder: Path) -> IsOff:
    """Whether a day is off: weekends, but for what holidays.csv (date, kind: 休 or 班) says;
    RegistryError names the first mistake."""
    if not (folder / HOLIDAYS).exists():
        return weekend
    known: dict[dt.date, bool] = {}
    for row in csv_rows(folder, HOLIDAYS, ("date", "kind")):
        row.text("date")
        day = row.date("date", dt.date.min)
        row.unique("date", known, day)
        known[day] = row.one_of("kind", (_OFF, _ON)) == _OFF
    return lambda day: known[day] if day in known else weekend(day)


def forecasts(
    store: Store,
    bins: Iterable[Bin],
    now: int,
    until: int,
    is_off: IsOff = weekend,
) -> list[BinForecast]:
    """Each bin with a sensor, at the whole hour before now; until: the moment whose mass is asked
    for (both Unix seconds)."""
    by_board: dict[str, list[Bin]] = defaultdict(list)
    for bin_ in bins:
        if bin_.device:
            by_board[bin_.device].append(bin_)
    hour, ahead = now // HOUR_S, max(1, -(-(until - now) // HOUR_S))
    found = []
    for device, of_board in by_board.items():
        start = (hour - 24 * (BACK_D + 1)) * HOUR_S
        read = store.columns(device, start, hour * HOUR_S + 1)
        found += [_forecast(read, bin_, hour, min(ahead, MOST_HOURS), is_off) for bin_ in of_board]
    return found


def _forecast(read: Columns, bin_: Bin, hour: int, ahead: int, is_off: IsOff) -> BinForecast:
    fills = _valid(read, bin_.fill_channel, hour)
    weights = _valid(read, bin_.channel, hour)
    full, kg, by, net = None, None, "", None
    if bin_.container == "wheelie":  # a platform without a bin is no emptying
        weights = [(t, g) for t, g in weights if g >= bin_.tare_g // 2]
    if fills:
        growth = growth_of(fills, FILL)
        room = OVERFLOW_PERMILLE - fills[-1][1]
        full, by = hours_until(growth, hour, room, MOST_HOURS, is_off), "fill"
    if weights:
        growth = growth_of(weights, WEIGHT)
        net = max(0, weights[-1][1] - bin_.tare_g)
        if more := gain(growth, hour, ahead, is_off):
            low, middle, high = ((net + g) / 1000 for g in more)
            kg = low, middle, high
        if full is None and bin_.max_g:
            room = bin_.max_g - weights[-1][1]
            full, by = hours_until(growth, hour, room, MOST_HOURS, is_off), "weight"
    fill = fills[-1][1] if fills else None
    return BinForecast(bin_, fill, net, full, kg, by if full else "")


def _valid(read: Columns, channel: str, hour: int) -> list[tuple[int, int]]:
    """(Unix seconds, value) of the valid readings of a channel; none where the last is old."""
    column: Sequence[int | None] = read.values.get(channel, ()) if channel else ()
    bad = {i for i, marks in read.q.items() if channel in marks}
    found = [
        (t, value)
        for i, (t, value) in enumerate(zip(read.t, column, strict=False))
        if value is not None and i not in bad
    ]
    return found if found and found[-1][0] >= (hour - GAP_HOURS) * HOUR_S else []


def worst_first(found: Iterable[BinForecast]) -> list[BinForecast]:
    """Those that are full soonest first; what is not known last."""

    def key(f: BinForecast) -> tuple[bool, float, float, str]:
        hours = [MOST_HOURS + 1.0 if h is None else h for h in f.full_h or (None, None, None)]
        return f.full_h is None and f.kg is None, hours[1], hours[0], f.bin.bin

    return sorted(found, key=key)


def tomorrow(now: int, clock: dt.time) -> int:
    """Unix second of a local time of the day after now."""
    day = dt.datetime.fromtimestamp(now, LOCAL).date() + dt.timedelta(1)
    return int(dt.datetime.combine(day, clock, LOCAL).timestamp())
