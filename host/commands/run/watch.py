"""Runs `qingyun watch`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ...mqtt import watch
from .broker_options import broker_of


def _watch(args: argparse.Namespace) -> int:
    where = broker_of(args)
    watched = watch.Watch(args.site, args.device)
    return watch.run(where, watched, once=args.once, seconds=args.seconds)


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "watch": _watch,
}
