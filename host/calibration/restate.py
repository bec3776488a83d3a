"""Corrects a wrong calibration afterwards, and restates the days that it changes."""

from __future__ import annotations

import datetime as dt

from rich.table import Table

from ..common import terminal
from ..common.errors import UserError
from ..common.local_days import LOCAL
from ..common.quantity import kg
from ..registry import Registry
from ..rollup import revisions
from ..rollup.day_figures import update_figures
from ..rollup.revisions import Revision
from ..store import Store, day_revisions
from ..store.calibrations import Correction


class RestateError(UserError):
    """Why there is nothing to correct; one line."""


def recalibrate(store: Store, registry: Registry, new: Correction) -> list[Revision]:
    """Write the correction; the revisions of every mass that it changes. RestateError where the
    channel never weighed by that calibration."""
    store.compact()
    kept, db = store.calibrations, store.database
    entries = [w for _, w in kept.weighed(new.device, new.channel)]
    if not any(w.id == new.calibration for w in entries):
        names = ", ".join(sorted({w.id for w in entries})) or "none"
        raise RestateError(
            f"--calibration: expected one by which {new.device} {new.channel} has weighed "
            f"({names}), found {new.calibration!r}"
        )
    mine = [b for b in registry.platforms() if (b.device, b.channel) == (new.device, new.channel)]
    seen = kept.days_of(new.device, new.channel, new.calibration)
    last = max((t for _, t in seen), default=0)
    until = dt.datetime.fromtimestamp(last, LOCAL).date()
    update_figures(store, registry, until, only=mine)
    before = day_revisions.newest(db)
    kept.correct(new)
    update_figures(store, registry, until, only=mine)
    named = {b.bin: b for b in mine}
    made = [
        Revision(named[new_.platform], old, new_)
        for old, new_ in revisions.pairs(day_revisions.all_of(db, list(named)))
        if new_.id > before
    ]
    return [r for r in made if r.changes_mass]


def table(restated: list[Revision]) -> Table:
    """Masses before and after, in kg."""
    out = terminal.table("restated")
    terminal.columns(out, ("date", "site", "stream"))
    names = "deposited\nkg before", "after", "collected\nkg before", "after"
    terminal.columns(out, names, right=True)
    for r in restated:
        pairs = [
            (getattr(x, mass) if x else 0)
            for mass in ("deposited", "collected")
            for x in (r.before, r.after)
        ]
        out.add_row(str(r.after.date), r.bin.site, r.bin.stream, *map(kg, pairs))
    return out
