"""One board can make the store grow by so much a day; what goes over is counted, kept back and
never confirmed. A board that is in order never comes near."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sim_board import ROOT

from host import registry
from host.readings.messages import Birth, Reading, reading, wire
from host.service.inbox import Inbox
from host.store import Batch, Counts, Store, crowded, days, growth, neighbours

T0, DAY_S = 1_790_006_400, 86_400
BOARD = ("qy-fs01", "fs-01")
OTHER = ("qy-jt01", "jt-01")
LIFE = "9c4e01ab"


def one(seq: int, life: str = LIFE, t: int | None = None, **more: Any) -> Reading:
    up = 5 if t == 0 else None
    return Reading(life, seq, 0, None if up else t or T0 + seq, up, {"w1": seq}, {}, **more)


def add(store: Store, *readings: Reading, now: int = T0, board: tuple[str, str] = BOARD) -> Counts:
    return store.add(Batch(readings=[(*board, r) for r in readings]), now)


def birth(life: str = LIFE, boot: int = 0, **more: Any) -> Birth:
    said: dict[str, Any] = {"t": T0, "up": 5, "first": 0, "body": b"{}"}
    return Birth(life, boot, **said | more)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Limits that a test reaches at once."""
    limits = {growth.BIRTHS: 2000, growth.LIVES: 3, growth.GAPS: 4, growth.READINGS: 2000}
    limits[growth.DAYS] = 5
    for what, n in limits.items():
        monkeypatch.setitem(growth.MOST, what, n)
    return limits


@pytest.mark.each_engine
def test_gaps(store: Store, few: dict[str, int]) -> None:
    """What follows on is stored still; what makes a gap more is kept back until tomorrow."""
    store.add(Batch(births=[(*BOARD, birth(confirm=True))]), T0)
    odd = [one(2 * n) for n in range(10)]
    counts = add(store, *odd)
    assert (counts.stored, counts.quarantined, counts.duplicates) == (5, 5, 0)
    assert counts.confirmed == [(*BOARD, LIFE, 0)]
    assert add(store, one(9), one(1)).stored == 2  # beside one that is there
    assert add(store, *odd[:5]).duplicates == 5
    assert add(store, *odd, board=OTHER).stored == 5
    assert store.over_limits() == {"qy-fs01": {"gaps": 5}, "qy-jt01": {"gaps": 5}}
    # The board still has them: it was told of nothing beyond.
    again = add(store, *odd, now=T0 + DAY_S)
    assert (again.stored, again.duplicates, again.quarantined) == (5, 5, 0)
    assert store.over_limits()["qy-fs01"] == {"gaps": 5}


@pytest.mark.each_engine
def test_gaps_that_close_make_room(store: Store, few: dict[str, int]) -> None:
    """As a backlog does, of which some readings came before their turn."""
    for n in range(0, 100, 10):
        assert add(store, one(n + 9), *(one(n + i) for i in range(9))).stored == 10
    assert store.over_limits() == {}


def test_gaps_of_all_days(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "GAPS_OF_LIFE", 6)
    assert [add(store, one(5 * n)).stored for n in range(8)] == [1] * 6 + [0] * 2
    assert add(store, one(26)).stored == 1


@pytest.mark.each_engine
def test_lives(store: Store, few: dict[str, int]) -> None:
    lives = [f"{n:08x}" for n in range(6)]
    counts = add(store, *(one(0, life) for life in lives))
    assert (counts.stored, counts.quarantined) == (3, 3)
    store.add(Batch(births=[(*BOARD, birth(lives[5]))]), T0)
    assert store.over_limits() == {"qy-fs01": {"lives": 4}}
    assert len(list(store.status())) == 3
    assert add(store, one(1, lives[0]), one(1, lives[5])).stored == 1
    assert add(store, *(one(0, life) for life in lives), now=T0 + DAY_S).stored == 3


@pytest.mark.each_engine
def test_births(store: Store, few: dict[str, int]) -> None:
    """From where on the board has readings, and whether it waits, is taken all the same."""
    for boot in range(5):
        store.add(Batch(births=[(*BOARD, birth(boot=boot, body=b"x" * 400))]), T0)
    assert store.database.query("SELECT count(*) FROM birth") == [(3,)]
    assert store.over_limits() == {"qy-fs01": {"births": 2}}
    store.add(Batch(births=[(*BOARD, birth(boot=9, first=7, confirm=True))]), T0)
    assert add(store, one(7)).confirmed == [(*BOARD, LIFE, 7)]


@pytest.mark.each_engine
def test_readings(store: Store, few: dict[str, int], database: Path | str) -> None:
    """A restart does not forget what has come."""
    most = 0
    for n in range(200):
        most += add(store, one(n)).stored
    assert 50 < most < 199
    assert store.full == {"qy-fs01"}
    assert add(store, one(0)).duplicates == 1
    assert store.over_limits() == {"qy-fs01": {"readings": 200 - most}}
    with closing(Store(database)) as other:
        assert add(other, one(500)).stored == 0
        assert add(other, one(500), board=OTHER).stored == 1
        assert add(other, one(500), now=T0 + DAY_S).stored == 1


