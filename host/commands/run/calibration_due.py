"""Runs `qingyun calibration due`."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Mapping

from ... import registry
from ...common import terminal
from ...common.errors import UsageError
from ...common.local_days import clock, date_of, local_day
from ...standing import kept, tables
from ...standing.effect import Advice
from ...standing.kept import Kept, Since
from ...standing.statement import GRAVITY
from ...store import Store
from ..known import names

_COLUMNS = ("site", "bin", "board", "to do", "by", "since", "weighs by")


def run(args: argparse.Namespace) -> int:
    known = registry.load(args.registry)
    if args.town not in (None, *known.towns):
        raise UsageError(f"--town: expected {names(known.towns)}, found {args.town!r}")
    store = Store(args.db)
    try:
        store.compact()
        every = kept.heads(store, known)
        found = [k for k in every if args.town in (None, known.sites[k.head.site].town)]
        asked = {Advice.CALIBRATE, *([Advice.UNKNOWN] if args.unknown else [])}
        listed = [k for k in found if k.advice in asked]
        since = kept.came_since(store, listed)
    finally:
        store.close()
    platforms = [b for b in known.platforms() if args.town in (None, known.sites[b.site].town)]
    if not found:
        print(f"of {len(platforms)} platforms nothing was kept: run qingyun standing --keep")
        return 0
    if listed:
        _print(listed, since)
    counts = Counter(k.advice for k in found)
    told = ", ".join(f"{counts[a]} {a}" for a in GRAVITY if counts[a])
    missing = len(platforms) - len(found)
    more = f"; nothing was kept of {missing}" if missing else ""
    until = date_of(local_day(min(k.row.until for k in found) - 1))
    print(f"by evidence up to the end of {until}: {told}{more}")
    old = kept.days_old(found, local_day(int(time.time())))
    if old > 1:
        print(f"{old} days passed since and are not in it: run qingyun standing --keep")
    late = sum(bool(s.readings) for s in since.values())
    if late:
        at = clock(min(k.made for k in listed))
        print(f"of {late} that are listed readings came since it was kept ({at})")
    return 0


def _print(listed: list[Kept], since: Mapping[str, Since]) -> None:
    shown = terminal.table("calibration due")
    terminal.columns(shown, _COLUMNS)
    for k in listed:
        h = k.head
        beyond = [f for f in h.findings if f.verdict == "beyond"]
        by = ", ".join(f"{f.quantity} {tables.value_of(f)}" for f in beyond)
        begins = [f.since for f in beyond if f.since]
        from_ = clock(min(begins))[:10] if begins else ""
        advice = "calibrated since" if since[h.bin].recalibrated else str(h.advice)
        weighs = h.calibration or "—"
        shown.add_row(h.site, h.bin, f"{h.device} {h.channel}", advice, by, from_, weighs)
    terminal.console().print(shown)
