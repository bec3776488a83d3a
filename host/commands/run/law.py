"""Runs `qingyun law`."""

from __future__ import annotations

import argparse
import datetime as dt
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ...common import terminal
from ...common.local_days import LOCAL
from ...hazard import (
    HazardError,
    catalogue,
    catalogue_import,
    edition_diff,
    ledger,
    obligations,
    register,
    rules,
)
from ...indicators import catalog
from ...store import Store
from .hazard import known_store


def run_import(args: argparse.Namespace) -> int:
    if not args.registry.is_dir():
        raise HazardError(f"--registry: expected a folder, found {str(args.registry)!r}")
    known = catalogue.load(args.registry)
    made = catalogue_import.read(args.file, known, args.edition, args.codes, names=args.names)
    for line in made.notes:
        print(line)
    if made.refusals:
        raise HazardError("\n".join([*made.refusals, f"{args.file}: nothing was changed"]))
    for line in made.differences:
        print(f"{made.beside} → {args.edition}: {line}")
    count = f"{len(made.codes)} codes of {made.edition.title}"
    if args.check:
        print(f"{args.file}: {count}; nothing was written")
        return 0
    before = catalogue_import.write(args.registry, known, made)
    place = args.registry / catalogue.ADDED_CODES
    print(f"{place}: {count}" + (f", in the place of {before}" if before else ""))
    return 0


def _edition(known: catalogue.Catalogue, name: str, option: str) -> catalogue.Edition:
    if name not in known.editions:
        choices = " ".join(known.editions)
        raise HazardError(f"{option}: expected one of {choices}, found {name!r}")
    return known.editions[name]


def run_diff(args: argparse.Namespace) -> int:
    day = _day(args)
    known = catalogue.load(args.registry)
    old, new = _edition(known, args.old, "OLD"), _edition(known, args.new, "NEW")
    if not known.has(old.edition):
        raise HazardError(f"OLD: expected an edition whose codes are here, found {args.old!r}")
    print(f"{old.title}: {len(known.of(old.edition))} codes, in force until {old.until or '…'}")
    print(f"{new.title}: {new.size or '?'} codes, in force from {new.since}")
    if known.has(new.edition):
        lines = edition_diff.differences(known.of(old.edition), known.of(new.edition))
        print("\n".join(lines) or "no code differs")
    else:
        print(
            f"the codes of {new.edition} are not here: qingyun law import --edition "
            f"{new.edition} FILE reads the official table. Certain is:"
        )
        for change in catalogue.known_changes(new.edition):
            print(f"  {change.text}（{change.source}，{change.note}，{change.read}）")
    found = _concerned(args.registry, old.edition, new.edition, day)
    if args.db is not None:
        found += _in_ledger(args.db, known, new.edition)
    print("\n".join(found) or "nothing of the registry is concerned")
    print(_figures())
    return 1 if found else 0


def _concerned(folder: Path, old: str, new: str, day: dt.date) -> list[str]:
    """Containers and rules of a registry that another edition concerns."""
    if not register.present(folder):
        return []
    loaded = register.load(folder)
    lines = edition_diff.containers(loaded, old, new, day)
    return lines + edition_diff.rules(loaded.catalogue, rules.load(folder), old, new, day)


def _in_ledger(db: Path | str, known: catalogue.Catalogue, new: str) -> list[str]:
    """Codes of standing entries that the new edition does not have."""
    store = Store(db)
    codes = Counter(e.code for e in ledger.live(ledger.read(store)))
    store.close()
    if not known.has(new):
        return [f"ledger: {n} entries of {code}: look at it" for code, n in sorted(codes.items())]
    gone = [c for c in sorted(codes) if known.find(new, c) is None]
    return [f"ledger: {codes[c]} entries of {c}, which {new} does not have" for c in gone]


def _figures() -> str:
    names = [f.figure for f in catalog.load().values() if "ledger" in f.sources]
    return (
        f"figures {' '.join(names)}: add up entries of an institution whatever their code, and "
        "entries keep the edition they were made with: none changes"
    )


def _day(args: argparse.Namespace) -> dt.date:
    day: dt.date = args.as_of or dt.datetime.now(LOCAL).date()
    return day


def run_due(args: argparse.Namespace) -> int:
    if not 0 <= args.days <= 366:
        raise HazardError(f"--days: expected 0 to 366, found {args.days}")
    day, loaded = _day(args), register.load(args.registry)
    found = obligations.due(loaded, args.registry, day, args.days)
    if not found:
        print(f"{args.registry}: nothing is to be filed (filings.csv)")
        return 0
    table = terminal.table("申报")
    terminal.columns(table, ("due", "institution", "filing", "period", "state"))
    terminal.columns(table, ("source",), wrap=True)
    is_told = (args.registry / obligations.FILED).exists()
    for x in found:
        days = (x.day - day).days
        late = f"late by {-days} d" if is_told else f"{-days} d ago"
        state = f"in {days} d" if days >= 0 else late
        if x.filed:
            state = f"filed {x.filed[0]} by {x.filed[1]}"
        source = f"{x.filing.source}（{x.filing.note}）"
        table.add_row(str(x.day), x.institution, x.filing.name, x.period, state, source)
    terminal.console().print(table)
    if not is_told:
        print(f"{args.registry}: no filed.csv: nobody has said what was filed")
    return 0 if all(x.filed for x in found) else 1


def run_duties(args: argparse.Namespace) -> int:
    loaded = register.load(args.registry)
    known_store(args.store, (), args.registry)
    every = obligations.checklist(loaded, args.registry, _day(args))
    found = [x for x in every if args.store in (None, x[0])]
    if not found:
        print(f"{args.registry}: no store has a duty of duties.csv")
        return 0
    table = terminal.table("职责")
    terminal.columns(table, ("store", "duty", "state", "confirmed"))
    terminal.columns(table, ("source",), wrap=True)
    for store, duty, said in found:
        who = f"{said.day} by {said.by} {said.note}".strip() if said else "—"
        source = f"{duty.source}（{duty.note}）"
        table.add_row(store, duty.name, said.state if said else "待确认", who, source)
    terminal.console().print(table)
    return 0 if all(said and said.state != "没有" for *_, said in found) else 1


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "import": run_import,
    "diff": run_diff,
    "due": run_due,
    "duties": run_duties,
}
