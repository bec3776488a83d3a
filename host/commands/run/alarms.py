"""Runs `qingyun alarms`."""

from __future__ import annotations

import argparse
import json
import signal
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ...alarms import alarm_log
from ...alarms.rules import Rule
from ...common import terminal
from ...common.errors import OutsideError, UsageError, UserError
from ...common.local_days import clock
from ...hazard import register, rules
from ...hazard.update import findings
from ...mqtt.broker import Broker
from ...mqtt.session import SessionError
from ...mqtt.watch import present
from ...points import certificates, first_days
from ...points import update as points
from ...registry import DISTRICT, Registry, load
from ...reports import publish
from ...store import Busy, Store
from ..known import names
from .broker_options import broker_of
from .hazard import known_store, moment, progress

if TYPE_CHECKING:
    from ...delivery.due import Channel


class _Updater:
    """Brings ledger and alarms up to date, again and again. where: a broker that hears of changes,
    and whose retained messages tell what boards say of themselves."""

    def __init__(self, path: Path, folder: Path, where: Broker | None) -> None:
        self._path, self._folder, self._where = path, folder, where
        self._watch: points.Watch | None = None

    def turn(self, now: int) -> tuple[int, int]:
        """One update at Unix time now: how many entries were added, and alarms changed."""
        registered, limits = register.load(self._folder), rules.load(self._folder)
        watch = self._watch_of(registered.known, limits)
        if (ends := certificates.load(self._folder)) != watch.certificates:
            watch.certificates = ends
        if (days := first_days.load(self._folder)) != watch.first_days:
            watch.first_days = days
        store = Store(self._path)
        try:
            booked, found = findings(store, registered, limits, now, progress)
            watch.read(store, now)
            if self._where:
                with suppress(SessionError):  # alarms do not wait for a broker; publish() tells
                    watch.hear(present(self._where), now)
            found += watch.findings(now)
            places = {*registered.stores, *watch.places}
            changed = alarm_log.record(store, found, now, places=places)
            for text in booked.notes:
                print(text)
            for row in changed:
                print(alarm_log.line(row))
            self._publish(store)
        finally:
            store.close()
        return len(booked.added), len(changed)

    def _watch_of(self, known: Registry, limits: list[Rule]) -> points.Watch:
        """The watch over the points, begun anew where registry or rules have changed."""
        if self._watch is None or (self._watch.registry, self._watch.rules) != (known, limits):
            self._watch = points.Watch(known, limits)
        return self._watch

    def _publish(self, store: Store) -> None:
        if self._where and (waiting := alarm_log.unpublished(store)):
            publish.events(self._where, map(alarm_log.message, waiting))
            alarm_log.mark_published(store, waiting)
            print(f"{self._where}: {len(waiting)} events published")


def run_update(args: argparse.Namespace) -> int:
    where = broker_of(args, "--publish") if args.broker else None
    updater = _Updater(args.db, args.registry, where)
    if args.every is None:
        added, changed = updater.turn(moment(args))
        print(f"{args.db}: {added} entries added, {changed} alarms changed")
        return 1 if changed else 0
    if args.now is not None or args.every < 1:
        raise UsageError("--every: expected 1 or more seconds, and no --now")
    _repeat(updater, args.every)
    return 0


def _repeat(updater: _Updater, every: int) -> None:
    """Update every so many seconds until a signal ends it; a trouble is printed once."""
    over: list[int] = []  # no Event: a handler that sets one hangs where wait() holds its lock
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _: over.append(number))
    trouble: str | None = None  # of the turn before; None: before the first
    while not over:
        started = time.monotonic()
        before, trouble = trouble, _turn(updater, every, is_first=trouble is None)
        if trouble not in ("", before):
            print(trouble, flush=True)
        while not over and time.monotonic() - started < every:
            time.sleep(0.2)


def _turn(updater: _Updater, every: int, *, is_first: bool) -> str:
    """One update; what prevented it, in one line, or ""."""
    try:
        added, changed = updater.turn(int(time.time()))
    except SessionError as error:
        return str(error)
    except Busy as error:
        return f"store: {error}"
    except UserError as error:
        if is_first:
            raise
        return str(error)  # somebody may be editing the registry: try again in the next turn
    if is_first:
        print(f"{added} entries added, {changed} alarms changed; again every {every} s", flush=True)
    return ""


def run_show(args: argparse.Namespace) -> int:
    store = Store(args.db)
    every = alarm_log.read(store)
    told = alarm_log.told(
        store, {r.alarm for r in every} if args.all else alarm_log.open_alarms(every)
    )
    store.close()
    known_store(args.store, {r.body.store for r in every}, args.registry)
    _known_site(args.site, {r.body.site for r in every}, args.registry)
    rows = [
        r for r in every if args.store in (None, r.body.store) and args.site in (None, r.body.site)
    ]
    held = alarm_log.open_alarms(rows)
    if args.json:
        shown = rows if args.all else [raised for raised, _ in held.values()]
        print(json.dumps([_with_told(r, told) for r in shown], ensure_ascii=False))
        return 0
    if args.all:
        lines = [
            alarm_log.line(r) + (_told(told.get(r.alarm)) if r.what == alarm_log.RAISED else "")
            for r in rows
        ]
        print("\n".join(lines) or f"{args.db}: never an alarm")
        return 0
    if not held:
        print(f"{args.db}: no alarm is open")
        return 0
    _print_open(held.values(), told)
    return 1


