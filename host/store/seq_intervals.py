"""Which seqs are stored: sorted intervals, lo and hi included, never touching."""

from __future__ import annotations

from bisect import bisect_right

Spans = list[tuple[int, int]]


def add(spans: Spans, seq: int) -> bool:
    """Put seq in; False when it was there already. Works in place."""
    i = bisect_right(spans, (seq, 1 << 62))
    if i and spans[i - 1][1] >= seq:
        return False
    left = i > 0 and spans[i - 1][1] == seq - 1
    right = i < len(spans) and spans[i][0] == seq + 1
    lo = spans[i - 1][0] if left else seq
    hi = spans[i][1] if right else seq
    spans[i - left : i + right] = [(lo, hi)]
    return True


def contiguous(spans: Spans, floor: int = 0) -> int | None:
    """The seq up to which nothing is missing from floor on; None while floor is missing."""
    i = bisect_right(spans, (floor, 1 << 62))
    return spans[i - 1][1] if i and spans[i - 1][1] >= floor else None


def missing(spans: Spans) -> int:
    """How many seqs below the highest one are not there."""
    return spans[-1][1] + 1 - sum(hi - lo + 1 for lo, hi in spans) if spans else 0
