"""The `qingyun` command.

Exit codes: 0 done, 1 done but something was found or failed, 2 wrong use or bad input."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from host import __version__, publish, registry, reports, tables
from host.commands import hazard, office
from host.errors import UserError
from host.ingest import Broker, Ingester
from host.rollup import DAY_S, LOCAL
from host.store import Store, StoreError


class UsageError(Exception):
    """An argument that cannot be used; one line."""


def _local(t: int | None) -> str:
    return dt.datetime.fromtimestamp(t, LOCAL).strftime("%Y-%m-%d %H:%M:%S") if t else "-"


def broker_address(text: str, option: str = "--broker") -> tuple[str, int]:
    """HOST:PORT as a pair; UsageError otherwise."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(f"{option}: expected HOST:PORT, found {text!r}")
    return host, int(port)


def _ingest(args: argparse.Namespace) -> int:
    host, port = broker_address(args.broker)
    password = None
    if args.password_file:
        try:
            password = args.password_file.read_text().strip()
        except OSError as error:
            raise UsageError(f"--password-file: {error}") from None
    known = registry.load(args.registry)
    store = Store(args.db, create=True)
    if (args.certfile or args.keyfile) and not (args.cafile and args.certfile and args.keyfile):
        raise UsageError("--certfile: expected --cafile, --certfile and --keyfile together")
    tls = args.cafile, args.certfile, args.keyfile
    for option, path in zip(("--cafile", "--certfile", "--keyfile"), tls, strict=True):
        if path is not None and not path.is_file():
            raise UsageError(f"{option}: {path}: no such file")
    broker = Broker(host, port, args.client_id, args.username, password, *tls)
    ingester = Ingester(store, known, broker, int(args.max_ahead_days * DAY_S), args.stats)
    ingester.run()
    store.close()
    s = ingester.stats
    print(
        f"{s.messages} messages, {s.readings} readings: {s.stored} stored, "
        f"{s.duplicates} duplicates; {s.quarantined} quarantined"
    )
    return 0


def _status(args: argparse.Namespace) -> int:
    store = Store(args.db)
    streams = list(store.status())
    quarantined = store.quarantined()
    if args.json:
        lives = [vars(s) for s in streams]
        stored = sum(s.readings for s in streams)
        print(json.dumps({"stored": stored, "quarantined": quarantined, "lives": lives}))
        return 0
    table = tables.table()
    tables.columns(table, ("device", "site", "life"))
    tables.columns(table, ("boots", "readings", "missing", "undated"), right=True)
    tables.columns(table, ("last",))
    for s in streams:
        counts = (s.boots, s.readings, s.missing, s.undated)
        table.add_row(s.device, s.site, s.life, *map(str, counts), _local(s.last_t))
    tables.console().print(table)
    print(f"{sum(s.readings for s in streams)} readings stored, {quarantined} quarantined")
    return 0


def _quarantine(args: argparse.Namespace) -> int:
    rows = Store(args.db).quarantine(args.limit)
    for id_, received, topic, reason, size, start in rows:
        print(f"{id_}  {_local(received)}  {topic}  {reason}  [{size} bytes] {start!r}")
    return 1 if rows else 0


def _check(args: argparse.Namespace) -> int:
    known = registry.load(args.registry)
    print(
        f"{args.registry}: {len(known.sites)} sites, {len(known.devices)} devices, "
        f"{len(known.platforms())} platforms, {len(known.bins)} bins"
    )
    if more := hazard.check(args.registry):
        print(more)
    return 0


def _rollup(args: argparse.Namespace) -> int:
    address = broker_address(args.publish, "--publish") if args.publish else None
    rows = reports.run_rollup(args.db, args.registry, args.date, args.out)
    if args.xlsx:
        office.write_day(args.date, rows, args.xlsx)
    if address:
        publish.daily(*address, rows)
    return 0


def _events(args: argparse.Namespace) -> int:
    reports.run_events(args.db, args.registry, args.date, args.site)
    return 0


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected YYYY-MM-DD, found {text!r}") from None


