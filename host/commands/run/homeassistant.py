"""Runs `qingyun homeassistant`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ... import registry as places
from ...common.errors import UsageError
from ...reports import homeassistant, publish
from .broker_options import broker_of


def _run(args: argparse.Namespace) -> int:
    where = broker_of(args, "--publish")
    loaded = places.load(args.registry)
    if args.site not in loaded.sites:
        raise UsageError(f"--site: expected a site of sites.csv, found {args.site!r}")
    make = homeassistant.removal if args.remove else homeassistant.discovery
    messages = list(make(loaded, args.site, args.prefix))
    publish.discovery(where, messages)
    done = "taken away" if args.remove else "shown"
    print(f"{where}: {len(messages)} entities of {args.site} {done} below {args.prefix}/")
    return 0


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "homeassistant": _run,
}
