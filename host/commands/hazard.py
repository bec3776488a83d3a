"""ledger, alarms, transfers, trace: hazardous waste in store.

What they do is loaded when one of them is run."""

from __future__ import annotations

import argparse
import datetime as dt
from importlib import import_module
from pathlib import Path

from host import broker
from host.commands import Command, Run, date, db, registry
from host.errors import UsageError
from host.rollup import LOCAL


def _late(module: str, name: str) -> Run:
    def run(args: argparse.Namespace) -> int:
        code: int = getattr(import_module(module), name)(args)
        return code

    return run


def check(folder: Path) -> str:
    """What a registry folder has of hazardous waste; "" where it has nothing."""
    register = import_module("host.hazard.register")
    if not register.present(folder):
        return ""
    found = register.load(folder)
    rules = import_module("host.hazard.rules").load(folder)
    lines = [
        f"{folder}: {len(found.institutions)} institutions, {len(found.stores)} stores, "
        f"{len(found.containers)} containers, {len(rules)} rules"
    ]
    today = dt.datetime.now(LOCAL).date()
    for name, edition in found.catalogue.editions.items():
        old = [c for c in found.containers if c.code.edition == name and c.holds(today)]
        if old and edition.until is not None and edition.until < today:
            lines.append(
                f"{folder}: {len(old)} containers have codes of {edition.title}, "
                f"in force until {edition.until}"
            )
    return "\n".join(lines)


def head_of(text: str) -> tuple[int, str]:
    """ROWS:HASH as `ledger verify` prints it."""
    rows, _, digest = text.partition(":")
    if not rows.isdigit() or len(digest) != 64:
        raise argparse.ArgumentTypeError(f"expected ROWS:HASH, found {text!r}")
    return int(rows), digest


def setting(text: str) -> tuple[str, str]:
    """COLUMN=VALUE"""
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise argparse.ArgumentTypeError(f"expected COLUMN=VALUE, found {text!r}")
    return name.strip(), value.strip()


def moment(args: argparse.Namespace) -> int:
    """--now, or the clock."""
    import time  # noqa: PLC0415

    if args.now is None:
        return int(time.time())
    sheets = import_module("host.hazard.sheets")
    found: int | None = sheets.parse_time(args.now)
    if found is None:
        raise UsageError(f"--now: expected YYYY-MM-DD HH:MM, found {args.now!r}")
    return found


def _parts(p: argparse.ArgumentParser) -> Command:
    subs = p.add_subparsers(required=True, metavar="WHAT")

    def command(name: str, run: Run, text: str) -> argparse.ArgumentParser:
        sub = subs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        sub.set_defaults(run=run)
        return sub

    return command


def _now(p: argparse.ArgumentParser) -> None:
    text = "as if it were then, in Shanghai (default: the clock)"
    p.add_argument("--now", metavar="'YYYY-MM-DD HH:MM'", help=text)


def _by(p: argparse.ArgumentParser) -> None:
    p.add_argument("--by", required=True, metavar="NAME", help="who says so")


def _nothing(_: argparse.Namespace) -> int:
    return 2


def add(command: Command) -> None:
    """Put these subcommands into the parser."""
    _ledger(command("ledger", _nothing, "the ledger of hazardous waste (HJ 1259-2022)"))
    _alarms(command("alarms", _nothing, "what is wrong in the stores of hazardous waste"))
    _transfers(command("transfers", _nothing, "转移联单, tickets of weighbridges, what fits"))
    p = command(
        "trace", _late("host.reports.trace_run", "run_trace"), "what a figure of a report rests on"
    )
    db(p)
    registry(p)
    text = "daily:DAY/SITE/STREAM, month:YYYY-MM/街镇/STREAM, indicator:N/YYYY, entry:ID, "
    text += "batch:CODE, alarm:ID, manifest:NUMBER or ticket:FACILITY/NUMBER"
    p.add_argument("what", metavar="FIGURE", help=text)
    p.epilog = "Example: qingyun trace --db q.db daily:2026-03-03/fs-01/湿垃圾"


def _ledger(parser: argparse.ArgumentParser) -> None:
    part = _parts(parser)
    done = "host.hazard.run"

    p = part("update", _late(done, "run_update"), "book what was weighed in and out")
    db(p)
    registry(p)
    _now(p)
    text = "go through every reading, not only those since 8 days before the last update"
    p.add_argument("--all", action="store_true", help=text)

    p = part("show", _late(done, "run_show"), "its entries, and what is still to be filled in")
    db(p)
    registry(p)
    p.add_argument("--table", help="产生, 入库, 出库, 自行利用/处置 or 委外利用/处置")
    p.add_argument("--store", help="only this store")
    p.add_argument("--month", metavar="YYYY-MM", help="only this month")
    p.add_argument("--id", type=int, metavar="N", help="one entry with all its columns")
    p.add_argument("--missing", action="store_true", help="only those with something to fill in")

    p = part("stock", _late(done, "run_stock"), "what stands where, and since when")
    db(p)
    registry(p)
    p.add_argument("--as-of", type=date, metavar="YYYY-MM-DD", help="at the end of that day")

    p = part("balance", _late(done, "run_balance"), "opening + in = out + closing, and the rest")
    db(p)
    registry(p)
    p.add_argument("--month", required=True, metavar="YYYY-MM")

    _ledger_more(part)


