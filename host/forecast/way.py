"""A short way through sites: the nearest one next, then pieces of the way turned round or moved as
long as it gets shorter. As the crow flies: streets are not known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

Place = tuple[float, float]  # longitude, latitude in degrees
_EARTH_M = 6_371_009  # mean radius
_LONGEST_MOVED = 3  # sites that are moved together
_ROUNDS = 60


def metres(a: Place, b: Place) -> float:
    """Distance of two places of one city."""
    east = math.radians(b[0] - a[0]) * math.cos(math.radians((a[1] + b[1]) / 2))
    return _EARTH_M * math.hypot(east, math.radians(b[1] - a[1]))


def length(places: Sequence[Place], order: Sequence[int]) -> float:
    """Of a way in m."""
    return sum(metres(places[a], places[b]) for a, b in pairwise(order))


def shortest(places: Sequence[Place]) -> list[int]:
    """The order in which to visit them, from the first of `places` on, without a way back; the
    same for the same places. Not the shortest of all, see docs/forecast.md."""
    n = len(places)
    if n < 3:
        return list(range(n))
    far = [[metres(a, b) for b in places] for a in places]
    way = _nearest_next(far)
    for _ in range(_ROUNDS):
        turned = _turned(way, far)
        if not (_moved(way, far) or turned):
            break
    return way


def _nearest_next(far: list[list[float]]) -> list[int]:
    way, left = [0], set(range(1, len(far)))
    while left:
        here = far[way[-1]]
        way.append(min(left, key=lambda i: (here[i], i)))
        left.remove(way[-1])
    return way


def _turned(way: list[int], far: list[list[float]]) -> bool:
    """Turn pieces round where that is shorter (2-opt)."""
    n, better = len(way), False
    for i in range(1, n - 1):
        before = far[way[i - 1]]
        for j in range(i + 1, n):
            saved = before[way[i]] - before[way[j]]
            if j + 1 < n:
                after = far[way[j + 1]]
                saved += after[way[j]] - after[way[i]]
            if saved > 1e-6:
                way[i : j + 1] = way[i : j + 1][::-1]
                better = True
    return better


def _moved(way: list[int], far: list[list[float]]) -> bool:
    """Move a few neighbouring sites to where the way gets shorter (Or-opt)."""
    better = False
    for size in range(1, _LONGEST_MOVED + 1):
        i = 1
        while i + size <= len(way):
            better |= _move(way, far, i, size)
            i += 1
    return better


def _move(way: list[int], far: list[list[float]], i: int, size: int) -> bool:
    piece, rest = way[i : i + size], way[:i] + way[i + size :]
    first, last = piece[0], piece[-1]

    def cost(k: int, a: int, b: int) -> float:
        """Of putting a … b after the k-th of the rest."""
        more = far[rest[k]][a]
        if k + 1 < len(rest):
            more += far[b][rest[k + 1]] - far[rest[k]][rest[k + 1]]
        return more

    now = cost(i - 1, first, last)
    k, is_turned = min(
        ((k, turned) for k in range(len(rest)) for turned in (False, True)),
        key=lambda c: cost(c[0], last, first) if c[1] else cost(c[0], first, last),
    )
    best = cost(k, last, first) if is_turned else cost(k, first, last)
    if best >= now - 1e-6:
        return False
    way[:] = rest[: k + 1] + (piece[::-1] if is_turned else piece) + rest[k + 1 :]
    return True
