"""Days of readings: the same whatever order they come in and wherever it is cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host.readings.messages import Birth, Reading
from host.store import Batch, Store, chunk

LIFE = "aaaaaaaa"
T0 = 1_790_000_000

# A start of a board: when it began, how far its clock was off until a reading, dated at all.
starts = st.lists(
    st.tuples(
        st.integers(0, 3 * 86_400),
        st.sampled_from([0, 0, 0, -7200, 3600, 100_000]),
        st.integers(0, 12),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


def readings_of(boots: list[tuple[int, int, int, bool]]) -> list[Reading]:
    """Readings of a life as a board would have sent them; one every ten minutes."""
    out: list[Reading] = []
    t = T0
    for boot, (pause, wrong, until, dated) in enumerate(boots):
        t += pause
        for i in range(15):
            off = wrong if i < until else 0
            given, up = (t + 600 * i + off, None) if dated else (None, 600 * i)
            out.append(Reading(LIFE, len(out), boot, given, up, {"w1": 7 * len(out)}, {}))
        t += 600 * 15
    return out


def expected(readings: list[Reading], epochs: dict[int, int]) -> list[tuple[int, int]]:
    """(t, seq) by the rule alone, over everything at once."""
    found = []
    for r in readings:
        later = [x for x in readings if x.boot == r.boot and x.seq >= r.seq]
        times = [
            x.t if x.t is not None else epochs[x.boot] + (x.up or 0)
            for x in later
            if x.t is not None or x.boot in epochs
        ]
        own = r.t is not None or r.boot in epochs
        if own:
            found.append((min(times), r.boot, r.seq))
    return [(t, seq) for t, _, seq in sorted(found)]


@settings(max_examples=40, deadline=None)
@given(boots=starts, data=st.data())
def test_any_order_any_batches_any_compaction(
    tmp_path_factory: object, boots: list[tuple[int, int, int, bool]], data: st.DataObject
) -> None:
    folder: Path = tmp_path_factory.mktemp("days")  # type: ignore[attr-defined]
    store = Store(folder / "q.db", create=True)
    made = readings_of(boots)
    t, epochs = T0, {}
    births = []
    for boot, (pause, _, _, dated) in enumerate(boots):
        t += pause
        if not dated and data.draw(st.booleans()):
            epochs[boot] = t
            births.append(Birth(LIFE, boot, t + 60, 60, 0, b"{}"))
        t += 600 * 15
    steps: list[Reading | Birth | None] = [*made, *made[::3], *births, *[None] * 6]
    now = T0 + 30_000_000  # long after every reading
    for step in data.draw(st.permutations(steps)):
        now += 1
        if step is None:
            store.compact(now)
        elif isinstance(step, Reading):
            store.add(Batch(readings=[("d", "s", step)]), now)
        else:
            store.add(Batch(births=[("d", "s", step)]), now)
    store.compact(now + 1)
    rows = list(store.readings("d", 0, 1 << 40))
    assert [(r.t, r.seq) for r in rows] == expected(made, epochs)
    assert {r.seq: r.values for r in rows} == {
        r.seq: r.values for r in made if r.t is not None or r.boot in epochs
    }
    (status,) = store.status()
    assert status.readings == len(made)
    assert status.undated == len(made) - len(rows)
    store.close()


@given(
    st.lists(
        st.tuples(
            st.integers(0, 1 << 31),
            st.none() | st.integers(1_700_000_000, 1_800_000_000),
            st.dictionaries(st.sampled_from(["w1", "w2", "f1"]), st.integers(-(10**7), 10**7)),
            st.dictionaries(st.sampled_from(["w1", "f9"]), st.sampled_from(["moving", "frozen"])),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_a_chunk_gives_back_what_went_in(
    rows: list[tuple[int, int | None, dict[str, int], dict[str, str]]],
) -> None:
    readings = [
        Reading(LIFE, seq, 3, t, None if t is not None else 5, values, q)
        for seq, t, values, q in rows
    ]
    back = chunk.arrivals(chunk.of_arrivals(readings))
    assert [(r.seq, r.boot, r.t, r.up, r.values, r.q) for r in back] == [
        (r.seq, r.boot, r.t, r.up, r.values, r.q) for r in readings
    ]
    for r in back:
        r.at = r.t
    assert chunk.day(chunk.of_day(back)) == back
    for r in back:
        r.at = 1_750_000_000
    assert chunk.day(chunk.of_day(back)) == back


def test_what_is_dated_late_joins_the_day_that_stands(tmp_path: Path) -> None:
    """Undated readings become ones of a day that has been filled by others since, and that
    what comes with them does not reach back to."""
    store = Store(tmp_path / "q.db", create=True)

    def bring(now: int, *readings: Reading, births: tuple[Birth, ...] = ()) -> None:
        named = [("d", "s", r) for r in readings]
        store.add(Batch(readings=named, births=[("d", "s", b) for b in births]), now)
        store.compact(now)

    early = [Reading(LIFE, n, 0, None, 60 * n, {"w1": n}, {}) for n in range(3)]
    bring(T0, *early)
    bring(T0 + 1, *(Reading(LIFE, n, 1, T0 + 60 * n, None, {"w1": n}, {}) for n in range(3, 6)))
    later = Reading(LIFE, 6, 2, T0 + 5 * 86_400, None, {"w1": 6}, {})
    bring(T0 + 2, later, births=(Birth(LIFE, 0, T0 + 30, 30, 0, b"{}"),))
    assert [r.seq for r in store.readings("d", 0, 1 << 40)] == list(range(7))
    store.close()


def test_what_comes_late_reads_the_days_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many days there are after it."""
    store = Store(tmp_path / "q.db", create=True)
    of_days = [
        [
            Reading(LIFE, 24 * d + h, 0, T0 + 86_400 * d + 3600 * h, None, {"w1": h}, {})
            for h in range(24)
        ]
        for d in range(60)
    ]
    late = of_days[10][5:9]
    known = [r for day in of_days for r in day if r not in late]
    store.add(Batch(readings=[("d", "s", r) for r in known]), T0)
    while store.compact(T0):
        pass
    read: list[bytes] = []
    decode = chunk.day

    def counted(raw: bytes) -> list[chunk.Stored]:
        read.append(raw)
        return decode(raw)

    monkeypatch.setattr(chunk, "day", counted)
    store.add(Batch(readings=[("d", "s", r) for r in late]), T0 + 1)
    store.compact(T0 + 1)
    assert 1 <= len(read) <= 3
    monkeypatch.undo()
    assert [r.seq for r in store.readings("d", 0, 1 << 40)] == list(range(24 * 60))
    store.close()
