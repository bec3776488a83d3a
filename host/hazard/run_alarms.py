"""What `qingyun alarms` does; its options are in commands.hazard."""

from __future__ import annotations

import argparse
import json
import signal
import threading
import time
from pathlib import Path

from host import broker, tables
from host.commands import local
from host.commands.hazard import moment
from host.errors import UsageError, UserError
from host.hazard import alarms, book, ledger, measure, register, rules, view
from host.hazard.run import bring_up_to_date, known_store
from host.hazard.stock import books
from host.reports import publish
from host.store import Busy, Store


def update(
    store: Store, known: register.Register, limits: list[rules.Rule], now: int
) -> tuple[book.Booked, list[alarms.Row]]:
    """Book what was weighed by now, and keep what has changed."""
    booked, seen = bring_up_to_date(store, known, now)
    held = books(known, [e for e in ledger.live(ledger.read(store)) if e.t <= now])
    keeper = alarms.Keeper(known, alarms.read(store))
    applied = measure.Rules(known, limits)
    changes = []
    for watched in view.watch(store, known, seen, now):
        found = applied.findings(watched.at(now), held, now)
        changes += keeper.take(watched.store.store, found)
    return booked, keeper.keep(store, changes, now)


def line(row: alarms.Row) -> str:
    s = row.said
    where = f"{s.store}/{s.subject}" if s.subject else s.store
    value = "∞" if s.value >= alarms.MOST else f"{s.value:g}"
    who = f" by {s.by}{': ' + s.note if s.note else ''}" if s.by else ""
    return (
        f"{local(row.t)}  {row.alarm}  {row.what}{who}  {s.level}  {where}  {s.rule}  "
        f"{s.text} {value} {s.unit} (≥ {s.threshold:g} {s.unit}, {s.source})"
    )


def _once(
    path: Path, folder: Path, now: int, where: broker.Broker | None
) -> tuple[book.Booked, list[alarms.Row]]:
    known, limits = register.load(folder), rules.load(folder)
    store = Store(path)
    try:
        booked, changed = update(store, known, limits, now)
        for text in booked.told:
            print(text)
        for row in changed:
            print(line(row))
        if where and (waiting := alarms.untold(store)):
            publish.events(where, map(alarms.message, waiting))
            alarms.tell(store, waiting)
            print(f"{where}: {len(waiting)} events published")
    finally:
        store.close()
    return booked, changed


def run_update(args: argparse.Namespace) -> int:
    where = broker.from_arguments(args, "--publish") if args.broker else None
    if args.every is None:
        booked, changed = _once(args.db, args.registry, moment(args), where)
        print(f"{args.db}: {len(booked.added)} entries added, {len(changed)} alarms changed")
        return 1 if changed else 0
    if args.now is not None or args.every < 1:
        raise UsageError("--every: expected 1 or more seconds, and no --now")
    over = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: over.set())
    told: str | None = None  # before the first turn
    while not over.is_set():
        started, trouble = time.monotonic(), ""
        try:
            booked, changed = _once(args.db, args.registry, int(time.time()), where)
            if told is None:
                counts = f"{len(booked.added)} entries added, {len(changed)} alarms changed"
                print(f"{counts}; again every {args.every} s", flush=True)
        except publish.PublishError as error:
            trouble = str(error)
        except Busy as error:
            trouble = f"store: {error}"
        except UserError as error:
            if told is None:
                raise
            trouble = str(error)  # somebody is at the registry: the next turn
        if trouble not in ("", told):
            print(trouble, flush=True)
        told = trouble
        over.wait(max(0.0, args.every - (time.monotonic() - started)))
    return 0


def run_show(args: argparse.Namespace) -> int:
    store = Store(args.db)
    every = alarms.read(store)
    store.close()
    known_store(args.store, {r.said.store for r in every}, args.registry)
    known = [r for r in every if args.store in (None, r.said.store)]
    if args.all:
        if args.json:
            print(json.dumps([alarms.message(r)[1] for r in known], ensure_ascii=False))
        else:
            print("\n".join(map(line, known)) or f"{args.db}: never an alarm")
        return 0
    held = alarms.open_alarms(known)
    if args.json:
        print(json.dumps([alarms.message(r)[1] for r, _ in held.values()], ensure_ascii=False))
        return 0
    table = tables.table("告警")
    tables.columns(table, ("id", "since", "level", "store", "subject", "rule"))
    tables.columns(table, ("value", "limit"), right=True)
    tables.columns(table, ("what / acknowledged",), wrap=True)
    if not held:
        print(f"{args.db}: no alarm is open")
        return 0
    for raised, seen in held.values():
        s = raised.said
        note = s.text + (f"; {seen.said.by}, {local(seen.t)} {seen.said.note}" if seen else "")
        value = "∞" if s.value >= alarms.MOST else f"{s.value:g}"
        row = (str(raised.alarm), local(raised.t), s.level, s.store, s.subject or "—", s.rule)
        table.add_row(*row, f"{value} {s.unit}", f"{s.threshold:g} {s.unit}", note)
    tables.console().print(table)
    return 1


def run_ack(args: argparse.Namespace) -> int:
    store = Store(args.db)
    row = alarms.acknowledge(store, args.id, args.by, args.note, int(time.time()))
    store.close()
    print(line(row))
    return 0
