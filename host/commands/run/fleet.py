"""Runs `qingyun provision`, `qingyun revoke`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from ...provision import ProvisionError, config, files, merge, plan
from ...provision.fleet import OURS, Fleet
from ...provision.pins import boards
from ...provision.sheet import Sheet
from .. import Run

_PORT = 8883
_READ_AT_RELOAD = {"acl", "crl.pem"}
_OF_BROKER = _READ_AT_RELOAD | {"ca.pem", "broker.pem", "broker.key", "mosquitto.conf"}


def _broker(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, str(_PORT)
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ProvisionError(f"--broker: expected HOST or HOST:PORT, found {text!r}")
    return host, int(port)


def _told(run: Run) -> Run:
    """Turn errors of the system (no space, no permission) into one line."""

    def told(args: argparse.Namespace) -> int:
        try:
            return run(args)
        except OSError as error:
            raise ProvisionError(f"{error.filename}: {error.strerror}") from None

    return told


@_told
def provision(args: argparse.Namespace) -> int:
    """Check everything, then write what is missing or different."""
    broker = _broker(args.broker)
    rows_in: Path = args.registry or args.fleet / "registry"
    texts = merge.read(rows_in, new=args.registry is None)
    wanted = plan.read(Sheet(args.csv), merge.load(rows_in, texts), boards())
    texts = merge.with_plan(texts, wanted)
    merge.load(rows_in, texts)
    for warning in wanted.warnings:
        print(f"qingyun: warning: {warning}", file=sys.stderr)
    files.folder(args.fleet)
    with files.locked(args.fleet):
        fleet = Fleet(args.fleet)
        fleet.check_broker(broker[0])
        fleet.create(broker[0])
        new, changed, revoked = _boards(fleet, wanted, broker)
        fleet.write_acl()
        texts = merge.with_ends(texts, fleet.ends())
    rows = merge.write(rows_in, texts)
    counts = f"{len(wanted.boards)} boards: {len(new)} new, {len(changed)} changed"
    print(f"{args.fleet}: {counts}, {len(revoked)} revoked, the others as before")
    for name in revoked:
        print(f"{name}: revoked, left alone; qingyun revoke {name} --replace lets it in again")
    if rows:
        then = "" if args.registry else f"; the host job reads them by --registry {rows_in}"
        print(f"{rows_in}: {', '.join(rows)} written{then}")
    _tell(fleet)
    return 0


def _boards(
    fleet: Fleet, wanted: plan.Plan, broker: tuple[str, int]
) -> tuple[list[str], list[str], list[str]]:
    """Write each board's folder; the names of those new, changed, revoked."""
    new, changed, revoked = [], [], []
    shared = {"ca.der": fleet.der_of_authority()}
    shared["update.pub"] = (fleet.folder / "update.pub").read_bytes()
    for board in wanted.boards:
        name = board.device
        if fleet.is_revoked(name):
            revoked.append(name)
            continue
        made = fleet.ensure(name)
        written = [fleet.put(name, n, raw, files.PUBLIC) for n, raw in shared.items()]
        text = config.text(board, broker)
        written.append(fleet.put(name, "config.json", text, files.SECRET))
        if made:
            new.append(name)
        elif any(written):
            changed.append(name)
    return new, changed, revoked


def _tell(fleet: Fleet) -> None:
    """Print what the broker needs."""
    if names := [n for n in fleet.written if n in _OF_BROKER]:
        then = "reload (SIGHUP)" if {*names} <= _READ_AT_RELOAD else "restart"
        which = f"{', '.join(names)} new or changed"
        print(f"{fleet.folder}: {which}: copy to the broker, {then} mosquitto")


@_told
def revoke(args: argparse.Namespace) -> int:
    """Revoke the certificates of a device; with --replace make a new key and certificate."""
    if not args.fleet.is_dir():
        raise ProvisionError(f"{args.fleet}: no such folder; expected one of qingyun provision")
    with files.locked(args.fleet):
        fleet = Fleet(args.fleet)
        name = args.device
        if not fleet.knows(name):
            raise ProvisionError(f"{name}: no such device in {args.fleet}")
        serials = fleet.revoke(name)
        if args.replace:
            fleet.replace(name)
        fleet.write_acl()
        ends = fleet.ends()
    print(f"{name}: {len(serials)} certificates revoked" + (", 1 made" if args.replace else ""))
    if args.replace and name not in OURS:
        print(f"{args.fleet}/{name}: put its files on the board")
    _tell(fleet)
    rows_in: Path = args.registry or args.fleet / "registry"
    if rows_in.is_dir() and merge.note_ends(rows_in, ends):
        print(f"{rows_in}: {merge.CERTIFICATES} written")
    return 0


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "provision": provision,
    "revoke": revoke,
}
