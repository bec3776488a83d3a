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

from rich.console import Console
from rich.table import Table

from host import __version__, publish, registry, reports
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
    broker = Broker(host, port, args.client_id, args.username, password, args.cafile)
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
    table = Table("device", "site", "life", "boots", "readings", "missing", "undated", "last")
    for s in streams:
        counts = (s.boots, s.readings, s.missing, s.undated)
        table.add_row(s.device, s.site, s.life, *map(str, counts), _local(s.last_t))
    Console().print(table)
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
    return 0


def _rollup(args: argparse.Namespace) -> int:
    address = broker_address(args.publish, "--publish") if args.publish else None
    rows = reports.run_rollup(args.db, args.registry, args.date, args.out)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="qingyun",
        description="清运: from load cells at waste collection points to daily tonnage.",
        epilog="Exit codes: 0 done, 1 done but something was found or failed, 2 bad input.",
    )
    parser.add_argument("--version", action="version", version=f"qingyun {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        p = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        p.set_defaults(run=run)
        return p

    def db(p: argparse.ArgumentParser) -> None:
        p.add_argument("--db", type=Path, required=True, help="the SQLite database")

    def folder(p: argparse.ArgumentParser) -> None:
        p.add_argument("--registry", type=Path, default=Path("registry"), help="folder of CSVs")

    p = command("ingest", _ingest, "store what boards publish; runs until SIGTERM or Ctrl-C")
    db(p)
    folder(p)
    p.add_argument("--broker", default="127.0.0.1:1883", metavar="HOST:PORT")
    p.add_argument("--client-id", default="qingyun-ingest", help="names the broker's session")
    p.add_argument("--username")
    p.add_argument("--password-file", type=Path, help="file that holds the password")
    p.add_argument("--cafile", type=Path, help="TLS: the authority that signed the broker")
    p.add_argument(
        "--max-ahead-days",
        type=float,
        default=1.0,
        metavar="DAYS",
        help="readings dated further ahead than this are quarantined",
    )
    p.add_argument("--stats", type=Path, metavar="FILE", help="keep counts in this JSON file")
    p.epilog = "Example: qingyun ingest --db qingyun.db --broker 127.0.0.1:1883"

    p = command("rollup", _rollup, "the daily report: daily.csv, district.csv and a table")
    db(p)
    folder(p)
    p.add_argument("--date", type=_date, required=True, help="the Shanghai day, YYYY-MM-DD")
    p.add_argument("--out", type=Path, default=Path(), help="folder for the CSV files")
    p.add_argument("--publish", metavar="HOST:PORT", help="also publish each site's daily topic")

    p = command("events", _events, "deposits and collections of a day, each with its evidence")
    db(p)
    folder(p)
    p.add_argument("--date", type=_date, required=True, help="the Shanghai day, YYYY-MM-DD")
    p.add_argument("--site", help="only this site")

    p = command("status", _status, "what is stored of each board, and what is missing")
    db(p)
    p.add_argument("--json", action="store_true", help="for scripts")

    p = command("quarantine", _quarantine, "messages that could not be understood, with reasons")
    db(p)
    p.add_argument("--limit", type=int, default=20)

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
    except (UsageError, StoreError, registry.RegistryError) as error:
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
