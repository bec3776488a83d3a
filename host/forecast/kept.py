"""The last forecast as the store keeps it, for the page and for alarms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..registry import Bin, Registry
from ..store import Store, forecasts
from ..store.forecasts import ForecastRow
from .bins import BinForecast, Quantiles


@dataclass(frozen=True)
class Kept:
    """made: the moment it looks from, of the oldest; until: of the masses; both Unix seconds, 0:
    there is none."""

    made: int = 0
    until: int = 0
    bins: list[BinForecast] = field(default_factory=list)


def keep(store: Store, found: Iterable[BinForecast], now: int, until: int) -> None:
    """Let these be the last ones of their bins; now, until: Unix seconds."""
    forecasts.replace(store, [_row(f, now, until) for f in found])


def latest(store: Store, registry: Registry) -> Kept:
    """Of the bins of a registry."""
    known = {b.bin: b for b in registry.bins}
    rows = forecasts.latest(store)
    if not rows:
        return Kept()
    bins = [_forecast(r, known[r.bin]) for r in rows if r.bin in known]
    return Kept(min(r.made for r in rows), max(r.until for r in rows), bins)


def _row(f: BinForecast, now: int, until: int) -> ForecastRow:
    low, middle, high = (_whole(h, 60) for h in f.full_h or (None, None, None))
    least, half, most = (_whole(k, 1000) for k in f.kg or (None, None, None))
    at = now, until, f.fill, f.net_g
    return ForecastRow(f.bin.bin, *at, low, middle, high, least, half, most, f.by)


def _whole(value: float | None, unit: int) -> int | None:
    return None if value is None else round(unit * value)


def _forecast(r: ForecastRow, bin_: Bin) -> BinForecast:
    full: Quantiles = (_part(r.full10, 60), _part(r.full50, 60), _part(r.full90, 60))
    kg: Quantiles = (_part(r.kg10, 1000), _part(r.kg50, 1000), _part(r.kg90, 1000))
    known = r.kg50 is not None
    return BinForecast(
        bin_, r.fill, r.net, full if r.basis else None, kg if known else None, r.basis
    )


def _part(value: int | None, unit: int) -> float | None:
    return None if value is None else value / unit
