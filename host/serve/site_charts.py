"""A site's day as series for a chart, and as lines of text: events, gaps."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..common.quantity import kg
from ..reports.explain import BinStory

MOST_POINTS = 1500  # of a curve: more than the pixels of a screen


@dataclass(frozen=True)
class Shown:
    """An event as a line, with the readings that show it."""

    t: int
    t_end: int
    bin: str
    stream: str
    kind: str
    kg: str
    why: str
    note: str
    doubt: str
    evidence: tuple[tuple[str, str, int, str, int], ...]  # part, kg, t, life, seq


def events(bin_stories: Sequence[BinStory], t0: int, t1: int) -> list[Shown]:
    """The events of all bins by time, emptyings of bins without a scale among them."""
    shown = []
    for story in bin_stories:
        b = story.bin
        for e in story.events(t0, t1):
            parts = (("before", e.before), ("away", e.bare), ("after", e.after))
            evidence = tuple(
                (part, kg(x.grams), x.t, x.life, x.seq) for part, x in parts if x is not None
            )
            shown.append(
                Shown(
                    *(e.t, e.t_end, b.bin, b.stream, str(e.kind)),
                    *(kg(e.grams), e.why, e.note, kg(e.doubt_g) if e.doubt_g else "", evidence),
                )
            )
        for x in story.emptyings:
            why = f"fill {x.before / 10:.0f} % → {x.after / 10:.0f} %"
            line = (("fill", "", x.t, x.life, x.seq),)
            kind = "doubtful" if x.doubt else "emptied"
            shown.append(
                Shown(x.t, x.t_end, b.bin, b.stream, kind, "", why, x.doubt or x.unsure, "", line)
            )
    return sorted(shown, key=lambda e: (e.t, e.bin))


def measured(bin_stories: Sequence[BinStory], t0: int, t1: int) -> set[str]:
    """Bins on scales that have at least one reading in that time."""
    return {
        s.bin.bin
        for s in bin_stories
        if (s.balance and s.balance.covered_s) or any(t0 <= x.t < t1 for x in s.samples)
    }


def gaps(bin_stories: Sequence[BinStory], t0: int, t1: int) -> list[tuple[str, int, int]]:
    """(bin, from, to) of the times without a measurement, until now; Unix seconds."""
    end = min(t1, int(time.time()))
    unseen = []
    for story in bin_stories:
        if not story.bin.channel:
            continue
        seen_until = t0
        for start, until in [*story.found.covered, (end, end)]:
            if min(start, end) - seen_until >= 60:
                unseen.append((story.bin.bin, seen_until, min(start, end)))
            seen_until = max(seen_until, until)
    return unseen


def curve(story: BinStory, t0: int, t1: int) -> dict[str, Any]:
    """Times (Unix seconds) with gross load (kg) and fill (%); null breaks the line."""
    weights: dict[int, float | None] = {
        s.t: None if not s.usable or s.grams is None else s.grams / 1000
        for s in story.samples
        if t0 <= s.t < t1
    }
    fills = {s.t: s.fill / 10 for s in story.fills if t0 <= s.t < t1 and s.fill is not None}
    times = sorted({*weights, *fills})
    step = max(1, len(times) // MOST_POINTS)
    marked = {e.t for e in story.events(t0, t1)} | {e.t_end for e in story.events(t0, t1)}
    kept = [t for i, t in enumerate(times) if i % step == 0 or t in marked]
    return {
        "bin": story.bin.bin,
        "stream": story.bin.stream,
        "t": kept,
        "kg": [weights.get(t) for t in kept] if story.bin.channel else None,
        "fill": [fills.get(t) for t in kept] if story.bin.fill_channel else None,
    }
