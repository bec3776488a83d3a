"""A short way through sites, and its numbers in the list to collect by."""

from __future__ import annotations

import datetime as dt
import random
from itertools import permutations
from pathlib import Path

import pytest
from sim_board import ROOT

from host.forecast import bins, collection_list, way
from host.forecast.bins import BinForecast
from host.registry import load


def places(n: int, seed: int) -> list[way.Place]:
    luck = random.Random(seed)  # noqa: S311
    return [(121.2 + luck.gauss(0, 0.02), 31.0 + luck.gauss(0, 0.02)) for _ in range(n)]


def test_metres() -> None:
    """A minute of latitude is a nautical mile; of longitude less, by the cosine."""
    assert way.metres((121, 31), (121, 31 + 1 / 60)) == pytest.approx(1853, abs=1)
    assert way.metres((121, 60), (121 + 1 / 60, 60)) == pytest.approx(926.6, abs=1)


@pytest.mark.parametrize("seed", range(8))
def test_few_sites_are_visited_by_the_shortest_way(seed: int) -> None:
    """Against every order there is, from the first site on."""
    of = places(7, seed)
    best = min(way.length(of, (0, *p)) for p in permutations(range(1, 7)))
    found = way.shortest(of)
    assert sorted(found) == [*range(7)] and found[0] == 0
    assert way.length(of, found) <= 1.02 * best


def test_many_are_visited_once_and_no_turn_or_move_is_shorter() -> None:
    of = places(60, 3)
    found = way.shortest(of)
    assert sorted(found) == [*range(60)] and found == way.shortest(of)
    nearest = way._nearest_next([[way.metres(a, b) for b in of] for a in of])
    assert way.length(of, found) < 0.9 * way.length(of, nearest)
    for i in range(1, 59):
        for j in range(i + 1, 60):
            turned = found[:i] + found[i : j + 1][::-1] + found[j + 1 :]
            assert way.length(of, turned) > way.length(of, found) - 1e-3


def test_the_list_numbers_the_sites_of_a_town_and_stream(tmp_path: Path) -> None:
    known = load(ROOT / "registry")
    found = [BinForecast(b) for b in known.bins if b.stream == "干垃圾" and b.device]
    at = dict.fromkeys({f.bin.site for f in found}, (121.2, 31.0))
    numbers = collection_list.along(found, known, at)
    assert set(numbers) == {f.bin.bin for f in found} and set(numbers.values()) == {1}
    assert collection_list.along(found, known, {}) == {}
    now = int(dt.datetime(2026, 3, 3, tzinfo=dt.UTC).timestamp())
    made = collection_list.table(found, known, now, bins.tomorrow(now, dt.time(9)), at)
    assert made.columns[-1].title == "顺序" and {row[-1] for row in made.rows} == {1}
