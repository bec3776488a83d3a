"""Bytes of a reading where it stands: in SQLite, and in the Parquet file of its day."""

from __future__ import annotations

from pathlib import Path

from bench_host.prefill import copy, remove
from host.store import Store


def measure(folder: Path, filled: Path) -> dict[str, float]:
    """Of the database that was filled, whole, and of its first full day as Parquet."""
    path = copy(filled, folder / "sizes.db")
    store = Store(path)
    counts = store.database.query("SELECT day, sum(n) FROM day GROUP BY day ORDER BY day")
    total = sum(int(n) for _, n in counts)
    # The first day is of part of a day only, so the second where there is one.
    day = counts[min(1, len(counts) - 1)][0]
    store.database.many("DELETE FROM day WHERE day<>?", [(day,)])
    ((_, archived),) = store.archive(day + 1)
    store.close()
    parquet = sum(p.stat().st_size for p in store.archived.iterdir())
    found = {
        "readings": float(total),
        "sqlite": filled.stat().st_size / total,
        "parquet": parquet / archived,
        "archived": float(archived),
    }
    remove(path)
    return found
