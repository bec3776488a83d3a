"""The lives of boards: which are two under one name, and how much a board has numbered."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby

from ..common import two_boards
from . import Store, streams

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


@dataclass(frozen=True)
class Handed:
    """readings: how many a board has numbered in all its lives, as far as it is known; begun: when
    each life was first heard of by a birth message, in order, Unix seconds."""

    readings: int
    begun: tuple[int, ...]

    @property
    def since(self) -> int | None:
        """When the board was first heard; None: not known."""
        return self.begun[0] if self.begun else None


def handed_out(store: Store) -> dict[str, Handed]:
    """Board → what it has numbered."""
    readings: dict[str, int] = defaultdict(int)
    begun: dict[str, list[int]] = defaultdict(list)
    for device, spans, t in store.database.query(
        "SELECT s.device, s.spans, (SELECT min(b.received) FROM birth b WHERE b.stream = s.id) "
        "FROM stream s"
    ):
        held = streams.unpack(bytes(spans))
        readings[device] += held[-1][1] + 1 if held else 0
        if t is not None:
            begun[device].append(int(t))
    return {d: Handed(n, tuple(sorted(begun[d]))) for d, n in readings.items()}
