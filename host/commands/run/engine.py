"""Runs `qingyun engine`, and brings figures up to date for commands with --engine."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterable, Sequence

from ...common import terminal
from ...engine.address import engine_of
from ...engine.update import bring_up_to_date
from ...provision import ProvisionError
from ...provision import engine as provision
from ...registry import Bin


def _progress(bins: Sequence[Bin]) -> Iterable[Bin]:
    return terminal.with_progress(bins, "adding up")


def bring(args: argparse.Namespace, last: dt.date, *, full: bool = False) -> int:
    """Bring every figure up to a day up to date where --engine is given; 1 where a worker was left
    out, else 0. What comes after finds next to nothing left to compute."""
    if args.engine is None:
        return 0
    engine = engine_of(args.engine, args.settings)
    done, left_out = bring_up_to_date(engine, args.db, args.registry, last, _progress, full=full)
    print(
        f"{engine}: {done.bins} platforms examined, {done.computed} of their days computed, "
        f"{done.revisions} figures written",
        file=sys.stderr,  # standard output may be the report
    )
    return int(left_out)


def certificates(args: argparse.Namespace) -> int:
    try:
        new = provision.make(args.out, args.names)
    except OSError as error:
        raise ProvisionError(f"{error.filename}: {error.strerror}") from None
    print(f"{args.out}: {len(new)} new certificates; the authority is {provision.AUTHORITY}.pem")
    return 0
