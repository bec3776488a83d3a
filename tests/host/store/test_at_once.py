"""Two processes that put rows in the place of others at once: no row is there twice, and neither
fails (PostgreSQL lets both begin)."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from host.store import Store, forecasts, hazard, reconciled, standings
from host.store.forecasts import ForecastRow

WAITS = "SELECT 1 FROM pg_stat_activity WHERE datname=current_database() AND wait_event_type='Lock'"


def _forecast(store: Store, n: int) -> None:
    unknown = None, None, None, None, None, None, None, None
    forecasts.replace(store, [ForecastRow(f"b{i}", n, n, *unknown, "") for i in range(3)])


def _month(store: Store, n: int) -> None:
    reconciled.replace(store, "2026-03", n, n, {"district": str(n), f"town:{n}": ""})


def _standing(store: Store, n: int) -> None:
    row = standings.StandingRow("b1", n, 0, 0, 0, 0, 0, "", 0, 0.0, str(n))
    standings.replace(store, [(row, b"%d" % n)])
    standings.drop_others(store, {"b1"})


def _mark(store: Store, n: int) -> None:
    hazard.set_mark(store, "stores", n)


@pytest.mark.parametrize("write", [_forecast, _month, _standing, _mark])
@pytest.mark.parametrize("before", [False, True])
def test_the_later_one_waits_and_holds(
    postgres_database: str, write: Callable[[Store, int], None], before: bool
) -> None:
    with (
        closing(Store(postgres_database, create=True)) as one,
        closing(Store(postgres_database)) as two,
        closing(Store(postgres_database)) as looking,
        ThreadPoolExecutor(1) as pool,
    ):
        if before:
            write(one, 1)
        with one.database.transaction():
            write(one, 2)
            later = pool.submit(write, two, 3)
            until = time.monotonic() + 30
            while not looking.database.query(WAITS) and time.monotonic() < until:
                time.sleep(0.01)
            assert not later.done()
        later.result(30)
        assert {r.made for r in forecasts.latest(one)} <= {3}
        found = reconciled.find(one, "2026-03", "district")
        assert found is None or found[2] == "3"
        assert reconciled.find(one, "2026-03", "town:1") is None
        assert {r.head for r in standings.every(one)} <= {"3"}
        assert hazard.mark(one, "stores") in (None, 3)
