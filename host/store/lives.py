"""Which boards are two under one name."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby

from ..common import two_boards
from . import Store

_BACK_S = 7 * 86_400


def two_boards_of(store: Store) -> dict[str, tuple[int, int]]:
    """Board → since when and until when lives took turns under its name (Unix seconds), in the last
    days that it has readings of. What is not compacted yet is not seen."""
    lasts: dict[str, list[int]] = defaultdict(list)
    for s in store.status():
        if s.last_t is not None:
            lasts[s.device].append(s.last_t)
    found: dict[str, tuple[int, int]] = {}
    for device, times in lasts.items():
        latest = max(times)
        if sum(t >= latest - _BACK_S for t in times) < 2:
            continue
        columns = store.columns(device, latest - _BACK_S, latest + 1)
        turns: two_boards.Turns = []
        for life, run in groupby(zip(columns.life, columns.t, strict=True), lambda row: row[0]):
            turns = two_boards.turn(turns, life, next(run)[1])
            if (began := two_boards.since(turns)) is not None:
                found[device] = (found.get(device, (began, 0))[0], turns[-1][1])
    return found
