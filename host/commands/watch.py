"""watch: boards live in the terminal."""

from __future__ import annotations

import argparse
import os

from . import Command, broker_options


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    p = command("watch", _run, "boards live in the terminal: values, queue, signal, clock")
    name = f"qingyun-watch-{os.urandom(3).hex()}"  # several people may watch at once
    broker_options.add(p, name, default="127.0.0.1:1883")
    p.add_argument("--site", type=_part, metavar="SITE", help="only boards of this site")
    p.add_argument("--device", type=_part, metavar="DEVICE", help="only this board")
    how = p.add_mutually_exclusive_group()
    how.add_argument("--once", action="store_true", help="print what is known, and end")
    text = "end after so long; the exit code is 1 unless every board is online"
    how.add_argument("--for", dest="seconds", type=_seconds, metavar="SECONDS", help=text)
    p.epilog = "Example: qingyun watch --broker 127.0.0.1:1883 --site fs-01"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e9:
        raise argparse.ArgumentTypeError(f"expected seconds above 0, found {text!r}")
    return seconds


def _part(text: str) -> str:
    if not text or any(c in "/+#" or c.isspace() for c in text):
        raise argparse.ArgumentTypeError(f"expected a name without / + # or blank, found {text!r}")
    return text


def _run(args: argparse.Namespace) -> int:
    from .run import watch as runner  # noqa: PLC0415

    return runner.RUNS[args.part](args)
