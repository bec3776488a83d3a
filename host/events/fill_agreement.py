"""Compares a change of fill with a change of weight. Fill in permille of the bin."""

from __future__ import annotations

LEAST_FILL = 100  # a bin with less is almost empty: its fill confirms nothing
LEAST_SHARE = 500  # permille of the load that must be gone for an emptying
APART = 300  # permille by which the shares by weight and by fill may differ


def agrees(before: int | None, after: int | None, net_g: int, left_g: int) -> bool:
    """Whether the fill fell from before to after as in an emptying from net_g to left_g."""
    if before is None or after is None or before < LEAST_FILL or net_g <= 0:
        return False
    by_weight = 1000 - 1000 * max(left_g, 0) // net_g
    by_fill = 1000 - 1000 * after // before
    return min(by_weight, by_fill) >= LEAST_SHARE and abs(by_weight - by_fill) <= APART
