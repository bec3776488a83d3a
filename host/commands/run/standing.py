"""Runs `qingyun standing`."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import time
from collections.abc import Sequence

from ...common import terminal
from ...common.atomic_write import whole
from ...common.disclaimer import DISCLAIMER
from ...common.errors import UsageError
from ...common.local_days import LOCAL, clock, date_of, day_of, local_day
from ...common.local_days import bounds as day_bounds
from ...common.output_form import form_of
from ...common.quantity import kg, percent
from ...hazard import register
from ...office import table_files
from ...standing import kept, read, statement, tables
from ...standing.model import Verdict
from ...standing.proposal import Proposal
from ...standing.statement import Statement
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
        if args.keep:
            return _keep(args, store, registered)
        first, last = _begun(args, *_period(args, store))
        until = day_bounds(day_of(last))[1]
        found = read.platforms(store, registered, args.sites, first, until)
    finally:
        store.close()
    made = [statement.of(f, until) for f in found]
    if args.json:
        print(_json(made, first, last, evidence=args.evidence))
    elif args.out is None:
        _print(made, last, evidence=args.evidence)
    if args.out is not None:
        _write(args, form, made, first, last)
        print(args.out)
    return 0


def _keep(args: argparse.Namespace, store: Store, registered: register.Register) -> int:
    """All platforms, by what was known at the end of yesterday or of another day."""
    if args.sites or args.first or args.out or args.json or args.evidence:
        raise UsageError("--keep: expected alone, or with --month or --to: it keeps every platform")
    now = int(time.time())
    has_day = args.month is not None or args.last is not None
    last = _period(args, store)[1] if has_day else date_of(local_day(now) - 1)
    until = day_bounds(day_of(last))[1]
    if until > now:
        raise UsageError(f"--to: expected a day that is over, found {last}")
    there = kept.latest(store)
    if has_day and there is not None and until < there:
        option, newer = "--month" if args.month else "--to", date_of(local_day(there - 1))
        raise UsageError(
            f"{option}: expected {newer} or later, of which standings are kept, found {last};"
            " --out FILE without --keep writes earlier ones to a file"
        )
    counts = kept.keep(store, registered, until, now)
    told = ", ".join(f"{counts[a]} {a}" for a in statement.GRAVITY if counts[a]) or "no platform"
    print(f"{args.db}: kept for /standing as of the end of {last}: {told}")
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


def _begun(args: argparse.Namespace, first: dt.date, last: dt.date) -> tuple[dt.date, dt.date]:
    """The part of a period up to today: of what is to come nothing is told as if it were over."""
    today = dt.datetime.now(LOCAL).date()
    if args.last and last > today:
        raise UsageError(f"--to: expected a day up to today ({today}), found {last}")
    if args.month and first > today:
        raise UsageError(f"--month: expected one that has begun by {today}, found {args.month}")
    return min(first, today), min(last, today)


def _last_day(store: Store) -> dt.date:
    span = store.span()
    return date_of(span[1]) if span else dt.datetime.now(LOCAL).date()


def _json(made: Sequence[Statement], first: dt.date, last: dt.date, *, evidence: bool) -> str:
    doc = tables.document(made, str(first), str(last), evidence=evidence)
    return json.dumps(doc, ensure_ascii=False, indent=1)


def _write(
    args: argparse.Namespace,
    form: str | None,
    made: Sequence[Statement],
    first: dt.date,
    last: dt.date,
) -> None:
    period = f"{first} – {last}"
    if form == "json":
        with whole(args.out) as file:
            file.write_text(_json(made, first, last, evidence=True) + "\n", encoding="utf-8")
        return
    sheets = [tables.verdicts([s.head for s in made], period), tables.by_day(made, period)]
    sheets += [tables.weighings(made, period), tables.at_rest(made, period)]
    table_files.write_all(sheets, args.out, form or "xlsx", period)


_COLUMNS = ("site", "bin", "quantity", "verdict", "value", "limit", "weighings", "since", "cause")


def _print(made: Sequence[Statement], last: dt.date, *, evidence: bool) -> None:
    if not made:
        print("no platform stands there")
        return
    shown = terminal.table(f"standing at the end of {last}", DISCLAIMER)
    for column in _COLUMNS:
        terminal.columns(shown, (column,), right=column in ("value", "limit", "weighings"))
    for s in made:
        for f in s.head.findings:
            since = clock(f.since) if f.since else ""
            told = tables.value_of(f), tables.limit_of(f), str(f.n), since, str(f.cause)
            shown.add_row(s.head.site, s.head.bin, f.quantity, f.verdict, *told)
    terminal.console().print(shown)
    for s in made:
        _say(s)
    if evidence:
        _print_evidence(made)


def _say(s: Statement) -> None:
    """What is to be done, why, and what it means for what was reported."""
    h = s.head
    print(f"{h.site} {h.bin} ({h.device} {h.channel}): {h.advice}")
    for f in h.findings:
        if f.because and f.verdict is not Verdict.WITHIN:
            print(f"  {f.quantity}: {f.because}")
    if s.body.proposal is not None:
        print(f"  temperature: {_proposal(s.body.proposal, s.body.counts_per_kg)}")
    e = h.effect
    if e is not None and any(d.off_g is not None for d in s.body.days):
        share = f", {percent(e.off_g / e.reported_g, 2)} %" if e.reported_g else ""
        print(
            f"  {e.first} to {e.last}: {kg(e.reported_g)} kg reported,"
            f" {kg(e.off_g, '+')} kg of it by the fault{share}; the figures stay as they are"
        )
    if e is not None and e.unknown_from:
        print(f"  from {e.unknown_from} on nobody can tell what was put in and taken away")


def _proposal(made: Proposal, counts_per_kg: float | None) -> str:
    counts = ""
    if counts_per_kg is not None:
        zero, per_c = made.counts(counts_per_kg)
        counts = f" (in counts: zero {zero:+d}, {per_c:+.1f} per degC)"
    return (
        f"proposed: {made.g_per_c:+.1f} g per degC from {made.t_c:.1f} degC on{counts};"
        f" it follows the air {made.lag_s // 60} min late; {made.n} later quiet stretches drift by"
        f" {made.drift_g:.1f} g, {made.at_once_g:.1f} g with it, {made.lagged_g:.1f} g with the lag"
        " too; `qingyun calibrate --second` sets coefficients"
    )


def _print_evidence(made: Sequence[Statement]) -> None:
    shown = terminal.table("evidence")
    names_ = ("bin", "time", "kind", "known g", "off g", "± g", "degC", "source")
    for name in names_:
        terminal.columns(shown, (name,), right=name.endswith(" g") or name == "degC")
    for s in made:
        for w in s.body.weighings:
            error = f"{2 * w.error_g:.0f}" if w.error_g else ""
            c = "" if w.c is None else f"{w.c:.1f}"
            place = s.head.bin, clock(w.t), w.kind
            shown.add_row(*place, str(w.load_g), f"{w.off_g:+d}", error, c, w.source)
    terminal.console().print(shown)