@pytest.mark.each_engine
def test_past_days(store: Store, few: dict[str, int]) -> None:
    past = [one(n, t=T0 - n * DAY_S) for n in range(12)]
    counts = add(store, *past)
    assert (counts.stored, counts.quarantined) == (7, 5)  # today and yesterday are free
    assert add(store, *past[:7], one(90, t=T0 - 3 * DAY_S), one(91, t=0)).stored == 2
    assert store.over_limits() == {"qy-fs01": {"days": 5}}


@pytest.mark.each_engine
def test_a_person_may_take_it_back(store: Store, few: dict[str, int]) -> None:
    add(store, *(one(2 * n) for n in range(9)))
    for kept in list(store.kept()):
        back = reading(json.loads(kept.payload), T0 + DAY_S)
        assert store.take_back(kept.id, Batch(readings=[(*BOARD, back)]), T0).stored == 1
    assert (store.quarantined(), store.over_limits()) == (0, {"qy-fs01": {"gaps": 4}})


@pytest.mark.each_engine
def test_what_a_failed_batch_used_is_free_again(
    store: Store, few: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("host.store.writing.quarantine.put", lambda *_: 1 / 0)
        for _ in range(9):
            with pytest.raises(ZeroDivisionError):
                add(store, one(0, "00000001"), one(2))
    assert add(store, one(0, "00000001"), one(2), one(4)).stored == 3
    assert store.over_limits() == {}


def test_what_goes_far_over_is_not_read(
    store: Store, few: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would cost others time; of births only the start is read when no more are kept."""
    monkeypatch.setattr(growth, "BEYOND", 5)
    box = Inbox(registry.load(ROOT / "registry"), DAY_S)

    def say(topic: str, payload: bytes, now: int = T0) -> Batch:
        came = [(f"qingyun/1/fs-01/qy-fs01/{topic}".encode(), payload)]
        return box.batch(came, now, full=store.full, brief=store.brief)

    full_birth = b'{"life":"9c4e01ab","boot":1,"t":5,"up":5,"first":4,"confirm":"host"}'
    assert say("birth", full_birth).births == []  # t is before 2015
    for boot in range(9):
        store.add(Batch(births=[(*BOARD, birth(boot=boot, body=b"x" * 400))]), T0)
    assert store.brief == {"qy-fs01"}
    ((_, _, read),) = say("birth", full_birth).births
    assert (read.life, read.boot, read.first, read.confirm, read.t) == (LIFE, 1, 4, True, None)
    for wrong in (b"[]", b'{"life":"x","boot":1,"up":5}', b'{"life":"9c4e01ab","up":1}', b"\xff"):
        assert say("birth", wrong).births == []
    assert store.full == set()
    add(store, *(one(2 * n) for n in range(10)))
    assert store.full == {"qy-fs01"}
    for topic in ("reading", "birth"):
        (refused,) = say(topic, b"not even JSON").refused
        assert (refused.reason, refused.reading) == (growth.TOO_MUCH, None)
    add(store, one(3), now=T0 + DAY_S)
    assert (store.full, store.brief) == (set(), set())


@given(
    st.builds(
        Reading,
        *(st.just(LIFE), st.integers(0, 1 << 31), st.integers(0, 9)),
        *(st.just(T0), st.none()),
        st.dictionaries(st.sampled_from(("w1", "w09")), st.integers(-(10**7), 10**7), min_size=1)
        | st.dictionaries(st.just("c1"), st.integers(-6000, 10_000), min_size=1)
        | st.dictionaries(st.just("f1"), st.integers(0, 1050), min_size=1),
        st.dictionaries(st.just("w2"), st.just("moving")),
    )
)
def test_what_is_kept_back_is_what_came(r: Reading) -> None:
    assert reading(json.loads(wire(LIFE, r)), T0) == r


def test_a_board_in_order_is_never_near(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A year of queued readings at one in a quarter of an hour, sent in a day by a board that
    restarts 200 times meanwhile, each time with a birth, a gap, and the newest reading before
    its turn."""
    monkeypatch.setattr(growth, "FROM", 0.0)
    year = [one(n + n // 175, t=T0 - 900 * (35_040 - n)) for n in range(35_040)]
    for n in range(0, len(year), 175):
        said = birth(boot=n, body=b"x" * 3000, confirm=True, first=year[n].seq)
        readings = [year[min(n + 2000, len(year) - 1)], *year[n : n + 175]]
        store.add(Batch([(*BOARD, r) for r in readings], [(*BOARD, said)]), T0)
    assert sum(s.readings for s in store.status()) == 0  # none is in its day yet
    assert store.over_limits() == {}
    used = dict(store.database.query("SELECT what, used FROM growth"))
    shares = {what: used[what] / growth.MOST[what] for what in used}
    assert all(share < 0.5 for share in shares.values()), shares
    assert used["readings"] < growth.MOST["readings"] / 15  # with one a minute it is that
    assert used["days"] == 364
    for n in range(200):  # without a flash each start has a life of its own
        assert add(store, one(0, f"{n:08x}")).stored == 1
    assert store.over_limits() == {}


# Transactions


@contextmanager
def asked(store: Store) -> Iterator[list[str]]:
    """What a store asks its database."""
    sql: list[str] = []
    query = store.database.query

    def noted(text: str, args: Any = ()) -> list[Any]:
        sql.append(text)
        return query(text, args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store.database, "query", noted)
        yield sql


def test_readings_of_many_days_go_there_in_steps(store: Store) -> None:
    """Each transaction takes so many days of a stream, and its work grows with their number
    and not with its square."""
    n = 750
    for turn in range(2):
        add(store, *(one(turn * n + i, t=T0 - DAY_S * i - turn) for i in range(n)))
        steps = []
        while True:
            with asked(store) as sql:
                moved = store.compact(T0, steps=1)
            if not moved:
                break
            steps.append((moved, len(sql)))
        assert [moved for moved, _ in steps] == [300, 300, 150]
        assert all(queries < 2 * n for _, queries in steps), steps
    found = [(r.t, r.seq) for r in store.readings("qy-fs01", 0, 1 << 40)]
    assert len(found) == 2 * n
    # All of one start: none is later than the last.
    assert {t for t, _ in found} == {T0 - DAY_S * (n - 1) - 1}


def test_what_there_is_no_time_for_waits(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "_SECONDS", -1.0)
    for n in range(4):
        add(store, *(one(i, f"{n:08x}") for i in range(50)))
    assert [store.compact(T0, steps=1) for _ in range(5)] == [50, 50, 50, 50, 0]
    assert len(list(store.readings("qy-fs01", 0, 1 << 40))) == 200


@pytest.mark.each_engine
def test_a_day_has_so_many_readings(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowded, "MOST", 20)
    monkeypatch.setattr(crowded, "MOST_UNDATED", 10)
    for at in range(0, 60, 15):
        add(store, *(one(n) for n in range(at, at + 15)))
        add(store, *(one(n, "00000001", t=0) for n in range(at, at + 15)))
        store.compact(T0)
    assert [r.seq for r in store.readings("qy-fs01", 0, 1 << 40)] == list(range(20))
    assert sum(s.undated for s in store.status()) == 10
    assert store.over_limits() == {"qy-fs01": {"crowded": 90}}
    assert store.quarantined() == 90
    monkeypatch.setattr(crowded, "MOST", 21)
    kept = next(iter(store.kept()))
    back = reading(json.loads(kept.payload), T0 + DAY_S)
    assert store.take_back(kept.id, Batch(readings=[(*BOARD, back)]), T0).stored == 1


spans = st.tuples(st.integers(0, 40), st.integers(0, 6)).map(lambda x: (x[0], x[0] + x[1]))


@given(
    st.dictionaries(st.integers(0, 30), spans, max_size=30),
    st.dictionaries(st.integers(0, 30), spans, min_size=1, max_size=12),
)
def test_neighbours_of_many_days_are_those_of_each(
    there: dict[int, tuple[int, int]], moved: dict[int, tuple[int, int]]
) -> None:
    rows = [(day, lo, hi) for day, (lo, hi) in there.items()]
    expected = set()
    for day, (lowest, highest) in moved.items():
        expected |= {
            d for d, lo, hi in rows
            if d == day or (d > day and lo < highest) or (lo <= highest and hi >= lowest)
        }  # fmt: skip
        if after := sorted((lo, d) for d, lo, _ in rows if lo > highest):
            expected.add(after[0][1])
    found = neighbours._of_many(rows, moved)
    # Of two days that begin with the same seq either may be the next.
    los = {lo for _, lo, _ in rows}
    assert found == expected or len(los) < len(rows)
    assert found >= {d for d in expected if d in moved}


@pytest.mark.each_engine
def test_a_board_has_so_many_readings_of_a_day(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the lives of a board together; what is too many is counted, and some of it kept."""
    for name, value in (("MOST", 50), ("MOST_UNDATED", 5), ("_MANY", 10), ("_KEPT", 3)):
        monkeypatch.setattr(crowded, name, value)
    add(store, *(one(n) for n in range(40)))
    add(
        store,
        *(one(n, "00000001") for n in range(40)),
        *(one(n, "00000002", t=0) for n in range(20)),
    )
    add(store, *(one(n) for n in range(40)), board=OTHER)
    store.compact(T0)
    assert len(list(store.readings("qy-fs01", 0, 1 << 40))) == 50
    assert len(list(store.readings("qy-jt01", 0, 1 << 40))) == 40
    assert sum(s.undated for s in store.status()) == 5
    assert store.over_limits() == {"qy-fs01": {"crowded": 45}}
    assert (store.quarantined(), store.refused_over()) == (6, {"qy-fs01": 39})
    add(store, *(one(n) for n in range(40, 60)))
    store.compact(T0)
    assert len(list(store.readings("qy-fs01", 0, 1 << 40))) == 50
    assert store.over_limits() == {"qy-fs01": {"crowded": 65}}
