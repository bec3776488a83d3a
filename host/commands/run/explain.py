"""Runs `qingyun explain`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ...reports import explain
from .. import known


def _explain(args: argparse.Namespace) -> int:
    explain.run(args.db, args.registry, args.site, args.date, args.out, states=args.states)
    if note := known.no_readings(args.db, args.date, args.date):
        print(note)
    return 0


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "explain": _explain,
}
