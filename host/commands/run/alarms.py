"""Runs `qingyun alarms`."""

from __future__ import annotations

import argparse
import json
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ...common import terminal
from ...common.errors import OutsideError, UsageError, UserError
from ...common.local_days import clock
from ...hazard import alarms, ledger_posting, register, rules
from ...hazard.update import update_alarms
from ...mqtt.broker import Broker
from ...mqtt.session import SessionError
from ...reports import publish
from ...store import Busy, Store
from .broker_options import broker_of
from .hazard import known_store, moment, progress

if TYPE_CHECKING:
    from ...alerts.due import Channel


def _once(
    path: Path, folder: Path, now: int, where: Broker | None
) -> tuple[ledger_posting.Booked, list[alarms.Row]]:
    registered, limits = register.load(folder), rules.load(folder)
    store = Store(path)
    try:
        booked, changed = update_alarms(store, registered, limits, now, progress)
        for text in booked.notes:
            print(text)
        for row in changed:
            print(alarms.line(row))
        if where and (waiting := alarms.unpublished(store)):
            publish.events(where, map(alarms.message, waiting))
            alarms.mark_published(store, waiting)
            print(f"{where}: {len(waiting)} events published")
    finally:
        store.close()
    return booked, changed


def run_update(args: argparse.Namespace) -> int:
    where = broker_of(args, "--publish") if args.broker else None
    if args.every is None:
        booked, changed = _once(args.db, args.registry, moment(args), where)
        print(f"{args.db}: {len(booked.added)} entries added, {len(changed)} alarms changed")
        return 1 if changed else 0
    if args.now is not None or args.every < 1:
        raise UsageError("--every: expected 1 or more seconds, and no --now")
    _repeat(args, where)
    return 0


def _repeat(args: argparse.Namespace, where: Broker | None) -> None:
    """Update every --every seconds until a signal ends it; a trouble is printed once."""
    over: list[int] = []  # no Event: a handler that sets one hangs where wait() holds its lock
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _: over.append(number))
    trouble: str | None = None  # of the turn before; None: before the first
    while not over:
        started = time.monotonic()
        before, trouble = trouble, _turn(args, where, is_first=trouble is None)
        if trouble not in ("", before):
            print(trouble, flush=True)
        while not over and time.monotonic() - started < args.every:
            time.sleep(0.2)


def _turn(args: argparse.Namespace, where: Broker | None, *, is_first: bool) -> str:
    """One update; what prevented it, in one line, or ""."""
    try:
        booked, changed = _once(args.db, args.registry, int(time.time()), where)
    except SessionError as error:
        return str(error)
    except Busy as error:
        return f"store: {error}"
    except UserError as error:
        if is_first:
            raise
        return str(error)  # somebody may be editing the registry: try again in the next turn
    if is_first:
        counts = f"{len(booked.added)} entries added, {len(changed)} alarms changed"
        print(f"{counts}; again every {args.every} s", flush=True)
    return ""


def run_show(args: argparse.Namespace) -> int:
    store = Store(args.db)
    every = alarms.read(store)
    store.close()
    known_store(args.store, {r.body.store for r in every}, args.registry)
    rows = [r for r in every if args.store in (None, r.body.store)]
    held = alarms.open_alarms(rows)
    if args.json:
        shown = rows if args.all else [raised for raised, _ in held.values()]
        print(json.dumps([alarms.message(r)[1] for r in shown], ensure_ascii=False))
        return 0
    if args.all:
        print("\n".join(map(alarms.line, rows)) or f"{args.db}: never an alarm")
        return 0
    if not held:
        print(f"{args.db}: no alarm is open")
        return 0
    _print_open(held.values())
    return 1


def _print_open(held: Iterable[tuple[alarms.Row, alarms.Row | None]]) -> None:
    """The table of open alarms, each with its acknowledgement where there is one."""
    table = terminal.table("告警")
    terminal.columns(table, ("id", "since", "level", "store", "subject", "rule"))
    terminal.columns(table, ("value", "limit"), right=True)
    terminal.columns(table, ("what / acknowledged",), wrap=True)
    for raised, seen in held:
        s = raised.body
        note = s.text + (f"; {seen.body.by}, {clock(seen.t)} {seen.body.note}" if seen else "")
        value = "∞" if s.value >= alarms.MOST else f"{s.value:g}"
        row = (str(raised.alarm), clock(raised.t), s.level, s.store, s.subject or "—", s.rule)
        table.add_row(*row, f"{value} {s.unit}", f"{s.threshold:g} {s.unit}", note)
    terminal.console().print(table)


def run_ack(args: argparse.Namespace) -> int:
    store = Store(args.db)
    row = alarms.acknowledge(store, args.id, args.by, args.note, int(time.time()))
    store.close()
    print(alarms.line(row))
    return 0


def run_deliver(args: argparse.Namespace) -> int:
    from ...alerts import channels, loop  # noqa: PLC0415  with all that letters take

    receivers = channels.of(args.settings)
    if args.test:
        return _test(receivers)
    if args.every is None:
        waits = [loop.once(args.db, channel) for channel in receivers]
        for channel, left in zip(receivers, waits, strict=True):
            print(f"{channel.name}: {'not taken, it waits' if left else 'nothing left to tell'}")
        return 1 if any(waits) else 0
    if args.every < 1:
        raise UsageError("--every: expected 1 or more seconds")
    Store(args.db).close()  # a mistake is reported at once
    loop.forever(args.db, receivers, args.every)
    return 0


def _test(receivers: list[Channel]) -> int:
    """Send a test message through every channel; OutsideError where one fails."""
    from ...alerts import Failed  # noqa: PLC0415

    now = int(time.time())
    test_alarm = alarms.Body(
        rule="test", kind="test", level="提示", site="test", store="test", subject="",
        value=0, unit="", threshold=0, source="qingyun alarms deliver --test", text="测试 test",
    )  # fmt: skip
    for channel in receivers:
        try:
            channel.send([alarms.Row(0, 0, alarms.RAISED, now, test_alarm)], f"test-{now}")
        except Failed as error:
            raise OutsideError(f"{channel.name}: {error}") from None
        print(f"{channel.name}: taken")
    return 0


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "update": run_update,
    "show": run_show,
    "ack": run_ack,
    "deliver": run_deliver,
}
