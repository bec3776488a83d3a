"""Input of the event engine: platforms of a registry, and their readings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ..events import Platform, Series, Silences
from ..events.fillonly import FillSample
from ..registry import Bin, Registry
from ..store import Row, Store, report_intervals
from .weight_series import WeightSeries

BLIND = "blind"  # in `q`: something is nearer than the sensor can see


def platform_of(registry: Registry, bin_: Bin) -> Platform:
    """The platform of a bin on a scale."""
    shown = bool(registry.instruments_at(bin_))
    return _platform(bin_, registry.platforms(), registry.spares(bin_.site), shown=shown)


def platforms_of(registry: Registry) -> dict[str, Platform]:
    """bin -> platform, of all bins on scales."""
    on_scales: dict[str, list[Bin]] = defaultdict(list)
    spare: dict[str, list[tuple[int, Bin]]] = defaultdict(list)
    for i, bin_ in enumerate(registry.bins):
        if bin_.channel:
            on_scales[bin_.site].append(bin_)
        elif not bin_.device:
            spare[bin_.site].append((i, bin_))
    platforms: dict[str, Platform] = {}
    for site, bins in on_scales.items():
        may_come = [b for _, b in sorted(spare[site] + spare[""], key=lambda pair: pair[0])]
        for b in bins:
            shown = bool(registry.instruments_at(b))
            platforms[b.bin] = _platform(b, bins, may_come, shown=shown)
    return platforms


def _platform(bin_: Bin, beside: Iterable[Bin], spare: Iterable[Bin], *, shown: bool) -> Platform:
    wheelie = bin_.container == "wheelie"
    spares = tuple(b.tare_g for b in spare) if wheelie else ()
    siblings = tuple(
        b.tare_g
        for b in beside
        if wheelie
        and b.bin != bin_.bin
        and (b.site, b.container, b.volume_l) == (bin_.site, bin_.container, bin_.volume_l)
    )
    has_fill = bool(bin_.fill_channel)
    masses = bin_.e_g, bin_.max_g
    return Platform(bin_.tare_g, wheelie, spares, siblings, *masses, has_fill, shown=shown)


def silences_of(store: Store, device: str) -> Silences:
    """How long a board may be silent."""
    return Silences(report_intervals.of_devices(store.database, device).get(device, {}))


def samples(
    store: Store,
    device: str,
    channel: str,
    until: int,
    fill_channel: str = "",
    *,
    since: int = 0,
) -> Series:
    """Readings of a weight channel with since <= t < until (Unix seconds), in order of time,
    with corrected weights."""
    correct = store.calibrations.corrector(device, channel)
    columns = store.columns(device, since, until)
    return WeightSeries(columns).of(channel, fill_channel, correct)


def fills_of(rows: Iterable[Row], fill_channel: str) -> list[FillSample]:
    """Readings of a fill sensor that are valid or say that it is blind."""
    fills = []
    for r in rows:
        fault, fill = r.q.get(fill_channel), r.values.get(fill_channel)
        if fault == BLIND:
            fills.append(FillSample(r.t, None, r.life, r.seq, r.boot, blind=True))
        elif fault is None and fill is not None:
            fills.append(FillSample(r.t, fill, r.life, r.seq, r.boot))
    return fills
