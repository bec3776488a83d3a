"""Runs `qingyun label`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from contextlib import closing

from ...common import extras, terminal
from ...common.errors import UsageError
from ...common.local_days import clock
from ...common.output_form import form_of
from ...common.quantity import kg
from ...hazard import HazardError, ledger, register
from ...hazard.entry import CODE, PRODUCED, STORED, Entry
from ...hazard.label import issue
from ...store import Store, label_codes

EVENTS = {issue.PRINTED: "printed", issue.VOID: "void"}


def _issuer(args: argparse.Namespace, store: Store) -> issue.Issuer:
    serials = getattr(args, "serials", None)
    return issue.issuer(store, register.load(args.registry), args.journal, serials)


def run_code(args: argparse.Namespace) -> int:
    with closing(Store(args.db)) as store:
        made = issue.give(_issuer(args, store), args.id, args.by, int(time.time()))
    _said(made)
    return 0


def _said(entries: Sequence[Entry]) -> None:
    for e in entries:
        if not e.reverses:
            print(f"{e.id}  {e.batch}  {kg(e.grams)} kg  {e.values.get(CODE) or 'without a code'}")


def run_void(args: argparse.Namespace) -> int:
    now = int(time.time())
    with closing(Store(args.db)) as store:
        using = _issuer(args, store)
        made = issue.void(using, args.code, args.by, args.reason, now, anew=args.anew)
    _said(made)
    print(f"{args.code}: void" + ("" if made else "; no entry has it any more"))
    return 0


def run_resume(args: argparse.Namespace) -> int:
    with closing(Store(args.db)) as store:
        using = _issuer(args, store)
        fresh = issue.resume(using, args.last)
    print(f"{using.journal.folder}: the journal goes on; {len(fresh)} codes were not known here")
    return 0


def run_show(args: argparse.Namespace) -> int:
    with closing(Store(args.db)) as store:
        using = _issuer(args, store)
        entries = ledger.read(store)
        known = label_codes.every(store.database)
        events = label_codes.events(store.database, args.code)
        journal = using.journal.every()
    if args.code:
        return _one(args.code, entries, using, events)
    holders = {e.values[CODE]: e for e in ledger.live(entries) if _holds(e)}
    void = {c for c, what, *_ in events if what == issue.VOID}
    printed = {c: t for c, what, t, *_ in events if what == issue.PRINTED}
    table = terminal.table(CODE)
    terminal.columns(table, ("code", "entry", "container"))
    terminal.columns(table, ("kg",), right=True)
    terminal.columns(table, ("printed", "note"))
    for code in known:
        e = holders.get(code.code)
        note = "void" if code.code in void else "" if e else "its entry was reversed"
        of = (str(e.id), e.container, kg(e.grams)) if e else ("", "", "")
        table.add_row(using.layout.spaced(code.code), *of, clock(printed.get(code.code)), note)
    if known:
        terminal.console().print(table)
    lost = set(journal) - {c.code for c in known}
    print(f"{args.db}: {len(known)} codes were handed out")
    for code_ in sorted(lost):
        print(f"{code_}: in the journal, not in this database: not committed, or it was restored")
    return 0


def _holds(entry: Entry) -> bool:
    return bool(entry.values.get(CODE)) and entry.table in (PRODUCED, STORED)


def _one(
    code: str,
    entries: Sequence[Entry],
    using: issue.Issuer,
    events: Sequence[tuple[str, str, int, str, str]],
) -> int:
    having = [e for e in entries if e.values.get(CODE) == code]
    if not having:
        raise HazardError(f"expected a 数字识别码 of an entry of the ledger, found {code!r}")
    gone = {e.reverses for e in entries if e.reverses}
    print(using.layout.spaced(code))
    for e in having:
        if not e.reverses:
            state = "reversed" if e.id in gone else "holds"
            mass = f"{kg(e.grams)} kg [{e.kg_origin}]"
            print(
                f"entry {e.id}  {e.table}  {e.batch}  {e.container}  {mass}  {clock(e.t)}  {state}"
            )
    for _, what, t, who, note in events:
        print(f"{EVENTS[what]}  {clock(t)}  {who}  {note}")
    return 0


def run_print(args: argparse.Namespace) -> int:
    for package in ("PIL", "segno", "fpdf"):
        extras.need(package)
    from ...hazard.label import printing  # noqa: PLC0415  Pillow is large

    if args.out is not None:
        form_of(args.out, "pdf")
    elif args.sheet or args.orange:
        raise UsageError("--sheet, --orange: expected with --out; a printer has its own paper")
    registered = register.load(args.registry)
    with closing(Store(args.db)) as store:
        live = ledger.live(ledger.read(store))
        entries = [_wanted(live, text) for text in args.label]
        made = printing.labels(
            registered, entries, size_mm=args.size, font=args.font, qr_prefix=args.qr_prefix
        )
        for line in made.notes:
            print(line)
        if args.out is not None:
            printing.to_pdf(made, args.out, orange=args.orange, sheet=args.sheet)
            place = str(args.out)
            done = made.codes
            label_codes.add_events(store.database, _printed(done, place))
        else:
            to = printing.printer_of(args.printer, args.language, args.wait)
            place = str(to)
            for i, code in enumerate(made.codes):
                printing.to_printer(to, made, i, args.dpi)
                label_codes.add_events(store.database, _printed([code], place))
    print(f"{place}: {sum(made.copies)} labels")
    return 0


def _printed(codes: Sequence[str], place: str) -> list[tuple[str, str, int, str, str]]:
    now = int(time.time())
    return [(code, issue.PRINTED, now, "", place) for code in codes]


def _wanted(live: Sequence[Entry], text: str) -> Entry:
    """The live entry with a code, or with an id."""
    by_id = text.isascii() and text.isdigit() and len(text) < 10
    for e in live:
        if (by_id and e.id == int(text)) or (
            not by_id and e.values.get(CODE) == text and _holds(e)
        ):
            return e
    raise HazardError(f"expected the 数字识别码 or the id of an entry that holds, found {text!r}")


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "code": run_code,
    "print": run_print,
    "show": run_show,
    "void": run_void,
    "resume": run_resume,
}