def _wide(prog: str) -> argparse.HelpFormatter:
    """Help with room for the longest option or command beside its text."""
    formatter = argparse.HelpFormatter(prog, max_help_position=32)
    formatter._action_max_length = 18
    return formatter


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="qingyun",
        description="清运: from load cells at waste collection points to daily tonnage.",
        epilog="qingyun COMMAND --help tells more of each. Exit codes: 0 done, "
        "1 done but something was found or failed, 2 wrong use or bad input.",
        formatter_class=_wide,
    )
    parser.add_argument("--version", action="version", version=f"qingyun {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        p = commands.add_parser(
            name, help=text, description=text[0].upper() + text[1:] + ".", formatter_class=_wide
        )
        p.set_defaults(run=run)
        return p

    def db(p: argparse.ArgumentParser) -> None:
        p.add_argument("--db", type=Path, required=True, metavar="FILE", help="the SQLite database")

    def folder(p: argparse.ArgumentParser) -> None:
        text = "folder of sites.csv, bins.csv … (default: registry)"
        p.add_argument("--registry", type=Path, default=Path("registry"), metavar="DIR", help=text)

    def day(p: argparse.ArgumentParser) -> None:
        text = "the day, 00:00 to 24:00 in Shanghai"
        p.add_argument("--date", type=_date, required=True, metavar="YYYY-MM-DD", help=text)

    p = command("ingest", _ingest, "store what boards publish; runs until SIGTERM or Ctrl-C")
    db(p)
    folder(p)
    p.add_argument(
        "--broker",
        default="127.0.0.1:1883",
        metavar="HOST:PORT",
        help="the MQTT broker (default: 127.0.0.1:1883)",
    )
    p.add_argument(
        "--client-id",
        default="qingyun-ingest",
        metavar="NAME",
        help="names the broker's session, one process each (default: qingyun-ingest)",
    )
    p.add_argument("--username", metavar="NAME", help="who signs in at the broker")
    p.add_argument("--password-file", type=Path, metavar="FILE", help="holds the password")
    p.add_argument(
        "--cafile", type=Path, metavar="FILE", help="TLS: the authority that signed the broker"
    )
    p.add_argument(
        "--certfile", type=Path, metavar="FILE", help="TLS: this client's certificate (PEM)"
    )
    p.add_argument(
        "--keyfile", type=Path, metavar="FILE", help="TLS: the key of the certificate (PEM)"
    )
    p.add_argument(
        "--max-ahead-days",
        type=float,
        default=1.0,
        metavar="DAYS",
        help="readings dated further ahead than this are quarantined (default: 1)",
    )
    p.add_argument("--stats", type=Path, metavar="FILE", help="keep counts in this JSON file")
    p.epilog = "Example: qingyun ingest --db qingyun.db --broker 127.0.0.1:1883"

    p = command("rollup", _rollup, "the daily report: daily.csv, district.csv and a table")
    db(p)
    folder(p)
    day(p)
    p.add_argument(
        "--out",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="folder for the CSV files, made when absent (default: here)",
    )
    p.add_argument("--publish", metavar="HOST:PORT", help="also publish each site's daily topic")
    p.add_argument("--xlsx", type=Path, metavar="FILE", help="also a workbook to print")
    p.epilog = "Example: qingyun rollup --db qingyun.db --date 2026-03-03 --out reports"

    p = command("events", _events, "deposits and collections of a day, each with its evidence")
    db(p)
    folder(p)
    day(p)
    p.add_argument("--site", help="only this site")
    p.epilog = "Example: qingyun events --db qingyun.db --date 2026-03-03 --site fs-01"

    p = command("status", _status, "what is stored of each board, and what is missing")
    db(p)
    p.add_argument("--json", action="store_true", help="for scripts")

    p = command("quarantine", _quarantine, "messages that could not be understood, with reasons")
    db(p)
    p.add_argument(
        "--limit", type=int, default=20, metavar="N", help="so many at most (default: 20)"
    )

    for subject in (office, hazard):
        subject.add(command)

    p = command("check", _check, "read the registry and say what is in it, or what is wrong")
    folder(p)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the command; returns the exit code."""
    args = _parser().parse_args(argv)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    try:
        code: int = args.run(args)
    except (UsageError, StoreError, registry.RegistryError, UserError) as error:
        print(f"qingyun: error: {error}", file=sys.stderr)
        return 2
    except publish.PublishError as error:  # after the report was written
        print(f"qingyun: error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
