"""Archived days: nothing lost when killed in the middle, and the same to whoever reads."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from host.common.local_days import local_day
from host.readings.messages import Reading
from host.store import Batch, Refused, Row, Store, StoreError

T0 = 1_790_000_000
DAY = local_day(T0)
EVER = (0, 1 << 40)


def fill(store: Store, n: int = 3000) -> None:
    """Two boards, eleven days of a reading every five minutes, some with faults."""
    for device in ("a", "b"):
        came = [
            Reading(
                *("9c4e01aa", i, i // 700, T0 + 300 * i, None),
                {"w1": 80_000 + 37 * i % 5000, "c1": 1700} if i % 50 else {},
                {"w1": "moving"} if i % 50 == 0 or i % 7 == 0 else {},
            )
            for i in range(n)
        ]
        store.add(Batch(readings=[(device, "s", r) for r in came]), T0)
    store.compact(T0)


def content(store: Store) -> dict[str, list[Row]]:
    return {device: list(store.readings(device, *EVER)) for device in ("a", "b")}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = Store(tmp_path / "q.db", create=True)
    fill(opened)
    return opened


def test_what_is_archived_reads_the_same(store: Store) -> None:
    before = content(store)
    status = [(s.readings, s.missing) for s in store.status()]
    moved = dict(store.archive(DAY + 8))
    assert sorted(moved) == list(range(DAY, DAY + 8))
    assert content(store) == before
    assert [(s.readings, s.missing) for s in store.status()] == status
    part = list(store.readings("b", T0 + 86_400, T0 + 2 * 86_400))
    assert part == [r for r in before["b"] if T0 + 86_400 <= r.t < T0 + 2 * 86_400]
    assert dict(store.archive(DAY + 8)) == {}


def test_a_late_reading_of_an_archived_day_is_there_too(store: Store) -> None:
    list(store.archive(DAY + 8))
    late = Reading("9c4e01aa", 9000, 1, T0 + 10, None, {"w1": 5}, {})
    assert store.add(Batch(readings=[("a", "s", late)]), T0).stored == 1
    assert store.add(Batch(readings=[("a", "s", late)]), T0).stored == 0
    store.compact(T0)
    found = list(store.readings("a", T0, T0 + 301))
    assert [r.seq for r in found] == [0, 9000, 1]


@pytest.mark.parametrize("step", ["_write", "replace", "transaction", "end"])
def test_killed_at_any_step(store: Store, tmp_path: Path, step: str) -> None:
    before = content(store)
    store.close()
    code = f"""
import os, signal, sys
from pathlib import Path
from host.store import Store, archive
store = Store(Path(sys.argv[1]))
die = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
step = {step!r}
if step == "_write":
    archive.pq.write_table = die
elif step == "replace":
    Path.replace = die
elif step == "transaction":
    store._db.transaction = die
for day, n in store.archive({DAY + 8}):
    die()
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "q.db")])
    assert done.returncode == -9
    again = Store(tmp_path / "q.db")
    assert content(again) == before
    list(again.archive(DAY + 8))
    assert content(again) == before
    assert {p.suffix for p in again.archived.iterdir()} == {".parquet"}


def test_a_file_that_is_gone_is_named(store: Store) -> None:
    list(store.archive(DAY + 8))
    (store.archived / f"day={DAY + 2}.parquet").unlink()
    with pytest.raises(StoreError, match=f"day={DAY + 2}.parquet: an archived day is not"):
        content(store)


def test_bytes_of_a_reading(tmp_path: Path, figure: object) -> None:
    store = Store(tmp_path / "big.db", create=True)
    rng = random.Random(5)  # noqa: S311
    for k in range(20):
        came = [
            Reading(
                *("9c4e01aa", i, 3, T0 + 300 * i, None),
                {f"w{w}": 20_000 * w + round(rng.gauss(0, 8)) for w in range(1, 5)},
                {},
            )
            for i in range(3000)
        ]
        store.add(Batch(readings=[(f"d{k}", "s", r) for r in came]), T0)
    store.compact(T0)
    store._db.query("VACUUM")
    store._db.query("PRAGMA wal_checkpoint(TRUNCATE)")
    sqlite = (tmp_path / "big.db").stat().st_size / 60_000
    list(store.archive(DAY + 30))
    parquet = sum(p.stat().st_size for p in store.archived.iterdir()) / 60_000
    figure(  # type: ignore[operator]
        f"60,000 readings of four platforms with noise: {sqlite:.1f} bytes each in SQLite days, "
        f"{parquet:.1f} in Parquet"
    )
    assert sqlite <= 60
    assert parquet <= 12


def test_a_refused_reading_of_an_archived_day_is_taken_back(store: Store) -> None:
    """What was counted as taken when it was refused is stored; what is in a file is not again."""
    late = Reading("9c4e01aa", 3000, 5, T0 + 5, None, {"w1": 7}, {})
    name = ("a", "s", late.life, late.seq)
    refused = [Refused("qingyun/1/s/a/reading", b"", "no reason", name)]
    store.add(Batch(refused=[*refused, *refused]), T0)
    store.compact(T0)
    list(store.archive(DAY + 8))
    before = content(store)
    one, two = store.kept()
    there = Reading("9c4e01aa", 4, 0, T0 + 1200, None, {"w1": 80_148, "c1": 1700}, {})
    both = Batch(readings=[("a", "s", late), ("a", "s", there)])
    assert store.take_back(one.id, both, T0).stored == 1
    assert store.take_back(two.id, both, T0).stored == 0
    store.compact(T0)
    after = content(store)
    assert after["b"] == before["b"]
    assert sorted(r.seq for r in after["a"]) == sorted([*(r.seq for r in before["a"]), 3000])