def _with_told(row: alarm_log.Row, told: alarm_log.ToldTo) -> dict[str, object]:
    """The payload of a row; of one that was raised, who was told."""
    made: dict[str, object] = dict(alarm_log.message(row)[1])
    if row.what == alarm_log.RAISED:
        made["told"] = [{"to": to, "t": t, "how": how} for to, t, how in told.get(row.alarm, ())]
    return made


def _told(told: Sequence[tuple[str, int, str]] | None) -> str:
    """Who was told of an alarm, and when; "" where nobody was."""
    if not told:
        return ""
    said = (f"{to} {clock(t)}{'' if how == 'sent' else f' ({how})'}" for to, t, how in told)
    return f"; told {', '.join(said)}"


def _known_site(name: str | None, used: Collection[str], folder: Path) -> None:
    """UsageError where neither an alarm nor the registry has a site of this name."""
    if name is None or name in used:
        return
    known = [*load(folder).sites, DISTRICT]
    if name not in known:
        raise UsageError(f"--site: expected {names(known)}, found {name!r}")


def _print_open(
    held: Iterable[tuple[alarm_log.Row, alarm_log.Row | None]], told: alarm_log.ToldTo
) -> None:
    """The table of open alarms, each with who was told and its acknowledgement, if any."""
    table = terminal.table("告警")
    terminal.columns(table, ("id", "since", "level", "place", "subject", "rule"))
    terminal.columns(table, ("value", "limit"), right=True)
    terminal.columns(table, ("what / acknowledged",), wrap=True)
    for raised, seen in held:
        s = raised.body
        note = s.text + _told(told.get(raised.alarm))
        note += f"; {seen.body.by}, {clock(seen.t)} {seen.body.note}" if seen else ""
        value = "∞" if s.value >= alarm_log.MOST else f"{s.value:g}"
        row = (
            str(raised.alarm),
            clock(raised.t),
            s.level,
            s.store or s.site,
            s.subject or "—",
            s.rule,
        )
        table.add_row(*row, f"{value} {s.unit}", f"{s.threshold:g} {s.unit}", note)
    terminal.console().print(table)


def run_ack(args: argparse.Namespace) -> int:
    store = Store(args.db)
    row = alarm_log.acknowledge(store, args.id, args.by, args.note, int(time.time()))
    store.close()
    print(alarm_log.line(row))
    return 0


def run_deliver(args: argparse.Namespace) -> int:
    from ...delivery import channels, loop, recipients  # noqa: PLC0415  with all that letters take

    known: list[tuple[object, recipients.Recipients | None, list[Channel]]] = []

    def read() -> tuple[recipients.Recipients | None, list[Channel]]:
        stamp = recipients.stamp(args.registry)
        if not known or known[0][0] != stamp:
            who = recipients.load(args.registry)
            known[:] = [(stamp, who, channels.of(args.settings, args.page or "", who))]
        return known[0][1:]

    _, receivers = read()
    if args.test:
        return _test(receivers)
    if args.every is None:
        loop.retire(args.db, receivers)
        waits = [loop.once(args.db, channel) for channel in receivers]
        for channel, left in zip(receivers, waits, strict=True):
            print(f"{channel.name}: {'not taken, it waits' if left else 'nothing left to tell'}")
        return 1 if any(waits) else 0
    if args.every < 1:
        raise UsageError("--every: expected 1 or more seconds")
    Store(args.db).close()  # a mistake is reported at once
    loop.forever(args.db, read, args.every)
    return 0


def _test(receivers: list[Channel]) -> int:
    """Send a test message through every channel; OutsideError with a line for each that failed."""
    from ...delivery import Failed  # noqa: PLC0415

    now = int(time.time())
    test_alarm = alarm_log.Body(
        rule="test", kind="test", level="提示", site="test", store="test", subject="",
        value=0, unit="", threshold=0, source="qingyun alarms deliver --test", text="测试 test",
    )  # fmt: skip
    failed = []
    for channel in receivers:
        try:
            channel.send([alarm_log.Row(0, 0, alarm_log.RAISED, now, test_alarm)], f"test-{now}")
        except Failed as error:
            failed.append(f"{channel.name}: {error}")
        else:
            print(f"{channel.name}: taken")
    if failed:
        raise OutsideError("\n".join(failed))
    return 0


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "update": run_update,
    "show": run_show,
    "ack": run_ack,
    "deliver": run_deliver,
}
