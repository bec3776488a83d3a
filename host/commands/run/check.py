"""Runs `qingyun check`."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from pathlib import Path

from ... import registry
from ...common.errors import UserError
from ...common.local_days import LOCAL
from ...metrology import instruments
from ...points import certificates, first_days, positions
from ...reconcile import losses, trucks
from ...service.checks import problems

_NAMED = 10  # sites that are named


def _check(args: argparse.Namespace) -> int:
    wrong = problems(args.settings)
    if args.settings.values and not wrong:
        n = len(args.settings.values)
        print(f"{args.settings.file or 'environment'}: {n} values, each as expected")
    if not args.settings.file:
        print(f"no configuration file; looked at {', '.join(args.settings.absent)}")
    try:
        loaded = registry.load(args.registry)
        positions.load(args.registry)
        certificates.load(args.registry)
        first_days.load(args.registry)
        trucks.load(args.registry, loaded)
        losses.load(args.registry, dt.datetime.now(LOCAL).date())
        more = [*_lorawan(args.registry, loaded), *filter(None, [_hazardous(args.registry)])]
        more += filter(None, [_recipients(args, wrong)])
    except UserError as error:
        wrong += str(error).splitlines()
    if wrong:
        raise UserError("\n".join(wrong))
    print(
        f"{args.registry}: {len(loaded.sites)} sites, {len(loaded.devices)} devices, "
        f"{len(loaded.platforms())} platforms, {len(loaded.bins)} bins"
    )
    for line in _instruments(args.registry, loaded):
        print(line)
    for line in more:
        print(line)
    return 0


def _recipients(args: argparse.Namespace, wrong: list[str]) -> str:
    """A summary of recipients.csv, "" without it; what does not fit the configuration is added to
    wrong."""
    from ...delivery import channels, recipients  # noqa: PLC0415  see commands.run

    settings = args.settings
    wrong += channels.wrong_sms(settings)
    found = recipients.load(args.registry)
    if found is None:
        if settings.section(recipients.SMS):
            wrong.append(channels.no_numbers(settings))
        return ""
    if settings.values:
        wrong += channels.without_section(settings, found)
    text = f"{args.registry}: {len(found.rows)} recipients"
    if uncovered := found.uncovered():
        more = f" and {len(uncovered) - _NAMED} more" if len(uncovered) > _NAMED else ""
        text += "; nobody is told of every 告警 before an escalation at: "
        text += " ".join(uncovered[:_NAMED]) + more
    return text


def _lorawan(folder: Path, loaded: registry.Registry) -> list[str]:
    """How many sensors of others there are, where there are any."""
    from ...lorawan import sensors  # noqa: PLC0415  see commands.run

    if not sensors.there(folder):
        return []
    known = sensors.load(folder, loaded)
    models = sorted({s.name for s in known.values()})
    return [f"{folder}: {len(known)} LoRaWAN sensors: {', '.join(models) or 'none'}"]


def _instruments(folder: Path, loaded: registry.Registry) -> list[str]:
    """How many instruments there are, and whose verification ends, a line each."""
    if not loaded.instruments:
        return []
    places = {i.place for i in loaded.instruments}
    lines = [f"{folder}: {len(places)} instruments"]
    today = dt.datetime.now(LOCAL).date()
    for i, until, is_over in instruments.ending(loaded.instruments, today):
        what = f"{folder}: instrument {i.serial} at {i.device} {i.channel}: "
        if until is None:
            lines.append(what + "not verified: what it weighs is told apart in reports")
        elif is_over:
            lines.append(what + f"verified until {until}, which is over: have it verified")
        else:
            days = (until - today).days
            lines.append(what + f"verified until {until}, for {days} days more")
    return lines


def _hazardous(folder: Path) -> str:
    """A summary of the register of hazardous waste; "" where there is none."""
    from ...alarms.rules import unverified  # noqa: PLC0415  see commands.run
    from ...hazard import obligations, register, rules  # noqa: PLC0415

    if not register.present(folder):
        return ""
    loaded = register.load(folder)
    limits = rules.load(folder)
    lines = [
        f"{folder}: {len(loaded.institutions)} institutions, {len(loaded.stores)} stores, "
        f"{len(loaded.containers)} containers, {len(limits)} rules"
    ]
    filed, confirmed = obligations.filed(folder, loaded), obligations.confirmed(folder, loaded)
    filings, duties = obligations.filings(folder), obligations.duties(folder)
    if filings:
        lines.append(f"{folder}: {len(filings)} filings, {len(filed)} filed")
    if duties:
        lines.append(f"{folder}: {len(duties)} duties, {len(confirmed)} confirmed")
    for what, notes in (
        ("rules", [(r.rule, r.note) for r in limits]),
        ("filings", [(f.filing, f.note) for f in filings]),
        ("duties", [(d.duty, d.note) for d in duties]),
    ):
        if unread := " ".join(unverified(notes)):
            lines.append(f"{folder}: {what} whose source was not read in its wording: {unread}")
    today = dt.datetime.now(LOCAL).date()
    for store in loaded.stores:
        for c, until, is_over in loaded.outdated(store, today):
            in_force = "was in force until" if is_over else "is in force until"
            lines.append(
                f"{folder}: container {c.container}: {c.code.code} is of the edition "
                f"{c.code.edition} of the catalogue, which {in_force} {until}"
            )
    return "\n".join(lines)


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "check": _check,
}
