"""Runs `qingyun standing`."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections.abc import Sequence

from ...common import terminal
from ...common.atomic_write import whole
from ...common.disclaimer import DISCLAIMER
from ...common.errors import UsageError
from ...common.local_days import LOCAL, clock, date_of, day_of
from ...common.local_days import bounds as day_bounds
from ...common.output_form import form_of
from ...common.quantity import kg, percent
from ...hazard import register
from ...office import table_files
from ...standing import effect, read, tables
from ...standing.model import Standing
from ...standing.proposal import Proposal, propose
from ...standing.read import Found
from ...standing.verdict import evidence as evidence_of
from ...standing.verdict import standing
from ...store import Store
from ..known import names
from .hazard import month

_DAYS = 30


def run(args: argparse.Namespace) -> int:
    form = form_of(args.out, "xlsx html json")
    registered = register.load_any(args.registry)
    known = {b.site for b in registered.known.platforms()}
    for site in args.sites:
        if site not in known:
            choices = names(sorted(known))
            raise UsageError(f"SITE: expected one with a platform ({choices}), found {site!r}")
    store = Store(args.db)
    try:
        store.compact()
        first, last = _period(args, store)
        until = day_bounds(day_of(last))[1]
        found = read.platforms(store, registered, args.sites, first, until)
    finally:
        store.close()
    judged = [(f, standing(f.known, until)) for f in found]
    if args.json:
        print(_json(judged, first, last, evidence=args.evidence))
    elif args.out is None:
        _print(judged, last, evidence=args.evidence)
    if args.out is not None:
        _write(args, form, judged, first, last)
        print(args.out)
    return 0


def _period(args: argparse.Namespace, store: Store) -> tuple[dt.date, dt.date]:
    """The first and last day; UsageError where the options do not fit."""
    if args.month is not None:
        if args.first or args.last:
            raise UsageError("--month: expected without --from and --to")
        period = month(args.month)
        return period.first, period.last
    last = args.last or _last_day(store)
    first = args.first or last - dt.timedelta(_DAYS - 1)
    if first > last:
        raise UsageError(f"--from: expected a day up to {last}, found {first}")
    return first, last


def _last_day(store: Store) -> dt.date:
    span = store.span()
    return date_of(span[1]) if span else dt.datetime.now(LOCAL).date()


_Judged = Sequence[tuple[Found, Standing]]


def _json(judged: _Judged, first: dt.date, last: dt.date, *, evidence: bool) -> str:
    made = tables.document(judged, str(first), str(last), evidence=evidence)
    return json.dumps(made, ensure_ascii=False, indent=1)


def _write(
    args: argparse.Namespace, form: str | None, judged: _Judged, first: dt.date, last: dt.date
) -> None:
    period = f"{first} – {last}"
    if form == "json":
        with whole(args.out) as file:
            file.write_text(_json(judged, first, last, evidence=True) + "\n", encoding="utf-8")
        return
    made = [f(judged, period) for f in (tables.verdicts, tables.by_day, tables.weighings)]
    table_files.write_all(made, args.out, form or "xlsx", period)


_COLUMNS = ("site", "bin", "quantity", "verdict", "value", "limit", "weighings", "since", "cause")


def _print(judged: _Judged, last: dt.date, *, evidence: bool) -> None:
    if not judged:
        print("no platform stands there")
        return
    shown = terminal.table(f"standing at the end of {last}", DISCLAIMER)
    for column in _COLUMNS:
        terminal.columns(shown, (column,), right=column in ("value", "limit", "weighings"))
    for found, s in judged:
        for f in s.findings:
            since = clock(f.since) if f.since else ""
            told = tables.value_of(f), tables.limit_of(f), str(f.n), since, str(f.cause)
            shown.add_row(found.bin.site, found.bin.bin, f.quantity, f.verdict, *told)
    terminal.console().print(shown)
    for found, s in judged:
        _say(found, s)
    if evidence:
        _print_evidence(judged)


def _say(found: Found, s: Standing) -> None:
    """What is to be done, why, and what it means for what was reported."""
    b = found.bin
    print(f"{b.site} {b.bin} ({b.device} {b.channel}): {effect.advice(s)}")
    for f in s.findings:
        if f.because and (f in s.named or f.verdict == "not enough evidence"):
            print(f"  {f.quantity}: {f.because}")
    if made := propose(found.known, s.now):
        print(f"  temperature: {_proposal(found, made)}")
    days = effect.effects(s, found.collected)
    known = [e for e in days if e.off_g is not None]
    if known:
        off, of = sum(e.off_g or 0 for e in known), sum(e.reported_g for e in known)
        share = f", {percent(off / of, 2)} %" if of else ""
        print(
            f"  {known[0].date} to {known[-1].date}: {kg(of)} kg reported,"
            f" {kg(off, '+')} kg of it by the fault{share}; the figures stay as they are"
        )
    if unknown := [e for e in days if e.off_g is None]:
        print(f"  from {unknown[0].date} on nobody can tell what was put in and taken away")


def _proposal(found: Found, made: Proposal) -> str:
    counts = ""
    if found.counts_per_kg is not None:
        zero, per_c = made.counts(found.counts_per_kg)
        counts = f" (in counts: zero {zero:+d}, {per_c:+.1f} per degC)"
    return (
        f"proposed: {made.g_per_c:+.1f} g per degC from {made.t_c:.1f} degC on{counts};"
        f" it follows the air {made.lag_s // 60} min late; {made.n} later quiet stretches drift by"
        f" {made.drift_g:.1f} g, {made.at_once_g:.1f} g with it, {made.lagged_g:.1f} g with the lag"
        " too; `qingyun calibrate --second` sets coefficients"
    )


def _print_evidence(judged: _Judged) -> None:
    shown = terminal.table("evidence")
    names_ = ("bin", "time", "kind", "known g", "off g", "± g", "degC", "source")
    for name in names_:
        terminal.columns(shown, (name,), right=name.endswith(" g") or name == "degC")
    for found, s in judged:
        for w in evidence_of(found.known, s.now):
            error = f"{2 * w.error_g:.0f}" if w.error_g else ""
            c = "" if w.c is None else f"{w.c:.1f}"
            place = found.bin.bin, clock(w.t), w.kind
            shown.add_row(*place, str(w.load_g), f"{w.off_g:+d}", error, c, w.source)
    terminal.console().print(shown)
