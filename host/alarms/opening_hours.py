"""The hours in which waste is taken at a site (定时投放)."""

from __future__ import annotations

from functools import lru_cache

from ..common.local_days import SHANGHAI_S
from ..registry import Site
from ..rollup import DAY_S


@lru_cache(maxsize=4096)
def _spans(windows: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """(from, until) in seconds of the local day; until may be on the next one."""
    spans = []
    for window in windows:
        start, end = (_seconds(t) for t in window.split("-"))
        spans.append((start, end if end > start else end + DAY_S))
    return tuple(spans)


def within(windows: tuple[str, ...], t: int) -> bool:
    """Whether t (Unix seconds) lies in one of the windows, HH:MM-HH:MM each."""
    second = (t + SHANGHAI_S) % DAY_S
    return any(a <= second < b or a <= second + DAY_S < b for a, b in _spans(windows))


def is_open(site: Site, t: int) -> bool:
    """Whether a site takes waste at t (Unix seconds); always, where it has no windows."""
    return not site.windows or within(site.windows, t)


def closed_since(site: Site, now: int) -> int | None:
    """Unix second since which the site is outside its opening hours; None within them, or where
    it has none."""
    if not site.windows or is_open(site, now):
        return None
    day = (now + SHANGHAI_S) // DAY_S * DAY_S - SHANGHAI_S
    ends = (base + end for _, end in _spans(site.windows) for base in (day - DAY_S, day))
    return max((end for end in ends if end <= now), default=day - DAY_S)


def _seconds(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60
