"""From a series of stable gross weights to deposits, collections, swaps and gaps.

Three steps, each a pure function of the sorted readings of one platform: runs of
plateaus (stretches of stable weight between motions), plateaus that stayed (people who
leaned and left are gone), events (what happened between them)."""

from __future__ import annotations

from collections.abc import Iterable

from host.events.engine import Engine, Outcome
from host.events.model import Event, Kind, Platform, Sample
from host.events.plateaus import build, settle

__all__ = ["Event", "Kind", "Outcome", "Platform", "Sample", "derive"]


def derive(platform: Platform, samples: Iterable[Sample]) -> Outcome:
    """Everything that happened on a platform; samples in order of time."""
    built = build(samples)
    engine = Engine(platform)
    for run in built.runs:
        engine.take(settle(run, platform))
    return Outcome(engine.events, engine.sums, built.covered)
