"""calibrate, calibrations, recalibrate: calibrate platforms, list and correct calibrations."""

from __future__ import annotations

import argparse
import sys
import time

from .. import registry
from ..calibration import restate, session, ways
from ..calibration.session import Plan
from ..common import terminal
from ..common.errors import UsageError
from ..common.local_days import clock
from ..mqtt import broker
from ..store import Store
from ..store.calibrations import Correction
from . import Command, db, known
from . import registry as registry_option


def add(command: Command) -> None:
    """Put these subcommands into the parser."""
    p = command("calibrate", _calibrate, "guide through zero and known weights, fit, and save")
    db(p)
    registry_option(p)
    _platform(p)
    broker.add_arguments(p, "qingyun-calibrate", text="over MQTT: the broker")
    p.add_argument("--port", metavar="PORT", help="over the serial port instead")
    text = "the known weights, zero first (default: 0,20,50,100)"
    p.add_argument("--weights", type=_weights, default="0,20,50,100", metavar="KG,…", help=text)
    p.add_argument("--max-kg", type=float, metavar="KG", help="Max that the board must have")
    text = "at another temperature than the last session: gives the coefficients"
    p.add_argument("--second", action="store_true", help=text)
    p.add_argument("--force", action="store_true", help="save even what fails")
    text = "seconds until a weight must be at rest (default: 60)"
    p.add_argument("--wait", type=float, default=60.0, metavar="S", help=text)
    text = "run by a script: ask nothing, wait for each weight to be there"
    p.add_argument("--yes", action="store_true", help=text)
    p.epilog = (
        "Example: qingyun calibrate --db qingyun.db --broker 127.0.0.1:1883 "
        "--device qy-fs01 --channel w1 --by 李 --weights 0,20,50,100"
    )

    p = command("calibrations", _calibrations, "what a platform weighed by, and who changed it")
    db(p)
    _platform(p, by=False)

    p = command("recalibrate", _recalibrate, "put right what a wrong calibration has weighed")
    db(p)
    registry_option(p)
    _platform(p)
    p.add_argument("--calibration", required=True, metavar="ID", help="the one that was wrong")
    text = "counts of the bare platform, as they should have been"
    p.add_argument("--zero", type=int, required=True, metavar="COUNTS", help=text)
    text = "the scale, as it should have been"
    p.add_argument("--counts-per-kg", type=float, required=True, metavar="N", help=text)
    p.add_argument("--reason", required=True, metavar="TEXT", help="why; stands in the reports")
    p.epilog = (
        "Example: qingyun recalibrate --db qingyun.db --device qy-fs01 --channel w1 --calibration "
        'k-20260303-7f3a --zero 84190 --counts-per-kg 21003.7 --reason "20 kg typed as 25" --by 李'
    )


def _platform(p: argparse.ArgumentParser, *, by: bool = True) -> None:
    p.add_argument("--device", required=True, metavar="NAME", help="the board")
    p.add_argument("--channel", required=True, metavar="w1", help="its weight channel")
    if by:
        p.add_argument("--by", required=True, metavar="NAME", help="who does it; is kept")


def _weights(text: str) -> list[float]:
    try:
        weights = [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected kg like 0,20,50,100, found {text!r}") from None
    if len(set(weights)) < 2 or min(weights) < 0 or not max(weights) < 10_000 or len(weights) > 12:
        raise argparse.ArgumentTypeError(f"expected 2 to 12 weights, 0 or more, found {text!r}")
    return weights


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
        way = ways.Mqtt(broker.from_arguments(args), site, args.device)
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
