"""The `qingyun` command.

Exit codes: 0 done, 1 done but something was found or failed, 2 wrong use or bad input."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence

from . import __version__
from .commands import (
    Run,
    alarms,
    archive,
    calibration,
    check,
    collect,
    daily,
    engine,
    explain,
    fleet,
    forecast,
    homeassistant,
    label,
    law,
    ledger,
    lorawan,
    months,
    office,
    reconcile,
    serve,
    service,
    standing,
    trace,
    transfers,
    update,
    watch,
)
from .common import extras
from .common.errors import OutsideError, UsageError, UserError
from .common.options import Parser, check_text
from .common.shown import as_text
from .common.store_address import hidden
from .service import config, logs, place
from .store import Busy


def _wide(prog: str) -> argparse.HelpFormatter:
    """Help with room for the longest option or command beside its text."""
    formatter = argparse.HelpFormatter(prog, max_help_position=32)
    formatter._action_max_length = 18
    return formatter


def _parser() -> Parser:
    parser = Parser(
        prog="qingyun",
        description="清运: from load cells at waste collection points to daily tonnage.",
        epilog="qingyun COMMAND --help tells more of each. Exit codes: 0 done, "
        "1 done but something was found or failed, 2 wrong use or bad input.",
        formatter_class=_wide,
    )
    parser.add_argument("--version", action="version", version=f"qingyun {__version__}")
    text = (
        "TOML with the options of every command "
        f"(default: $QINGYUN_CONFIG, or ./{place.HERE}, or {place.SYSTEM})"
    )
    parser.add_argument("--config", metavar="FILE", help=text)
    text = "how the log is written (default: plain)"
    parser.add_argument("--log", choices=("plain", "json"), help=text)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Run, text: str) -> argparse.ArgumentParser:
        p: argparse.ArgumentParser = commands.add_parser(
            name, help=text, description=text[0].upper() + text[1:] + ".", formatter_class=_wide
        )
        p.set_defaults(run=run, part=name)
        return p

    subjects = (
        *(collect, daily, months, explain, office),
        *(ledger, label, law, alarms, forecast, transfers, reconcile, standing, trace, calibration),
        *(lorawan, watch, archive, check, service, fleet, update, engine, serve, homeassistant),
    )
    for module in subjects:
        module.add(command)
    return parser


def _named(args: argparse.Namespace, line: str) -> str:
    """Who named the database or registry that a line begins with, where nobody typed it."""
    for name in ("db", "registry"):
        value = getattr(args, name, None)
        if value is not None and line.startswith(str(value)):
            return str(args.settings.named(value))
    return ""


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the command; returns the exit code."""
    with as_text():
        code = _main(argv)
    if argv is None:
        # The process ends: nobody needs a last search for cycles, a sixth of a short command.
        gc.freeze()
    return code


def _main(argv: Sequence[str] | None) -> int:
    argv = list(sys.argv[1:] if argv is None else argv)
    parser = _parser()
    args = argparse.Namespace()
    try:
        settings = config.of_command_line(argv, parser)
        args = parser.parse_args(argv, argparse.Namespace(settings=settings))
        check_text(args, parser)
        logs.start(
            args.log or settings.get("log.format", "plain"), settings.get("log.level", "info")
        )
        if any("postgres" in a and hidden(a) != a for a in argv):
            text = "expected no password in a command line, which every user of this machine reads"
            print(f"qingyun: warning: --db: {text}: put it into ~/.pgpass", file=sys.stderr)
        if getattr(args, "needs_db", False) and args.db is None:
            raise UsageError(settings.nowhere())
        code = _run(args)
    except UserError as error:
        for line in str(error).splitlines():
            print(f"qingyun: error: {line}{_named(args, line)}", file=sys.stderr)
        return 2
    except OutsideError as error:
        print(f"qingyun: error: {error}", file=sys.stderr)
        return 1
    except Busy as error:
        print(f"qingyun: error: store: {error}; try again", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        print("qingyun: stopped", file=sys.stderr)
        return 130
    return code


def _run(args: argparse.Namespace) -> int:
    """The command itself; UserError names a package that is an extra and not there."""
    try:
        code: int = args.run(args)
    except ModuleNotFoundError as error:
        text = extras.missing(error)
        if text is None:
            raise
        raise UserError(text) from None
    return code


if __name__ == "__main__":
    sys.exit(main())