def _ledger_more(part: Command) -> None:
    done = "host.hazard.run"
    p = part("verify", _late(done, "run_verify"), "whether a row was changed, removed or put in")
    db(p)
    text = "as it was printed earlier: finds a ledger that was made anew"
    p.add_argument("--head", type=head_of, metavar="ROWS:HASH", help=text)

    p = part("add", _late(done, "run_add"), "entries of a person, or of a file")
    db(p)
    registry(p)
    _by(p)
    p.add_argument("--file", type=Path, metavar="FILE", help="CSV or XLSX, see docs/hazard.md")
    p.add_argument("--table", help="产生, 入库, 出库, 自行利用/处置 or 委外利用/处置")
    p.add_argument("--container", metavar="NAME", help="a container of containers.csv")
    p.add_argument("--institution", metavar="NAME", help="without a container: whose waste")
    p.add_argument("--code", metavar="NNN-NNN-NN", help="without a container: the waste code")
    p.add_argument("--kg", metavar="KG")
    p.add_argument("--time", metavar="'YYYY-MM-DD HH:MM'", help="when it happened")
    p.add_argument("--set", type=setting, action="append", default=[], metavar="COLUMN=VALUE")
    p.epilog = (
        "Example: qingyun ledger add --db q.db --by 王五 --table 产生 --container xq-oil-01 "
        "--kg 12.5 --time '2026-03-03 09:00' --set 去向=贮存"
    )

    p = part("reverse", _late(done, "run_reverse"), "take an entry back, and say what holds")
    db(p)
    _by(p)
    p.add_argument("id", type=int, metavar="ID")
    p.add_argument("--reason", required=True)
    text = "the same entry again with this column: fills in, or corrects"
    p.add_argument(
        "--set", type=setting, action="append", default=[], metavar="COLUMN=V", help=text
    )
    p.add_argument("--kg", metavar="KG", help="the same entry again with this mass")

    p = part("export", _late(done, "run_export"), "the five tables as a workbook, or one as CSV")
    db(p)
    registry(p)
    p.add_argument("--month", required=True, metavar="YYYY-MM")
    p.add_argument("--institution", metavar="NAME", help="only this one")
    p.add_argument("--format", choices=("xlsx", "csv"), help="a workbook, or CSV files")
    text = "a name ending in .xlsx, or a folder for the CSV files"
    p.add_argument("--out", type=Path, required=True, metavar="FILE|DIR", help=text)


def _alarms(parser: argparse.ArgumentParser) -> None:
    part = _parts(parser)
    done = "host.hazard.run_alarms"

    p = part(
        "update", _late(done, "run_update"), "book what was weighed, then hold it to rules.csv"
    )
    db(p)
    registry(p)
    _now(p)
    text = "also tell each site's event topic at this broker"
    broker.add_arguments(p, "qingyun-alarms", "--publish", text=text)
    text = "again and again until SIGTERM or Ctrl-C (an alarm is there within SECONDS)"
    p.add_argument("--every", type=int, metavar="SECONDS", help=text)
    p.epilog = "Example: qingyun alarms update --db q.db --publish 127.0.0.1:1883 --every 120"

    p = part(
        "deliver",
        _late("host.alerts.run", "run_deliver"),
        "tell people by e-mail and webhook, as [email] and [webhook] of the configuration say",
    )
    db(p)
    text = "again and again until SIGTERM or Ctrl-C"
    p.add_argument("--every", type=int, metavar="SECONDS", help=text)
    p.add_argument("--test", action="store_true", help="only a message that says it is a test")
    p.epilog = "Example: qingyun --config qingyun.toml alarms deliver --every 10"

    p = part("show", _late(done, "run_show"), "the open alarms, or all that ever was")
    db(p)
    registry(p)
    p.add_argument("--all", action="store_true", help="also those that are over")
    p.add_argument("--store", help="only this store")
    p.add_argument("--json", action="store_true", help="for scripts")

    p = part("ack", _late(done, "run_ack"), "say that somebody has seen an alarm")
    db(p)
    _by(p)
    p.add_argument("id", type=int, metavar="ID")
    p.add_argument("--note", default="", help="what was found, or done")


def _transfers(parser: argparse.ArgumentParser) -> None:
    part = _parts(parser)
    done = "host.hazard.run_transfers"

    p = part("import", _late(done, "run_import"), "a file of 转移联单 or tickets, all or nothing")
    db(p)
    registry(p)
    _by(p)
    p.add_argument("--kind", choices=("manifest", "ticket"), required=True)
    p.add_argument("file", type=Path, metavar="FILE", help="CSV or XLSX, see docs/hazard.md")

    p = part("match", _late(done, "run_match"), "papers beside weigh-outs and collections")
    db(p)
    registry(p)
    p.add_argument("--month", required=True, metavar="YYYY-MM")
    text = "a difference up to the larger of the two agrees (default: 5 and 5)"
    p.add_argument("--percent", type=float, default=5.0, metavar="N", help=text)
    p.add_argument("--kg", type=float, default=5.0, metavar="N")
    text = "so far apart in time at most (default: 24)"
    p.add_argument("--hours", type=float, default=24.0, metavar="N", help=text)
    p.add_argument("--csv", type=Path, metavar="FILE", help="also as a file")

    p = part("compare", _late(done, "run_compare"), "投放点实测 beside 进厂计量, never added")
    db(p)
    registry(p)
    p.add_argument("--month", required=True, metavar="YYYY-MM")
    p.add_argument("--csv", type=Path, metavar="FILE", help="also as a file")
