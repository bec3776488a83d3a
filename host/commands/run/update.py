"""Runs `qingyun bundle`, `qingyun update`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from ... import registry
from ...common import terminal
from ...common.atomic_write import refuse_unless_begins, whole
from ...common.errors import UsageError
from ...common.output_form import form_of
from ...mqtt.session import SessionError
from ...update import bundle as bundles
from ...update import fleet, keys
from ...update.air import Air
from .broker_options import broker_of

ROTATE = "rotate-key"


def _run_bundle(args: argparse.Namespace) -> int:
    if args.new_key:
        public = keys.make(args.new_key, args.bits)
        print(f"{args.new_key}: new key; keep it offline. {public}: for the boards")
        return 0
    for option, value in (("--key", args.key), ("--out", args.out)):
        if value is None:
            raise UsageError(f"{option}: must be given")
    form_of(args.out, "bundle")
    if args.lowest and not bundles.VERSION.fullmatch(args.lowest):
        raise UsageError(f"--lowest: expected three numbers as in 0.2.0, found {args.lowest!r}")
    trusted = keys.moduli(args.trust) if args.trust else ()
    terms = bundles.Terms(args.older, args.lowest or "", trusted)
    made = bundles.build(args.board, keys.load(args.key), args.source, terms)
    with whole(args.out) as part:
        part.write_bytes(made.raw)
    print(
        f"{args.out}: {made.id}, version {made.version} for {made.board}, "
        f"{len(made.files)} files, {len(made.raw)} bytes, firmware {made.firmware}"
    )
    return 0


def targets(
    registered: registry.Registry, sites: Sequence[str], names: Sequence[str]
) -> list[fleet.Target]:
    """The boards of these sites and names (none: all), in the order of the registry;
    UsageError for unknown ones."""
    for site in sites:
        if site not in registered.sites:
            raise UsageError(f"--site: expected a site of sites.csv, found {site!r}")
    for name in names:
        if name not in registered.devices:
            raise UsageError(f"--device: expected a device of devices.csv, found {name!r}")
    chosen = [
        d
        for d in registered.devices.values()
        if (not sites and not names) or d.site in sites or d.device in names
    ]
    if not chosen:
        raise UsageError("no board is meant: devices.csv has none there")
    return [fleet.Target(d.device, d.site) for d in chosen]


def _bundle_of(args: argparse.Namespace) -> bundles.Bundle:
    """The file that is given, or for rotate-key this firmware with other keys."""
    if str(args.bundle) != ROTATE:
        for option, value in (("--key", args.key), ("--trust", args.trust)):
            if value is not None:
                raise UsageError(f"{option}: expected with `qingyun update {ROTATE}` only")
        bundle = bundles.load(args.bundle)
        if args.older and not bundle.terms.older:
            text = "is not signed as one that may replace a newer version"
            raise UsageError(
                f"--older: {args.bundle} {text}; make it with `qingyun bundle --older`"
            )
        return bundle
    for option, value in (("--key", args.key), ("--trust", args.trust)):
        if value is None:
            raise UsageError(f"{option}: must be given")
    terms = bundles.Terms(keys=keys.moduli(args.trust))
    return bundles.build(args.board, keys.load(args.key), terms=terms)


def _run_update(args: argparse.Namespace) -> int:
    bundle = _bundle_of(args)
    where = broker_of(args)
    chosen = targets(registry.load(args.registry), args.site, args.device)
    try:
        canary = fleet.share(args.canary, len(chosen))
    except ValueError:
        text = f"--canary: expected a number or 1% to 100%, found {args.canary!r}"
        raise UsageError(text) from None
    if args.halt < 1:
        raise UsageError(f"--halt: expected at least 1, found {args.halt}")
    refuse_unless_begins(args.log, b"{")
    try:
        args.log.open("a").close()  # better now than after the first board
    except OSError as error:
        raise UsageError(f"--log: {args.log}: {error.strerror}") from None
    rollout = fleet.Rollout(
        *(bundle, chosen, canary, args.halt, args.log, args.older, args.by[:40], args.timeout)
    )
    print(f"{bundle.id}: version {bundle.version} for {bundle.board}, {len(chosen)} boards")
    try:
        with Air(where, [(t.site, t.device) for t in chosen]) as air:
            air.offer(bundle)
            try:
                rollout.run(air)
            finally:
                air.clear(bundle)
    except SessionError as error:
        print(f"qingyun: error: {error}", file=sys.stderr)
        _table(chosen)
        return 1
    _table(chosen)
    return 0 if all(t.state in (fleet.GOOD, fleet.ALREADY) for t in chosen) else 1


def _table(chosen: Sequence[fleet.Target]) -> None:
    table = terminal.table()
    terminal.columns(table, ("device", "site", "version", "outcome"))
    terminal.columns(table, ("s",), right=True)
    terminal.columns(table, ("why",))
    for t in chosen:
        table.add_row(t.device, t.site, t.version, t.state, f"{t.took:.0f}", t.why)
    terminal.console().print(table)
    counts = {s: sum(t.state == s for t in chosen) for s in dict.fromkeys(t.state for t in chosen)}
    print(", ".join(f"{n} {state}" for state, n in counts.items()))


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "bundle": _run_bundle,
    "update": _run_update,
}
