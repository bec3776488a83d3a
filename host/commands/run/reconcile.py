"""Runs `qingyun reconcile`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Sequence

from ...common import terminal
from ...common.atomic_write import whole
from ...common.disclaimer import DISCLAIMER
from ...common.errors import UsageError
from ...common.local_days import clock
from ...common.output_form import form_of
from ...common.quantity import kg
from ...common.shown import CsvWriter
from ...hazard import register
from ...hazard.register import Register
from ...office import table_files
from ...office.table import Cell, Column, Table
from ...reconcile import (
    decisions,
    evidence,
    letter,
    part,
    river,
    river_picture,
    tables,
    trucks,
)
from ...reconcile.evidence import Evidence
from ...reconcile.model import Lift, Match
from ...reconcile.month import Reconciled
from ...reconcile.plates import plate
from ...store import Store
from ..known import names
from . import reconcile_keep
from .hazard import bounds, month

_Done = tuple[Evidence, Reconciled, int, int]


def _reconciled(args: argparse.Namespace) -> _Done:
    registered = register.load_any(args.registry)
    t0, t1 = bounds(month(args.month))
    store = Store(args.db)
    try:
        found = evidence.read(store, registered, t0, t1)
        return found, evidence.reconciled(store, found), t0, t1
    finally:
        store.close()


def run_show(args: argparse.Namespace) -> int:
    form = form_of(args.out, "xlsx html")
    found, done, t0, t1 = _reconciled(args)
    if args.truck:
        found, done = part.of_trucks(found, done, _plates(args.truck, found))
    made = tables.tables(found, done, t0, t1, args.month)
    if args.out is None:
        _print(made[0])
        _print(next(t for t in made if t.sheet == tables.OPEN))
    else:
        flows = river.river(done, found.loads, found.town_of, lambda t: t0 <= t < t1)
        drawn = river_picture.picture(flows, f"{args.month} 垃圾去向")
        table_files.write_all(made, args.out, form or "xlsx", args.month, [drawn])
    if args.out is not None:
        print(args.out)
    _say(found, done, lambda t: t0 <= t < t1)
    return 0


def run_letter(args: argparse.Namespace) -> int:
    form_of(args.out, "html")
    known = register.load_any(args.registry)
    whose = trucks.load(args.registry, known.known)
    if bool(args.contractor) == bool(args.truck):
        raise UsageError("expected --contractor or --truck: whose month it is")
    if args.contractor and args.contractor not in whose.values():
        owners = names(sorted(set(whose.values())) or ["none: add trucks.csv"])
        raise UsageError(f"--contractor: expected {owners}, found {args.contractor!r}")
    found, done, t0, t1 = _reconciled(args)
    own = {t for t, owner in whose.items() if owner == args.contractor}
    own = own or _plates(args.truck, found)
    mine = part.of_trucks(found, done, own)
    times = [*(x.t for x in mine[0].lifts), *(w.t for w in mine[0].loads)]
    if not any(t0 <= t < t1 for t in times):
        # A letter would say that all is well.
        expected = "one in which its trucks lifted something, or have a ticket"
        raise UsageError(f"--month: expected {expected}, found {args.month!r}")
    called = args.contractor or " ".join(sorted(own))
    made = letter.tables(*mine, (t0, t1), args.month, called)
    from ...office.page import page  # noqa: PLC0415  only where a page is written

    with whole(args.out) as file:
        text = page("三方对账通知单", f"致：{called}", made, DISCLAIMER)
        file.write_text(text, encoding="utf-8")
    print(args.out)
    return 0


def _plates(given: Sequence[str], found: Evidence) -> set[str]:
    """--truck; UsageError for one that has neither lifts nor tickets."""
    known = {x.truck for x in found.lifts} | {w.truck for w in found.loads}
    for text in given:
        if plate(text) not in known:
            raise UsageError(f"--truck: expected {names(sorted(known))}, found {text!r}")
    return {plate(text) for text in given}


def _say(found: Evidence, done: Reconciled, is_within: Callable[[int], bool]) -> None:
    """What there is of the period: what was read of the days beside it does not count."""
    emptyings = sum(is_within(c.t) for c in found.collections)
    lifts = sum(is_within(x.t) for x in found.lifts)
    tickets = sum(is_within(w.t) for w in found.loads)
    matches = [*done.matched.matches, *done.matched.mixed]
    n = sum(is_within(done.own_times[m.lifts[0].name]) for m in matches)
    open_ = len(tables.findings_of(done, is_within))
    print(
        f"{emptyings} emptyings, {lifts} lifts, {tickets} tickets;"
        f" {n} matches, {open_} things that do not close"
    )
    if without := [t for t in found.without_truck if is_within(t.t)]:
        grams = sum(t.grams for t in without)
        print(f"{len(without)} tickets, {kg(grams)} kg, name no truck: in no comparison")
    if broken_pins := [x for x in done.broken_pins if is_within(done.own_times[x])]:
        text = (
            "the pin does not hold: its emptying is no longer known, or is pinned to another lift"
        )
        print(f"{' '.join(broken_pins)}: {text}")
    if found.pins_taken_back:
        text = "pinned, and taken back with its file: pin it anew as what was imported since"
        print(f"{' '.join(found.pins_taken_back)}: {text}")


def _print(table: Table) -> None:
    shown = terminal.table(table.title, DISCLAIMER)
    for column in table.columns:
        terminal.columns(shown, (column.title,), right=column.decimals is not None, wrap=True)
    for row in table.rows:
        shown.add_row(*(_cell(c, v) for c, v in zip(table.columns, row, strict=True)))
    if table.rows:
        terminal.console().print(shown)
    else:
        print(f"{table.title}: {table.empty}")


def _cell(column: Column, value: Cell) -> str:
    if value is None:
        return "—"
    if column.decimals is None or isinstance(value, str):
        return str(value)
    places = column.decimals
    return f"{100 * float(str(value)):.{places}f} %" if column.percent else f"{value:.{places}f}"


_COLUMNS = (
    "lift",
    "time",
    "truck",
    "site",
    "stream",
    "lifted kg",
    "emptied kg",
    "why",
    "emptyings",
)


def run_matches(args: argparse.Namespace) -> int:
    form_of(args.csv, "csv", option="--csv")
    found, done, t0, t1 = _reconciled(args)
    plates = None if args.truck is None else _plates([args.truck], found)
    rows = [r for r in _rows(found, done) if plates is None or r[2] in plates]
    times = {x.name: x.t for x in found.lifts}
    rows = [r for r in rows if t0 <= times[r[0]] < t1]
    shown = terminal.table(f"{args.month}: lifts and emptyings", DISCLAIMER)
    for column in _COLUMNS:
        terminal.columns(shown, (column,), right=column.endswith("kg"), wrap=column == _COLUMNS[-1])
    for row in rows:
        shown.add_row(*row)
    if rows:
        terminal.console().print(shown)
    else:
        print(f"{args.db}: no truck has weighed anything in {args.month}")
    if args.csv:
        with whole(args.csv) as made, made.open("w", encoding="utf-8-sig", newline="") as file:
            out = CsvWriter(file)
            out.writerow(_COLUMNS)
            out.writerows(rows)
        print(f"{args.csv}: written")
    return 0


def _rows(found: Evidence, done: Reconciled) -> list[Sequence[str]]:
    """A line for each lift, by time."""
    by_lift: dict[str, tuple[Match, str]] = {}
    for m in done.matched.matches:
        why = "near" if m.is_near else "far: time and place leave no other"
        by_lift |= {x.name: (m, why) for x in m.lifts}
    for m in done.matched.mixed:
        by_lift |= {x.name: (m, "of another stream") for x in m.lifts}
    return [_row(x, *by_lift.get(x.name, (None, ""))) for x in sorted(found.lifts)]


def _row(lift: Lift, match: Match | None, why: str) -> Sequence[str]:
    place = lift.name, clock(lift.t), lift.truck, lift.site or "—", lift.stream or "—"
    if match is None:
        return *place, kg(lift.grams), "—", "no platform saw it", ""
    several = f", {len(match.lifts)} lifts together" if len(match.lifts) > 1 else ""
    names = " ".join(c.name for c in match.collections)
    return *place, kg(lift.grams), kg(match.emptied), why + several, names


def run_pin(args: argparse.Namespace) -> int:
    return _decide(args, decisions.PIN, args.collection)


def run_cut(args: argparse.Namespace) -> int:
    return _decide(args, decisions.CUT, args.collection)


def _decide(args: argparse.Namespace, what: str, names: Iterable[str]) -> int:
    decision = decisions.Decision(
        what, args.lift, tuple(names), args.by, args.reason, int(time.time())
    )
    registered = register.load_any(args.registry)
    store = Store(args.db)
    try:
        _check(store, registered, decision)
        decisions.decide(store, decision)
    finally:
        store.close()
    print(f"{args.db}: {what} of {args.lift} kept; `qingyun reconcile show` goes by it")
    return 0


def _check(store: Store, registered: Register, decision: decisions.Decision) -> None:
    """UsageError where it names what is not there."""
    lift = evidence.lift_named(store, decision.lift)
    if lift is None:
        raise UsageError(f"--lift: expected one that `matches` names, found {decision.lift!r}")
    if decision.what == decisions.CUT and not decision.collections:
        raise UsageError("--collection: expected at least one to cut off")
    near = evidence.read(store, registered, lift.t, lift.t + 1)
    known = {c.name for c in near.collections if c.site == lift.site}
    for name in decision.collections:
        if name not in known:
            expected = f"an emptying at {lift.site or 'its site'} that `matches` names"
            raise UsageError(f"--collection: expected {expected}, found {name!r}")
    if decision.what == decisions.PIN:
        _check_free(store, decision)


def _check_free(store: Store, decision: decisions.Decision) -> None:
    """UsageError for an emptying that is pinned to another lift: it has one place."""
    for other, taken in decisions.pinned(store).pins.items():
        both = [c for c in decision.collections if c in taken]
        if other != decision.lift and both and evidence.lift_named(store, other):
            raise UsageError(
                f"--collection: expected one that is not pinned to {other} (a pin of {other}"
                f" without --collection lets it go), found {both[0]!r}"
            )


RUNS = {
    "show": run_show,
    "letter": run_letter,
    "matches": run_matches,
    "keep": reconcile_keep.run,
    "pin": run_pin,
    "cut": run_cut,
}
