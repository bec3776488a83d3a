"""The store: once however often, complete or known to be not, dated when it can be."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.readings.messages import Birth, Reading
from host.store import Batch, Refused, Row, Store, StoreError, card_ids, seq_intervals

pytestmark = pytest.mark.each_engine

T0 = 1_790_000_000


def reading(seq: int, *, life: str = "aaaaaaaa", boot: int = 0, t: int | None = T0) -> Reading:
    up = None if t is not None else 60 * seq
    when = t + 60 * seq if t is not None else None
    return Reading(life, seq, boot, when, up, {"w1": 1000 * seq}, {})


def batch(*readings: Reading) -> Batch:
    return Batch(readings=[("qy-fs01", "fs-01", r) for r in readings])


def rows(store: Store) -> list[Row]:
    """All that is dated, after what has arrived went into its days."""
    store.compact(T0)
    return list(store.readings("qy-fs01", 0, 1 << 40))


@given(st.lists(st.integers(0, 40), max_size=80))
def test_intervals_are_what_a_set_would_be(seqs: list[int]) -> None:
    held: seq_intervals.Intervals = []
    seen: set[int] = set()
    for seq in seqs:
        assert seq_intervals.add(held, seq) == (seq not in seen)
        seen.add(seq)
    assert {s for lo, hi in held for s in range(lo, hi + 1)} == seen
    assert all(a[1] + 1 < b[0] for a, b in itertools.pairwise(held))
    assert seq_intervals.missing(held) == (max(seen) + 1 - len(seen) if seen else 0)
    whole = next(n for n in range(42) if n not in seen) - 1
    assert seq_intervals.contiguous(held) == (whole if whole >= 0 else None)


def test_a_reading_is_stored_once(store: Store) -> None:
    first = store.add(batch(reading(0), reading(1), reading(1)), T0)
    again = store.add(batch(reading(1), reading(0), reading(3)), T0)
    assert (first.stored, first.duplicates) == (2, 1)
    assert (again.stored, again.duplicates) == (1, 2)
    assert [r.seq for r in rows(store)] == [0, 1, 3]
    assert next(iter(store.status())).missing == 1


def hello(boot: int = 0, first: int = 0) -> Batch:
    """The birth of a board that keeps what is not confirmed."""
    birth = Birth("aaaaaaaa", boot, T0, 100, first, b"{}", confirm=True)
    return Batch(births=[("qy-fs01", "fs-01", birth)])


def test_confirmed_is_what_has_no_gap(store: Store) -> None:
    assert store.add(hello(), T0).confirmed == []
    assert store.add(batch(reading(2)), T0).confirmed == []
    assert store.add(batch(reading(0)), T0).confirmed == [("qy-fs01", "fs-01", "aaaaaaaa", 0)]
    assert store.add(batch(reading(1)), T0).confirmed == [("qy-fs01", "fs-01", "aaaaaaaa", 2)]
    assert store.add(batch(reading(1)), T0).confirmed == []


def test_what_the_board_lost_does_not_hold_back_the_rest(store: Store) -> None:
    assert store.add(batch(reading(5), reading(6)), T0).confirmed == []
    told = store.add(hello(first=5), T0).confirmed
    assert told == [("qy-fs01", "fs-01", "aaaaaaaa", 6)]
    assert store.add(batch(reading(7)), T0).confirmed == [("qy-fs01", "fs-01", "aaaaaaaa", 7)]
    assert next(iter(store.status())).missing == 5


def test_another_life_with_the_same_seqs_is_another_reading(store: Store) -> None:
    store.add(batch(reading(0), reading(1)), T0)
    counts = store.add(batch(reading(0, life="bbbbbbbb"), reading(1, life="bbbbbbbb")), T0)
    assert (counts.stored, counts.duplicates) == (2, 0)


def test_a_failed_batch_leaves_nothing_behind(store: Store) -> None:
    bad = batch(reading(0))
    bad.refused.append(Refused("topic", b"x", None))  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r"(?i)not.null"):
        store.add(bad, T0)
    assert list(store.status()) == []
    assert store.add(batch(reading(0)), T0).stored == 1


def test_undated_readings_wait_for_their_start_to_be_known(store: Store) -> None:
    store.add(batch(reading(0, t=None), reading(1, t=None), reading(2, boot=1, t=None)), T0)
    assert rows(store) == []
    birth = Birth("aaaaaaaa", 0, T0 + 100, 100, 0, b"{}")
    store.add(Batch(births=[("qy-fs01", "fs-01", birth)]), T0)
    assert [(r.seq, r.t) for r in rows(store)] == [(0, T0), (1, T0 + 60)]
    store.add(batch(reading(3, t=None)), T0)  # the start is known already
    assert [r.t for r in rows(store)][-1] == T0 + 180
    assert next(iter(store.status())).undated == 1  # of boot 1: kept, not guessed


def test_quarantine_keeps_the_message_whole(store: Store) -> None:
    noise = bytes(range(256)) * 4000
    store.add(Batch(refused=[Refused("a/b", noise, "not JSON")]), T0)
    _, received, topic, reason, size, start = store.quarantine(5)[0]
    assert (received, topic, reason, size, start) == (T0, "a/b", "not JSON", len(noise), noise[:80])


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such database"):
        Store(tmp_path / "absent.db")
    (tmp_path / "text.db").write_text("hello " * 1000)
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path / "text.db")


def test_a_clock_that_was_ahead_reorders_nothing(store: Store) -> None:
    """Ten readings an hour ahead, then the clock is put right; whatever order they come in."""
    ahead = [reading(i, t=T0 + 3600) for i in range(10)]
    right = [reading(i, t=T0) for i in range(10, 20)]
    for r in [*right[5:], *ahead[3:], *right[:5], *ahead[:3]]:
        store.add(batch(r), T0)
    found = rows(store)
    assert [r.seq for r in found] == list(range(20))
    assert [r.t for r in found] == sorted(r.t for r in found)
    assert max(r.t for r in found) == T0 + 60 * 19


def test_a_clock_put_forward_reorders_nothing(store: Store) -> None:
    for i in range(6):
        store.add(batch(reading(i, t=T0 + (7200 if i >= 3 else 0))), T0)
    assert [r.seq for r in rows(store)] == list(range(6))


def test_a_refused_reading_does_not_hold_back_the_rest(store: Store) -> None:
    bad = Refused(
        "qingyun/1/fs-01/qy-fs01/reading", b"{}", "w1: no", ("qy-fs01", "fs-01", "aaaaaaaa", 1)
    )
    mixed = Batch(batch(reading(0), reading(2)).readings, hello().births, [bad])
    counts = store.add(mixed, T0)
    assert counts.confirmed == [("qy-fs01", "fs-01", "aaaaaaaa", 2)]
    assert (counts.stored, counts.quarantined) == (2, 1)
    assert [r.seq for r in rows(store)] == [0, 2]


def test_ids_of_cards_stand_apart_and_can_go(store: Store) -> None:
    """Once each, however often a reading comes; the reading keeps that there was one."""
    cards = [
        Reading("aaaaaaaa", seq, 0, T0, None, {"k1": id_, "w1": 5}, {})
        for seq, id_ in ((0, 0), (1, 4711), (2, 4711))
    ]
    store.add(batch(*cards), T0)
    store.add(batch(*cards[1:]), T0 + 5)
    assert [r.values for r in rows(store)] == [{"k1": n, "w1": 5} for n in (0, 1, 1)]
    kept = {("aaaaaaaa", seq, "k1"): 4711 for seq in (1, 2)}
    assert card_ids.of_device(store.database, "qy-fs01") == kept
    assert card_ids.of_device(store.database, "qy-fs02") == {}
    assert (store.forget_cards(T0), store.forget_cards(T0 + 1), store.forget_cards(T0 + 1)) == (
        0,
        2,
        0,
    )
    assert card_ids.of_device(store.database, "qy-fs01") == {}
    assert [r.values["k1"] for r in rows(store)] == [0, 1, 1]
