"""Runs `qingyun forecast`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ... import registry
from ...common import terminal
from ...common.errors import UsageError
from ...common.output_form import form_of
from ...forecast import bins, collection_list, kept
from ...forecast.bins import BinForecast, Quantiles
from ...office import table_files
from ...points import positions
from ...registry import STREAMS, Bin, Registry
from ...store import Store
from ..known import names
from .hazard import moment


def run(args: argparse.Namespace) -> int:
    form = form_of(args.out, "csv xlsx html")
    known = registry.load(args.registry)
    is_off = bins.days_off(args.registry)
    wanted = _wanted(known, args.town, args.stream)
    now = moment(args)
    until = bins.tomorrow(now, args.collected)
    store = Store(args.db)
    try:
        store.compact()
        found = bins.worst_first(bins.forecasts(store, wanted, now, until, is_off))
        if args.keep:
            kept.keep(store, found, now, until)
    finally:
        store.close()
    places = {site: p.degrees for site, p in positions.load(args.registry).items()}
    made = collection_list.table(found, known, now, until, places)
    if args.out is None:
        _print(found, made.title)
        print(f"{made.period}；10 / 50 / 90 %")
    else:
        table_files.write(made, args.out, form or "csv")
        print(args.out)
    if args.keep:
        print(f"{args.db}: kept for /collect and alarms")
    unknown = sum(f.full_h is None and f.kg is None for f in found)
    print(f"{len(found)} bins, {unknown} of which nothing can be said yet")
    return 0


def _wanted(known: Registry, town: str | None, stream: str | None) -> list[Bin]:
    """The bins with a sensor at points; UsageError for a town or stream that is not known."""
    for option, value, allowed in (("town", town, known.towns), ("stream", stream, STREAMS)):
        if value is not None and value not in allowed:
            raise UsageError(f"--{option}: expected {names(allowed)}, found {value!r}")
    points = {s.site: s for s in known.sites.values() if s.kind != "hazardous"}
    return [
        b
        for b in known.bins
        if b.device
        and b.site in points
        and town in (None, points[b.site].town)
        and stream in (None, b.stream)
    ]


def _print(found: Sequence[BinForecast], title: str) -> None:
    shown = terminal.table(title)
    terminal.columns(shown, ("site", "bin", "stream"))
    names_of_numbers = ("fill", "kg", "full in h", "kg then")
    terminal.columns(shown, names_of_numbers, right=True)
    for f in found:
        fill = "—" if f.fill is None else f"{f.fill / 10:.0f} %"
        net = "—" if f.net_g is None else f"{f.net_g / 1000:.1f}"
        hours, then = _three(f.full_h, ".0f"), _three(f.kg, ".1f")
        shown.add_row(f.bin.site, f.bin.bin, f.bin.stream, fill, net, hours, then)
    terminal.console().print(shown)


def _three(values: Quantiles | None, spec: str) -> str:
    """The values at 10, 50 and 90 %; "—" where they are not known, and for one too far away."""
    if values is None or not any(v is not None for v in values):
        return "—"
    return " / ".join("—" if v is None else f"{v:{spec}}" for v in values)
