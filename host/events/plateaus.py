"""Readings to plateaus, and plateaus to those that stayed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from host.events.model import (
    GAP_S,
    JUMP_G,
    LEAN_S,
    REPORT_G,
    SAME_G,
    Plateau,
    Platform,
    Run,
    Sample,
)


@dataclass
class Built:
    """Runs in order of time, and the seconds [start, end) that were validly measured."""

    runs: list[Run] = field(default_factory=list)
    covered: list[tuple[int, int]] = field(default_factory=list)


def build(samples: Iterable[Sample]) -> Built:
    """Plateaus from samples in order of time.

    A value marked "moving" is the stable weight before a motion, so it ends a plateau;
    the next good value begins one. Silence or a fault ends the run."""
    built = Built()
    last: Sample | None = None
    moved = False
    for s in samples:
        if not s.usable:
            last = None
            continue
        if last is None or s.t - last.t > GAP_S or _unseen(last, s, moved):
            if last is not None and s.t - last.t <= GAP_S:
                _cover(built, last.t, s.t)
            built.runs.append(Run([Plateau(s.evidence, s.evidence)]))
        else:
            _cover(built, last.t, s.t)
            plateau = built.runs[-1].plateaus[-1]
            if s.q is None and moved:
                built.runs[-1].plateaus.append(Plateau(s.evidence, s.evidence))
            elif not moved:
                plateau.last = s.evidence
        moved = s.q is not None
        last = s
    return built


def _unseen(a: Sample, b: Sample, moved: bool) -> bool:
    """Whether the weight changed from a to b in a way that no motion explains."""
    assert a.grams is not None and b.grams is not None
    change = abs(b.grams - a.grams)
    if (a.life, a.boot) != (b.life, b.boot):
        return change >= REPORT_G  # the board was restarted in between
    return not moved and change >= JUMP_G


def _cover(built: Built, start: int, end: int) -> None:
    if built.covered and built.covered[-1][1] == start:
        built.covered[-1] = (built.covered[-1][0], end)
    else:
        built.covered.append((start, end))


def settle(run: Run, platform: Platform) -> list[Plateau]:
    """The plateaus without those of somebody who leaned on the platform and left."""
    kept: list[Plateau] = []
    for plateau in run.plateaus:
        kept.append(plateau)
        while len(kept) >= 3 and _passing(kept[-3], kept[-2], kept[-1], platform):
            del kept[-2]
    return kept


def _passing(a: Plateau, b: Plateau, c: Plateau, platform: Platform) -> bool:
    """Whether b was only for a moment between a and c, and is best forgotten."""
    if c.first.t - a.last.t > LEAN_S:
        return False
    before, between, after = a.last.grams, b.first.grams, c.first.grams
    absent = platform.absent_below
    if before < absent and after < absent:
        return True  # somebody on the bare platform while the bin is away
    if before < absent or after < absent or between < absent:
        return False  # a lift or a return is no leaning
    up, down = between - before, after - between
    return (up > 0) != (down > 0) and after - before >= -SAME_G
