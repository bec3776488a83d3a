"""Which seqs are stored: sorted intervals, lo and hi included, never touching."""

from __future__ import annotations

from bisect import bisect_right

Intervals = list[tuple[int, int]]


def add(intervals: Intervals, seq: int) -> bool:
    """Put seq in; False when it was there already. Works in place."""
    i = bisect_right(intervals, (seq, 1 << 62))
    if i and intervals[i - 1][1] >= seq:
        return False
    left = i > 0 and intervals[i - 1][1] == seq - 1
    right = i < len(intervals) and intervals[i][0] == seq + 1
    lo = intervals[i - 1][0] if left else seq
    hi = intervals[i][1] if right else seq
    intervals[i - left : i + right] = [(lo, hi)]
    return True


def has(intervals: Intervals, seq: int) -> bool:
    """Whether seq is there."""
    i = bisect_right(intervals, (seq, 1 << 62))
    return i > 0 and intervals[i - 1][1] >= seq


def alone(intervals: Intervals, seq: int) -> bool:
    """Whether seq, which is not there, would make an interval more."""
    i = bisect_right(intervals, (seq, 1 << 62))
    left = i > 0 and intervals[i - 1][1] == seq - 1
    return not left and not (i < len(intervals) and intervals[i][0] == seq + 1)


def remove(intervals: Intervals, seq: int) -> None:
    """Take seq out, which is there. Works in place."""
    i = bisect_right(intervals, (seq, 1 << 62)) - 1
    lo, hi = intervals[i]
    parts = ((lo, seq - 1), (seq + 1, hi))
    intervals[i : i + 1] = [(a, b) for a, b in parts if a <= b]


def contiguous(intervals: Intervals, floor: int = 0) -> int | None:
    """The seq up to which nothing is missing from floor on; None while floor is missing."""
    i = bisect_right(intervals, (floor, 1 << 62))
    return intervals[i - 1][1] if i and intervals[i - 1][1] >= floor else None


def missing(intervals: Intervals) -> int:
    """How many seqs below the highest one are not there."""
    return intervals[-1][1] + 1 - sum(hi - lo + 1 for lo, hi in intervals) if intervals else 0
