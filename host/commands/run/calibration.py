"""Runs `qingyun calibrate`, `qingyun calibrations`, `qingyun recalibrate`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from ... import registry
from ...calibration import restate, session, ways
from ...calibration.session import Plan
from ...common import terminal
from ...common.errors import UsageError
from ...common.local_days import clock
from ...store import Store
from ...store.calibrations import Correction
from .. import known
from . import calibration_due
from .broker_options import broker_of


def _place(args: argparse.Namespace, kg: float) -> None:
    """Ask the technician for a weight (kg), and wait until it is in place."""
    request = (
        f"Take everything off {args.channel}" if kg == 0 else f"Put {kg:g} kg on {args.channel}"
    )
    print(request + ("" if args.yes else ", step back, then press Enter: "), end="", flush=True)
    if args.yes:
        print(flush=True)
    elif not sys.stdin.readline():
        raise UsageError("nobody answers: use --yes in a script")


def _calibrate(args: argparse.Namespace) -> int:
    if args.port and args.broker == args.settings.get("broker.address"):
        args.broker = None  # nobody asked for it on this command line
    if bool(args.broker) == bool(args.port):
        raise UsageError("--broker: expected either --broker or --port")
    if not 1 <= len(args.by) <= 40:
        raise UsageError(f"--by: expected 1 to 40 characters, found {args.by!r}")
    plan = Plan(
        *(args.device, args.channel, args.weights, args.by),
        *(lambda kg: _place(args, kg), print),
        wait_s=args.wait,
        max_kg=args.max_kg,
        second=args.second,
        force=args.force,
    )
    way: ways.Mqtt | ways.Serial
    if args.port:
        way = ways.Serial(args.port, args.device)
    else:
        places = registry.load(args.registry)
        if args.device not in places.devices:
            raise UsageError(f"--device: expected one of devices.csv, found {args.device!r}")
        site = places.devices[args.device].site
        way = ways.Mqtt(broker_of(args), site, args.device)
    store = Store(args.db, create=True)
    with way:
        saved = session.run(way, plan, store)
    store.close()
    return 0 if saved else 1


def _calibrations(args: argparse.Namespace) -> int:
    store = Store(args.db)
    known.device(store, args.db, args.device)
    kept = store.calibrations
    place = args.device, args.channel
    channels = kept.channels(args.device)
    if args.channel not in channels:
        raise UsageError(
            f"--channel: expected one of {args.device} whose calibration {args.db} knows "
            f"({known.names(channels)}), found {args.channel!r}"
        )
    table = terminal.table(f"{args.device} {args.channel} weighed by")
    terminal.columns(table, ("life",))
    terminal.columns(table, ("from seq",), right=True)
    terminal.columns(table, ("calibration", "date"))
    names = "zero", "counts\nper kg", "at\ndegC", "counts\nper degC", "ppm\nper degC"
    terminal.columns(table, names, right=True)
    for stream, w in kept.weighed(*place):
        terms = (w.t_c, w.zero_per_c, w.span_ppm_per_c)
        shown = ("" if t is None else f"{t:g}" for t in terms)
        table.add_row(
            *(
                store.life(stream),
                str(w.since),
                w.id,
                w.date,
                str(w.zero),
                f"{w.counts_per_kg:.7g}",
            ),
            *shown,
        )
    terminal.console().print(table)
    for s in kept.sessions(*place):
        print(f"{clock(s.at)}  session {s.calibration}: {s.outcome}, by {s.by} ({s.way})")
    for c in kept.all_corrections(*place):
        values = f"zero {c.zero}, {c.counts_per_kg:.7g} counts per kg"
        print(f"{clock(c.at)}  correction of {c.calibration}: {values}: {c.reason} ({c.by})")
    store.close()
    return 0


def _recalibrate(args: argparse.Namespace) -> int:
    if not 1 <= abs(args.counts_per_kg) <= 1e6 or abs(args.zero) > 0x7FFFFF:
        raise UsageError("--counts-per-kg: expected 1 to 1e6 either way, and --zero 24 bits")
    place = args.device, args.channel, args.calibration
    values = args.zero, args.counts_per_kg, args.reason, args.by
    places = registry.load(args.registry)
    store = Store(args.db)
    known.device(store, args.db, args.device)
    store.compact()
    restated = restate.recalibrate(store, places, Correction(int(time.time()), *place, *values))
    store.close()
    if restated:
        terminal.console().print(restate.table(restated))
    days = len({r.after.day for r in restated})
    print(f"{args.db}: the correction of {args.calibration} is written")
    print(f"{len(restated)} figures of {days} days restated; readings are as they were")
    return 0


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "calibrate": _calibrate,
    "due": calibration_due.run,
    "calibrations": _calibrations,
    "recalibrate": _recalibrate,
}
