"""What the store keeps of calibrations: only ever added to, and exact."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import older
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.readings import births, messages
from host.readings.messages import Birth, Reading, Weighed
from host.store import VERSION, Batch, Store, standings
from host.store.calibrations import Correction, Session, _rounded

T0 = 1_790_000_000
LIFE = "aaaaaaaa"


def birth(since: int, id_: str, zero: int = 84213, scale: float = 21000.0) -> Birth:
    weighed = (Weighed("w1", since, id_, "2026-01-05", zero, scale),)
    return Birth(LIFE, 0, T0 + since, since, 0, b"{}", weighed)


def fill(store: Store, *births: Birth, readings: int = 30) -> None:
    kept = [Reading(LIFE, n, 0, T0 + n, None, {"w1": 1000 * n}, {}) for n in range(readings)]
    batch = Batch([("d", "s", r) for r in kept], [("d", "s", b) for b in births])
    store.add(batch, T0)
    store.compact(T0)


def correction(zero: int, scale: float, id_: str = "b") -> Correction:
    return Correction(T0, "d", "w1", id_, zero, scale, "typed", "li")


def test_a_database_of_the_first_schema_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = older.database(tmp_path / "old.db", monkeypatch)
    store = Store(path)
    fill(store, birth(0, "a"), readings=3)
    assert len(list(store.readings("d", 0, 1 << 40))) == 3
    assert store._db.query("SELECT version FROM schema_version") == [(VERSION,)]
    Store(path).close()  # and once is enough


def test_each_reading_has_its_calibration(store: Store) -> None:
    fill(store, birth(0, "a"), birth(10, "b"), birth(20, "a"), birth(10, "b"), birth(25, "a"))
    kept = [(w.since, w.id) for _, w in store.calibrations.weighed("d", "w1")]
    assert kept == [(0, "a"), (10, "b"), (20, "a")]
    assert store.calibrations.days_of("d", "w1", "b") == [(T0 + 10, T0 + 19)]


def test_the_tables_are_only_ever_added_to(store: Store) -> None:
    fill(store, birth(0, "b"))
    kept = store.calibrations
    kept.add_session(Session(T0, "d", "w1", "b", "li", "mqtt", "saved", 0.05, 150, {"points": []}))
    kept.correct(correction(1, 2))
    store._db.many(
        "INSERT INTO restatement (correction, date, site, stream, deposited_before, "
        "deposited_after, collected_before, collected_after) VALUES (?,?,?,?,?,?,?,?)",
        [(1, "2026-03-03", "s", "湿垃圾", 1, 2, 3, 4)],
    )
    for table in ("weighed", "calibration", "correction", "restatement"):
        for sql in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id + 1"):  # noqa: S608
            with pytest.raises(Exception, match="only ever added to"):
                store._db.query(sql)
    assert len(kept.sessions("d", "w1")) == 1


def test_a_correction_touches_what_it_names_and_a_reversal_undoes_it(store: Store) -> None:
    fill(store, birth(0, "a"), birth(10, "b"), birth(20, "c"))
    kept = store.calibrations
    assert kept.corrector("d", "w1") is None
    kept.correct(correction(84213 - 2100, 16800.0))
    correct = kept.corrector("d", "w1")
    assert correct is not None
    (stream, _), *_ = kept.weighed("d", "w1")
    assert [correct(stream, n, 8000) for n in (9, 10, 19, 20)] == [8000, 10125, 10125, 8000]
    assert correct(stream + 1, 12, 8000) == 8000  # another life, of which nothing is known
    kept.correct(correction(84213, 21000.0))
    undone = kept.corrector("d", "w1")
    assert undone is not None and [undone(stream, n, 8001) for n in (9, 10)] == [8001, 8001]


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**9))
def test_rounding_is_exact(n: int, d: int) -> None:
    assert _rounded(n, d) == round(Fraction(n, d))


def test_a_birth_tells_calibrations_in_full() -> None:
    head = b'{"life":"aaaaaaaa","boot":0,"up":4,"channels":{"w1":{"kind":"weight","unit":"kg",'
    full = b'"calibration":"c","calibrated":"2026-01-05","zero":5,"counts_per_kg":2.5,"since":7}}}'
    (weighed,) = births.birth(head + full, messages.LATEST).weighed
    assert weighed == Weighed("w1", 7, "c", "2026-01-05", 5, 2.5)
    older = births.birth(head + b'"calibration":"c","calibrated":"x"}}}', messages.LATEST)
    assert older.weighed == ()
    for bad in (full.replace(b"2.5", b"0"), full.replace(b'"zero":5', b'"zero":"5"')):
        with pytest.raises(messages.Rejected, match=r"channels\.w1"):
            births.birth(head + bad, messages.LATEST)


@pytest.mark.each_engine
def test_what_boards_told_after_a_time(store: Store) -> None:
    fill(store, birth(0, "k-1"), birth(9, "k-2"))
    assert standings.told_after(store, T0) == {}
    store.calibrations.note(1, [Weighed("w1", 12, "k-1", "2026-01-05", 84213, 21000.0)], T0 + 5)
    store.calibrations.note(1, [Weighed("w1", 15, "k-1", "2026-01-05", 84214, 21000.0)], T0 + 6)
    told = standings.told_after(store, T0)
    assert told == {("d", "w1"): [("k-1", T0 + 5, True), ("k-1", T0 + 6, False)]}
    assert standings.corrected(store, T0) == set()
