"""`qingyun provision` and `qingyun revoke`."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import Command


def add(command: Command) -> None:
    """Put both subcommands into the parser."""

    def fleet(p: argparse.ArgumentParser) -> None:
        text = "folder of keys and configurations (default: fleet)"
        p.add_argument("--fleet", type=Path, default=Path("fleet"), metavar="DIR", help=text)

    def registry(p: argparse.ArgumentParser) -> None:
        text = "the host job's sites.csv, bins.csv … (default: registry in the fleet)"
        p.add_argument("--registry", type=Path, metavar="DIR", help=text)

    text = "keys, configurations, ACL and registry rows of the boards in a CSV"
    p = command("provision", _run, text)
    p.add_argument("csv", type=Path, metavar="FILE", help="one row for each channel of a board")
    text = "the broker as boards reach it (port: 8883)"
    p.add_argument("--broker", required=True, metavar="HOST[:PORT]", help=text)
    fleet(p)
    registry(p)
    p.epilog = "Example: qingyun provision fleet.csv --broker mqtt.example.org"

    p = command("revoke", _run, "refuse a board at the broker, and give it a new key if asked")
    p.add_argument(
        "device",
        metavar="DEVICE",
        help="a device, or qingyun-host, -serve, -hazard, -rollup, -anchor, -lorawan, -operator",
    )
    fleet(p)
    registry(p)
    p.add_argument("--replace", action="store_true", help="a new key and certificate, same name")
    p.epilog = "Example: qingyun revoke qy-fs01 --replace"


def _run(args: argparse.Namespace) -> int:
    from .run import fleet as runner  # noqa: PLC0415

    return runner.RUNS[args.part](args)
