"""First in, first out: what is left, since when, and where it came from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from host.hazard.entry import STORED, TAKEN, Entry, Weighed
from host.hazard.stock import Lot, Shelf


def shelf(dust: int = 100) -> Shelf:
    return Shelf("c", "s", "900-214-08", "2021", dust, 0)


def entry(table: str, t: int, grams: int, gross: tuple[int, int] | None = None) -> Entry:
    weighed = Weighed("d", "w1", "l", t, t, gross[0], t + 1, t + 1, gross[1]) if gross else None
    return Entry(
        table=table, batch=f"b{t}", t=t, recorded=t, by="x", institution="i", store="s",
        container="c", edition="2021", code="900-214-08", grams=grams, values={}, origin={},
        weighed=weighed,
    )  # fmt: skip


def test_the_oldest_goes_first() -> None:
    s = shelf()
    for t, grams in ((1, 10_000), (2, 20_000), (3, 5_000)):
        s.put(entry(STORED, t, grams))
    assert (s.grams, s.oldest) == (35_000, 1)
    assert s.take(entry(TAKEN, 4, 10_000)) == ["b1"]
    assert (s.grams, s.oldest) == (25_000, 2)
    assert s.take(entry(TAKEN, 5, 22_000)) == ["b2", "b3"]
    assert (s.grams, s.oldest, list(s.lots)) == (3_000, 3, [Lot(3, "b3", 3_000)])


def test_what_a_scale_cannot_tell_does_not_grow_old() -> None:
    s = shelf()
    s.put(entry(STORED, 1, 10_000))
    s.put(entry(STORED, 2, 10_000))
    s.take(entry(TAKEN, 3, 9_920))  # 80 g short: not the tenth of a kilogram of yesterday
    assert (s.grams, s.oldest) == (10_080, 2)


def test_a_platform_that_is_weighed_empty_has_nothing_left() -> None:
    s = shelf()
    s.put(entry(STORED, 1, 10_000, (0, 10_000)))
    s.put(entry(STORED, 2, 10_000, (10_030, 20_030)))
    s.take(entry(TAKEN, 3, 19_960, (20_010, 50)))
    assert (s.grams, s.oldest, s.over_g) == (0, None, -40)
    assert s.unexplained(50) == -10  # 30 g came, 20 g went between the steps


def test_more_goes_out_than_ever_came_in() -> None:
    s = shelf()
    s.put(entry(STORED, 1, 10_000))
    assert s.take(entry(TAKEN, 2, 12_000)) == ["b1"]
    assert (s.grams, s.over_g, s.oldest) == (0, 2_000, None)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 50_000)), max_size=30))
def test_nothing_gets_lost(steps: list[tuple[bool, int]]) -> None:
    s = shelf()
    for t, (comes, grams) in enumerate(steps):
        if comes:
            s.put(entry(STORED, t, grams))
        else:
            s.take(entry(TAKEN, t, grams))
    balance = sum(g if comes else -g for comes, g in steps)
    assert s.grams - s.over_g == balance
    assert s.over_g >= 0 and all(lot.grams > 0 for lot in s.lots)
    assert [lot.t for lot in s.lots] == sorted(lot.t for lot in s.lots)
