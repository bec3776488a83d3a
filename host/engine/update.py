"""Brings the figures of a store up to date with the workers of a scheduler."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from .. import registry as registries
from ..common import extras
from ..common.errors import UsageError
from ..registry import Registry
from ..rollup import shares
from ..rollup.day_figures import Done, Progress
from ..store import Store
from .address import Engine
from .likeness import of_registry, software


def bring_up_to_date(
    engine: Engine,
    db: Path | str,
    folder: Path,
    last: dt.date,
    progress: Progress = iter,
    *,
    full: bool = False,
    now: int | None = None,
) -> tuple[Done, bool]:
    """Bring the figures of each bin up to date, as rollup.day_figures.update_figures does, with
    the workers of a scheduler; what was done, and whether a worker was left out.

    folder: of the registry. now: Unix seconds, for tests. UserError, OutsideError: one line; what
    was written until then stays, and the next run goes on from there."""
    if isinstance(db, Path):
        raise UsageError(
            f"--engine: expected a store at postgresql://…, found {db}: a file can be written at "
            "its own machine alone, where all cores are used without --engine"
        )
    extras.need("distributed")
    from .crew import Crew, connected  # noqa: PLC0415  half a second, where it is used

    registry = registries.load(folder)
    with closing(Store(db)) as store, connected(engine) as client:
        store.compact()
        update = shares.update_of(last, full=full, now=now)
        mine = shares.due(store, registry, update)
        crew = Crew(client, engine, _here(store, registry), update)
        steps = iter(progress([b for share in mine for b in share.bins]))
        bins = days = revisions = 0
        for share, done in crew.all(mine):
            for _ in share.bins:
                next(steps)
            bins, days = bins + done.bins, days + done.computed
            revisions += done.revisions
        next(steps, None)
        return Done(bins, days, revisions), bool(crew.refused)


def _here(store: Store, registry: Registry) -> Mapping[str, Any]:
    """What workers have to have like this machine."""
    return {
        "software": msgspec.to_builtins(software()),
        "store": store.database.identity(),
        "registry": of_registry(registry),
    }
