"""Readings of one weight channel as columns, which cost less than an object for each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ..common.local_days import local_day
from .limits import GAP_S
from .model import Evidence, Sample
from .state import key


@dataclass(slots=True)
class Series:
    """Columns of one length, in the order of readings (state.key), each reading once.

    q: index → why the weight is not valid, or "moving"; has every index without grams. breaks:
    rising indexes of readings that do not simply follow the one before: those of breaks_of()
    are given, and kept as cuts; those of q are added."""

    t: Sequence[int]
    grams: Sequence[int | None]
    q: Mapping[int, str]
    life: Sequence[str]
    seq: Sequence[int]
    boot: Sequence[int]
    fill: Sequence[int | None] | None
    breaks: Sequence[int]
    cuts: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        self.cuts = frozenset(self.breaks)
        if self.q:
            self.breaks = sorted({*self.breaks, *self.q})

    def __len__(self) -> int:
        return len(self.t)

    def __iter__(self) -> Iterator[Sample]:
        return (self[i] for i in range(len(self.t)))

    def __getitem__(self, i: int) -> Sample:
        fill = None if self.fill is None else self.fill[i]
        return Sample(
            self.t[i], self.grams[i], self.q.get(i), self.life[i], self.seq[i], self.boot[i], fill
        )

    def evidence(self, i: int) -> Evidence:
        """self[i].evidence without making the sample; grams must not be None."""
        fill = None if self.fill is None else self.fill[i]
        return Evidence(self.life[i], self.seq[i], self.t[i], self.grams[i], fill)  # type: ignore[arg-type]

    def stop(self, i: int) -> int:
        """Index of the first break from i on; without one the number of readings."""
        next_break = bisect_left(self.breaks, i)
        return self.breaks[next_break] if next_break < len(self.breaks) else len(self.t)

    def is_motion(self, i: int) -> bool:
        """Whether reading i simply follows the one before, and tells that motion begins."""
        return self.q.get(i) == "moving" and i not in self.cuts and self.grams[i] is not None

    def part(self, t0: int, t1: int) -> Series:
        """Readings with t0 <= t < t1 (Unix seconds)."""
        a, b = bisect_left(self.t, t0), bisect_left(self.t, t1)
        if a == 0 and b == len(self.t):
            return self
        return self.of(range(a, b))

    def of(self, keep: Sequence[int]) -> Series:
        """Readings with these rising indexes."""
        t, seq = [self.t[i] for i in keep], [self.seq[i] for i in keep]
        life, boot = [self.life[i] for i in keep], [self.boot[i] for i in keep]
        q = {n: self.q[i] for n, i in enumerate(keep) if i in self.q}
        fill = self.fill and [self.fill[i] for i in keep]
        grams = [self.grams[i] for i in keep]
        return Series(t, grams, q, life, seq, boot, fill, breaks_of(t, life, boot))


def breaks_of(t: Sequence[int], life: Sequence[str], boot: Sequence[int]) -> list[int]:
    """Rising indexes of readings after a gap or of another local day, boot or life than the one
    before."""
    breaks = [i for i, (a, b) in enumerate(pairwise(t), 1) if b - a > GAP_S]
    n = len(t)
    if n and local_day(t[0]) != local_day(t[-1]):
        days = map(local_day, t)
        breaks += [i for i, (a, b) in enumerate(pairwise(days), 1) if a != b]
    if n and not life.count(life[0]) == boot.count(boot[0]) == n:
        starts = zip(life, boot, strict=True)
        breaks += [i for i, (a, b) in enumerate(pairwise(starts), 1) if a != b]
    return sorted(set(breaks))


def ordered(samples: Iterable[Sample]) -> list[Sample]:
    """Each reading once, in the order of state.key."""
    once: dict[tuple[str, int], Sample] = {}
    for s in samples:
        once.setdefault((s.life, s.seq), s)
    return sorted(once.values(), key=key)


def series(samples: Iterable[Sample]) -> Series:
    """Readings in any order as columns; a Series is returned as it is."""
    if isinstance(samples, Series):
        return samples
    rows = ordered(samples)
    q = {i: s.q or "range" for i, s in enumerate(rows) if s.q is not None or s.grams is None}
    t, life, boot = [s.t for s in rows], [s.life for s in rows], [s.boot for s in rows]
    grams, seq, fill = [s.grams for s in rows], [s.seq for s in rows], [s.fill for s in rows]
    return Series(t, grams, q, life, seq, boot, fill, breaks_of(t, life, boot))
